"""Changes to OVSDB operations (RFC 7047, section 5.2).  Pure."""

from saltext.lab.ovs import shape, wire
from saltext.lab.ovs.queries import CURRENT
from saltext.lab.ovs.rows import Node
from saltext.lab.ovs.tables import EMPTY, FIELDS, KEYS, MARKED, REFS
from saltext.lab.ovs.types import MARK

#: ask ovs-vswitchd to say when it has applied this transaction; the last result has the numbers
BUMP = ({"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]]}, CURRENT)


def operations(changes, known):
    """
    Return the operations of the one transaction that makes *changes* of bridges.

    *changes* are ``plan.Change`` with paths such as ``("br-int", "ports", "vm0", "tag")``,
    *known* is the ``rows.Known`` of the database.  Maps are changed key by key and sets of
    rows one by one, so what others write meanwhile stays.  Raises as ``shape.bridges`` does.
    """
    batch = _Batch(known)
    batch.alter("Open_vSwitch", Node("", {"bridges": known.bridges}), {"bridges": shape.bridges(changes, known)})
    batch.sweep()
    return batch.operations


def switch(wish):
    """Return the operations that bring the Open_vSwitch row to *wish*, a merge patch."""
    batch = _Batch()
    batch.alter("Open_vSwitch", Node("", {}), wish)
    return batch.operations


def touched(changes):
    """Return the names of the interfaces that *changes* are about; a bridge stands for its own."""
    paths = [change.path for change in changes]
    ports = {path[2] if len(path) > 2 and path[1] == "ports" else path[0] for path in paths}
    return ports | {path[4] for path in paths if len(path) > 4 and path[3] == "interfaces"}


class _Batch:
    def __init__(self, known=None):
        self.known, self.operations = known, []
        self.gone = set()  # UUIDs of rows that nothing will refer to
        self.cut = set()  # links that will be no more
        bridges = known.bridges.values() if known else ()
        self.ports = {
            name: ["uuid", port.uuid] for node in bridges for name, port in node.refs.get("ports", {}).items()
        }

    def alter(self, table, node, wish):
        """Bring the row *node* to *wish*, a merge patch in the shape of the tables."""
        self._update(table, node.uuid, wish)
        for field, ref in REFS.get(table, {}).items():
            if field in wish:
                parts = {None: wish[field]} if ref.single else wish[field]
                self._refer(table, node.uuid, ref, node.refs.get(field, {}), parts)

    def sweep(self):
        """Delete QoS and queues of ours that nothing refers to any more; OVSDB would keep them."""
        links = self.known.links - self.cut
        for table, marked in self.known.marked.items():
            garbage = marked - {child for holder, child in links if holder not in self.gone}
            for holder in sorted(holder for holder, child in links if child in garbage and table == "QoS"):
                # A port that goes in this transaction too would count as a reference.
                self._set("Port", holder, {"qos": EMPTY})
            self.gone |= garbage
            self.operations += ({"op": "delete", "table": table, "where": _is(uuid)} for uuid in sorted(garbage))

    def _refer(self, table, uuid, ref, here, wishes):
        """Change, remove and make what the row *uuid* refers to by *ref*: *here* is what there is."""
        gone = {key: here[key] for key, wish in wishes.items() if wish is None and key in here}
        for key, wish in wishes.items():
            if key in here and wish is not None:
                self.alter(ref.table, here[key], wish)
        made = self._made(ref, {key: wish for key, wish in wishes.items() if key not in here})
        self.cut |= {(uuid, node.uuid) for node in gone.values()}
        for node in gone.values():
            self._lose(ref.table, node)
        if ref.single and (gone or made):
            self._set(table, uuid, {ref.column: _value(ref, made)})
        elif not ref.single:
            # First insert: a port without interfaces may not be, not even in between.
            delete = ["set", [int(key) if ref.numbered else ["uuid", node.uuid] for key, node in gone.items()]]
            self._mutate(table, uuid, [ref.column, "insert", _value(ref, made)], [ref.column, "delete", delete])

    def _made(self, ref, wishes):
        return {key: self._insert(ref.table, key, wish) for key, wish in wishes.items() if wish is not None}

    def _lose(self, table, node):
        """Take note of a row that OVSDB will collect, and of its ports."""
        if table in ("Bridge", "Port"):
            self.gone.add(node.uuid)
            for port in node.refs.get("ports", {}).values():
                self.gone.add(port.uuid)

    def _insert(self, table, key, wish):
        made = {ref.column: _value(ref, self._made(ref, parts)) for ref, parts in _parts(table, wish) if parts}
        fields = {field: column for field, column in FIELDS[table].items() if wish.get(field) is not None}
        row = {column.name: self._wire(column, wish[field]) for field, column in fields.items()}
        if table in KEYS:
            row[KEYS[table]] = key
        if table in MARKED:
            row["external_ids"] = wire.wire(wish.get("external_ids", {}) | {MARK: "made"})
        name = f"row{len(self.operations)}"
        self.operations.append({"op": "insert", "table": table, "row": row | made, "uuid-name": name})
        if table == "Port":
            self.ports[key] = ["named-uuid", name]
        return ["named-uuid", name]

    def _update(self, table, uuid, wish):
        columns = [(column, wish[field]) for field, column in FIELDS[table].items() if field in wish]
        row = {one.name: self._wire(one, value) for one, value in columns if not isinstance(value, dict)}
        if row:
            self._set(table, uuid, row)
        for column, value in columns:
            if isinstance(value, dict):
                # "insert" leaves a key that is there as it is (RFC 7047, 5.1), so delete comes first.
                delete, insert = ["set", list(value)], wire.wire(value)
                self._mutate(table, uuid, [column.name, "delete", delete], [column.name, "insert", insert])

    def _wire(self, column, value):
        if value is None or not column.ports:
            return wire.wire(value, column.default)
        return ["set", [self.ports[name] for name in value]] if column.many else self.ports[value]

    def _set(self, table, uuid, row):
        self.operations.append({"op": "update", "table": table, "where": _is(uuid), "row": row})

    def _mutate(self, table, uuid, *mutations):
        used = [mutation for mutation in mutations if mutation[2][1]]
        if used:
            self.operations.append({"op": "mutate", "table": table, "where": _is(uuid), "mutations": used})


def _parts(table, wish):
    """Return what *wish* for a new row has for each reference, ports before the mirrors that name them."""
    for field, ref in REFS.get(table, {}).items():
        parts = wish.get(field)
        yield ref, parts if parts is None or not ref.single else {None: parts}


def _value(ref, made):
    """Return what refers to the new rows *made*: ``{key: reference}``."""
    if ref.single:
        return made.get(None, ref.default)
    return ["map", [[int(key), row] for key, row in made.items()]] if ref.numbered else ["set", list(made.values())]


def _is(uuid):
    return [["_uuid", "==", ["uuid", uuid]]] if uuid else []  # Open_vSwitch has one row only
