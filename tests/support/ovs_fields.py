"""Every field that a bridge may have, found in the model, with two values to try: a new field is tried too."""

from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from saltext.lab.ovs.model import Bridge

NAMES = {"ports": "p1", "interfaces": "i1", "controllers": "tcp:127.0.0.1:9", "mirrors": "m1", "queues": "1"}
READ_ONLY = ("error", "adopt")
RENAMED = {"mtu": "mtu_request", "port_external_ids": "external_ids", "interface_other_config": "other_config"}
#: values in place of the examples, where these need something that the base has not
VALUES = {
    "options": ({"key": "5"}, {"key": "6"}),
    "select_src_port": (["p1"], ["p1", "p2"]),
    "select_dst_port": (["p2"], ["p1", "p2"]),
    "output_port": ("p1", "p2"),
}
#: what a thing needs to be, by its model
BASES = {
    "NetFlow": {"targets": ["127.0.0.1:9"]},
    "Sflow": {"targets": ["127.0.0.1:9"]},
    "Ipfix": {"targets": ["127.0.0.1:9"]},
    "Qos": {"type": "linux-htb"},
    "Bridge": {"ports": {"p1": {}, "p2": {}}},
}
TUNNEL = {"type": "gre", "options": {"remote_ip": "10.0.0.2"}}


class Leaf(NamedTuple):
    """A field at *path* of a bridge; *base* is a wish without it."""

    path: tuple[str, ...]
    base: dict[str, Any]
    first: Any
    second: Any
    required: bool

    def wish(self, value):
        """Return a wish for a bridge with the field at *value*."""
        if value is None and isinstance(self.first, dict):
            value = dict.fromkeys(self.first | self.second)
        return merged(self.base, nested(self.path, value))

    @property
    def is_port(self):
        """Whether it names ports, which are UUIDs in OVSDB."""
        return self.path[-1] in ("select_src_port", "select_dst_port", "output_port")

    @property
    def column(self):
        """The column that ovs-vswitchd.conf.db(5) has for it."""
        return RENAMED.get(self.path[-1], self.path[-1])


def leaves(model=Bridge, path=(), base=BASES["Bridge"]):
    """Yield every field that is no thing of its own, in *model* and in those below."""
    for name, info in model.model_fields.items():
        kind, named = _model_in(info.annotation)
        at = (*path, name, NAMES[name]) if named else (*path, name)
        if kind:
            yield from leaves(kind, at, merged(base, nested(at, _base(name, kind))))
        elif name not in READ_ONLY:
            yield _leaf(name, info, at, base)


def things(model=Bridge, path=(), base=BASES["Bridge"]):
    """Yield the path of everything that null removes as a whole, with a wish that has it; a bond keeps an interface."""
    for name, info in model.model_fields.items():
        kind, named = _model_in(info.annotation)
        if kind and name != "local":
            at = (*path, name, NAMES[name]) if named else (*path, name)
            wish = merged(base, nested(at, _base(name, kind)))
            wish = merged(wish, nested((*path, name, "i2"), {})) if name == "interfaces" else wish
            yield at, wish
            yield from things(kind, at, wish)


def nested(path, value):
    """Return *value* at *path* as a wish."""
    for key in reversed(path):
        value = {key: value}
    return value


def merged(one, other):
    """Return the two wishes as one; a new thing takes the place of null."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return one | {key: merged(one.get(key), value) for key, value in other.items()}


def _base(name, kind):
    return {} if name in ("ports", "local") else BASES.get(kind.__name__, {})


def _leaf(name, info, path, base):
    first, second = VALUES.get(name) or (info.examples[0], _other(info.annotation, info.examples[0]))
    if name in ("options", "type") and path[-2] in ("p1", "i1"):
        base = merged(base, nested(path[:-1], TUNNEL))
    return Leaf(path, base, first, second, info.is_required())


def _other(kind, value):
    """Return a value of *kind* that is another one than *value*."""
    choices = [one for part in (kind, *get_args(kind)) if get_origin(part) is Literal for one in get_args(part)]
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return next((one for one in choices if one != value), value[:-1] + ("2" if value[-1] == "1" else "1"))
        case list():
            return [*value, _other(str, value[-1])]
        case dict():
            return {key: _other(str, part) for key, part in value.items()}


def _model_in(kind):
    """Return the model in *kind* (None where there is none), and whether it is there by name."""
    inner = [part for part in get_args(kind) if part is not type(None)] or [kind]
    if get_origin(kind) is dict:
        found, _ = _model_in(inner[1])
        return found, found is not None
    for part in inner:
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part, False
        if get_origin(part) is dict:
            return _model_in(part)
    return None, False
