"""
What a bridge and its ports may be; see ovs-vswitchd.conf.db(5).

A field that is at Open vSwitch's own default is absent, here and in what ``db.read``
returns, so null and the default mean the same.  A mapping cannot be null: that would
take away keys of others, such as the ``iface-id`` of libvirt.  Null one key instead.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from saltext.lab.schema import Model, field

MARK = "saltext-lab"  #: key in Bridge.external_ids: this suite made the bridge or has taken it over


def _absent_if(*defaults):
    return AfterValidator(lambda value: None if value in defaults else value)


def _as_text(value):
    """YAML has ``csum: true`` and ``key: 5`` where OVSDB has text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _without_mark(value):
    if MARK in value:
        raise ValueError(f"{MARK} is our mark; it is set by making or adopting the bridge")
    return value


Vlan = Annotated[int, Field(ge=1, le=4094)]
Text = Annotated[str, BeforeValidator(_as_text)]
Texts = dict[Text, Text | None]
BridgeName = Annotated[str, StringConstraints(pattern=r"^[^/\s]{1,15}$")]  # a Linux interface of that name is made
PortName = Annotated[str, StringConstraints(pattern=r"^[^/\s]+$")]
PortType = Literal["internal", "vxlan", "geneve", "gre", "patch", "system", ""]


class Local(Model):
    """The port that a bridge has by itself, on which the host's own address sits."""

    tag: Vlan | None = field("VLAN of an access port", example=10)
    trunks: Annotated[list[Vlan] | None, AfterValidator(lambda vlans: sorted(set(vlans or ())) or None)] = field(
        "VLANs that a trunk port lets through; all of them when absent", example=[10, 20]
    )
    protected: Annotated[bool | None, _absent_if(False)] = field("no traffic to other protected ports", example=True)
    mtu: int | None = field("MTU to ask for", unit="bytes", example=1600, ge=68, le=65535)
    external_ids: Texts = field("notes for others, kept at the interface", example={"owner": "lab"}, default={})
    error: None = field("why ovs-vswitchd cannot open it: read only, always wished to be null", example=None)

    @model_validator(mode="before")
    @classmethod
    def _must_work(cls, data: Any) -> Any:
        """A wish for a port is a wish that it works: one with an error is never as wished."""
        return {"error": None, **data} if isinstance(data, Mapping) else data


class Port(Local):
    """A port that is plugged into a bridge."""

    type: Annotated[PortType | None, _absent_if("", "system")] = field(
        "what it is; absent is a network device that the system has", example="vxlan"
    )
    options: Texts = field("options of its type", example={"remote_ip": "10.0.0.2", "key": "5"}, default={})


class Bridge(Model):
    """A virtual switch."""

    adopt: bool = field("take over a bridge that somebody else made; false is as if not stated", example=True)
    datapath_type: Annotated[Literal["system", "netdev", ""] | None, _absent_if("", "system")] = field(
        "who moves the packets: the kernel (system) or ovs-vswitchd (netdev)", example="netdev"
    )
    fail_mode: Literal["secure", "standalone"] | None = field("what to do without a controller", example="secure")
    local: Local = field("its own port, of its own name", example={"mtu": 1600}, default=None)
    ports: dict[PortName, Port | None] = field(
        "its other ports by name; null removes one, one not named is left alone",
        example={"vm0": {"tag": 10}, "old0": None},
        default={},
    )
    other_config: Texts = field("settings by name", example={"mac-table-size": "4096"}, default={})
    external_ids: Annotated[Texts, AfterValidator(_without_mark)] = field(
        "notes for others", example={"owner": "lab"}, default={}
    )

    @model_validator(mode="before")
    @classmethod
    def _not_adopting_is_no_wish(cls, data: Any) -> Any:
        """A bridge that this suite makes is its own whether or not the wish says that it takes none over."""
        stated = isinstance(data, Mapping) and data.get("adopt") is False
        return {key: value for key, value in data.items() if key != "adopt"} if stated else data


def _own_port_is_local(bridges):
    for name, bridge in bridges.items():
        if bridge and name in bridge.ports:
            raise ValueError(f"{name}:ports:{name} is the bridge's own port; state it as {name}:local")
    return bridges


Bridges = Annotated[dict[BridgeName, Bridge | None], AfterValidator(_own_port_is_local)]
