"""Changes to OVSDB operations (RFC 7047, section 5.2).  Pure."""

from saltext.lab.errors import Refused
from saltext.lab.ovs.model import MARK
from saltext.lab.ovs.rows import FIELDS, LINKS, wire

#: ask ovs-vswitchd to say when it has applied this transaction; the last result has the number to wait for
BUMP = (
    {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]]},
    {"op": "select", "table": "Open_vSwitch", "where": [], "columns": ["next_cfg"]},
)


def select(table, *fields, where=()):
    """Return the operation that reads *fields* (columns) of *table*."""
    return {"op": "select", "table": table, "where": list(where), "columns": list(fields)}


#: everything that ``rows.bridges`` needs, and what ``rows.known`` needs
READ = tuple(select(table, "_uuid", "name", *FIELDS[table].values(), *LINKS[table]) for table in FIELDS)
FIND = tuple(select(table, "_uuid", "name", *LINKS[table]) for table in ("Bridge", "Port"))


def operations(changes, known):
    """
    Return the operations of the one transaction that makes *changes*.

    *changes* are ``plan.Change`` with paths such as ``("br-int", "ports", "vm0", "tag")``,
    *known* is the ``rows.Known`` of the database.  Maps are changed key by key and sets of
    ports one by one, so what others write meanwhile stays.  Raises ``Refused`` for a port
    that is on another bridge, and for a field of a bond's single interface.
    """
    batch = _Batch(known, _patch(changes))
    for name, wish in batch.patch.items():
        batch.bridge(name, wish)
    return batch.operations


def touched(changes):
    """Return the names of the ports that *changes* are about; a bridge stands for its own."""
    return {path[2] if len(path) > 2 and path[1] == "ports" else path[0] for path, *_ in changes}


def _patch(changes):
    """Return *changes* as the merge patch that they came from."""
    patch: dict = {}
    for change in changes:
        at = patch
        for key in change.path[:-1]:
            at = at.setdefault(key, {})
        at[change.path[-1]] = dict(change.new) if isinstance(change.new, dict) else change.new
    return patch


class _Batch:
    def __init__(self, known, patch):
        self.known, self.patch, self.operations = known, patch, []

    def bridge(self, name, wish):
        uuid = self.known.bridges.get(name)
        if wish is None:
            self._mutate("Open_vSwitch", None, ["bridges", "delete", _rows([uuid] if uuid else [])])
            return
        ports = self._ports(name, wish)
        fields = _with_mark(wish, new=uuid is None)
        if uuid is None:
            row = _row("Bridge", fields) | {"name": name, "ports": ["set", ports]}
            self._mutate("Open_vSwitch", None, ["bridges", "insert", ["set", [self._insert("Bridge", row)]]])
        else:
            self._update("Bridge", uuid, fields)
            self._mutate("Bridge", uuid, ["ports", "insert", ["set", ports]])

    def _ports(self, bridge, wish):
        """Change and remove ports of *bridge*; return the rows of the new ones."""
        wishes = dict(wish.get("ports", {}))
        if bridge not in self.known.bridges or "local" in wish:
            wishes[bridge] = {"type": "internal", **wish.get("local", {})}
        here = {name: part for name, part in wishes.items() if self._is_on(bridge, name)}
        gone = [self.known.ports[name].uuid for name, part in here.items() if part is None]
        if gone:
            self._mutate("Bridge", self.known.bridges[bridge], ["ports", "delete", _rows(gone)])
        for name, part in here.items():
            self._change(name, part or {})
        return [self._plug(name, part) for name, part in wishes.items() if part is not None and name not in here]

    def _is_on(self, bridge, port):
        return port in self.known.ports and self.known.ports[port].bridge == bridge

    def _plug(self, name, fields):
        place = self.known.ports.get(name)
        if place and not self._leaves(place.bridge, name):
            raise Refused(f"port {name} is on bridge {place.bridge}", "", f"state {place.bridge}:ports:{name}: null")
        interface = self._insert("Interface", _row("Interface", fields) | {"name": name})
        return self._insert("Port", _row("Port", fields) | {"name": name, "interfaces": interface})

    def _leaves(self, bridge, port):
        wish = self.patch.get(bridge, {})
        return wish is None or wish.get("ports", {}).get(port, port) is None

    def _change(self, name, fields):
        _, uuid, interfaces = self.known.ports[name]
        self._update("Port", uuid, fields)
        if len(interfaces) == 1:
            self._update("Interface", interfaces[0], fields)
        elif FIELDS["Interface"].keys() & fields.keys():
            raise Refused(
                f"port {name} is a bond of {len(interfaces)} interfaces", "its fields are not one interface's"
            )

    def _insert(self, table, row):
        name = f"row{len(self.operations)}"
        self.operations.append({"op": "insert", "table": table, "row": row, "uuid-name": name})
        return ["named-uuid", name]

    def _update(self, table, uuid, fields):
        columns = {column: fields[name] for name, column in FIELDS[table].items() if name in fields}
        maps = {column: value for column, value in columns.items() if isinstance(value, dict)}
        row = {column: wire(value, column) for column, value in columns.items() if column not in maps}
        if row:
            self.operations.append({"op": "update", "table": table, "where": _is(uuid), "row": row})
        for column, value in maps.items():
            # "insert" leaves a key that is there as it is (RFC 7047, 5.1), so delete comes first.
            self._mutate(table, uuid, [column, "delete", ["set", list(value)]], [column, "insert", wire(value)])

    def _mutate(self, table, uuid, *mutations):
        used = [mutation for mutation in mutations if mutation[2][1]]
        if used:
            where = _is(uuid) if uuid else []  # Open_vSwitch has one row only
            self.operations.append({"op": "mutate", "table": table, "where": where, "mutations": used})


def _with_mark(wish, new):
    """Return the fields of *wish* with ``adopt`` turned into our mark in external_ids."""
    ids = dict(wish.get("external_ids", {}))
    if new or wish.get("adopt"):
        ids[MARK] = "made"
    return {**wish, "external_ids": ids}


def _row(table, fields):
    found = {column: fields.get(name) for name, column in FIELDS[table].items()}
    return {column: wire(value, column) for column, value in found.items() if value is not None}


def _rows(uuids):
    return ["set", [["uuid", uuid] for uuid in uuids]]


def _is(uuid):
    return [["_uuid", "==", ["uuid", uuid]]]
