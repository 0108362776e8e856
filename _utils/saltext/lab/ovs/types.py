"""Kinds of values in OVSDB, and what all its rows have in common as a wish."""

from collections.abc import Mapping
from typing import Annotated, Any, get_origin

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from saltext.lab.schema import Model

MARK = "saltext-lab"  #: key in external_ids of a bridge, QoS or queue: this suite made it or has taken it over


def absent_if(*defaults):
    """A field at Open vSwitch's own default is absent: then null and the default mean the same."""
    return AfterValidator(lambda value: None if value in defaults else value)


def _as_text(value):
    """YAML has ``csum: true`` and ``key: 5`` where OVSDB has text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _as_set(items):
    return sorted(set(items or ())) or None


def _without_mark(value):
    if MARK in value:
        raise ValueError(f"{MARK} is our mark; it is set by making or adopting the bridge")
    return value


ORDER_FREE = AfterValidator(_as_set)

Vlan = Annotated[int, Field(ge=1, le=4094)]
Vlans = Annotated[list[Vlan] | None, ORDER_FREE]
Flag = Annotated[bool | None, absent_if(False)]
Amount = Annotated[int | None, absent_if(0)]
Text = Annotated[str, BeforeValidator(_as_text)]
Texts = dict[Text, Text | None]
Notes = Annotated[Texts, AfterValidator(_without_mark)]
BridgeName = Annotated[str, StringConstraints(pattern=r"^[^/\s]{1,15}$")]  # a Linux interface of that name is made
PortName = Annotated[str, StringConstraints(pattern=r"^[^/\s]+$")]
PortNames = Annotated[list[PortName] | None, ORDER_FREE]
QueueNumber = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,9})$"), BeforeValidator(_as_text)]
ControllerTarget = Annotated[str, StringConstraints(pattern=r"^p?(tcp|ssl|unix):\S+$")]
Collector = Annotated[str, StringConstraints(pattern=r"^\S+:[0-9]+$")]
Collectors = Annotated[list[Collector], Field(min_length=1), ORDER_FREE]
Mac = Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$", to_lower=True)]
Uint32 = Annotated[int, Field(ge=0, le=4294967295)]


class Row(Model):
    """
    A row of OVSDB.

    A mapping cannot be null: that would take away keys of others, such as the ``iface-id``
    of libvirt.  Null one key instead.
    """

    @model_validator(mode="before")
    @classmethod
    def _empty_is_no_wish(cls, data: Any) -> Any:
        """An empty mapping by name asks for nothing; OVSDB does not tell it from none."""
        if not isinstance(data, Mapping) or {} not in data.values():
            return data
        return {key: value for key, value in data.items() if value != {} or not cls._is_by_name(key)}

    @classmethod
    def _is_by_name(cls, key):
        return key in cls.model_fields and get_origin(cls.model_fields[key].annotation) is dict
