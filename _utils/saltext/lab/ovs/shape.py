"""From the shape of the model, in which a person writes, to that of the tables: what refers to what.  Pure."""

from typing import Any

from saltext.lab.errors import NotSafe, Refused
from saltext.lab.ovs.tables import FIELDS
from saltext.lab.ovs.types import MARK


def patch(changes):
    """Return *changes* as the merge patch that they came from."""
    whole: dict[str, Any] = {}
    for change in changes:
        at = whole
        for key in change.path[:-1]:
            at = at.setdefault(key, {})
        at[change.path[-1]] = dict(change.new) if isinstance(change.new, dict) else change.new
    return whole


def bridges(changes, known):
    """
    Return the merge patch on rows that *changes* of bridges are; *known* is the ``rows.Known``.

    Raises ``Refused`` for what cannot be done without a wish for something else, and
    ``NotSafe`` for the QoS of others.
    """
    shape, made = _Shape(patch(changes), known), {path[0] for path, *_ in changes if len(path) == 1}
    for name in shape.patch.keys() - known.bridges.keys() - made:
        raise Refused(f"there is no bridge {name}", "", "make it with lab_ovs.bridge_present")
    return {name: shape.bridge(name, wish) for name, wish in shape.patch.items()}


class _Shape:
    def __init__(self, whole, known):
        self.patch, self.known = whole, known

    def bridge(self, name, wish):
        if wish is None:
            return None
        node = self.known.bridges.get(name)
        here = node.refs.get("ports", {}) if node else {}
        ports = dict(wish.get("ports", {}))
        if "local" in wish or not node:
            ports[name] = wish.get("local", {}) | ({} if name in here else {"type": "internal"})
        for mirror, fields in wish.get("mirrors", {}).items():
            _check_mirror(f"mirror {mirror} of {name}", fields or {}, here.keys() | ports, ports)
        ids = wish.get("external_ids", {}) | ({MARK: "made"} if wish.get("adopt") else {})
        ports = {port: self._port(port, fields, here.get(port)) for port, fields in ports.items()}
        return wish | {"ports": ports, "external_ids": ids}

    def _port(self, name, fields, node):
        """Return the patch on the row of port *name*, with that on its interfaces."""
        if fields is None:
            return None
        single = {field: fields[field] for field in fields if field in FIELDS["Interface"]}
        wished = fields.get("interfaces", {})
        if not node:
            self._check_is_free(name)
            return fields | {"interfaces": wished or {name: single}}
        if fields.get("qos") and not self._ours(node):
            why, fix = "what has no mark of ours is left alone", "state qos: null to take it off, then state it again"
            raise NotSafe(f"the QoS of port {name} was not made by this suite", why, fix)
        if node.refs["interfaces"].keys() == {name}:
            own = {name: None} if wished else {name: single} if single else {}
            return fields | {"interfaces": own | wished}
        if single:
            raise Refused(f"port {name} is a bond", f"{', '.join(single)} belongs to one of its interfaces")
        return fields

    def _ours(self, port):
        return all(qos.uuid in self.known.marked["QoS"] for qos in port.refs.get("qos", {}).values())

    def _check_is_free(self, port):
        place = self.known.places.get(port)
        if place and not self._leaves(place, port):
            raise Refused(f"port {port} is on bridge {place}", "", f"state {place}:ports:{port}: null")

    def _leaves(self, bridge, port):
        wish = self.patch.get(bridge, {})
        return wish is None or wish.get("ports", {}).get(port, port) is None


def _check_mirror(what, fields, there, wishes):
    named = {*(fields.get("select_src_port") or ()), *(fields.get("select_dst_port") or ()), fields.get("output_port")}
    for port in sorted(named - {None}):
        if port not in there or wishes.get(port, port) is None:
            raise Refused(f"{what} names {port}", "there is no such port on the bridge", "make it, or name another")
