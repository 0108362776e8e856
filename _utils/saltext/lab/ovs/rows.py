"""Rows of OVSDB to bridges in the shape of the model, and to what a transaction has to know.  Pure."""

from functools import cached_property
from typing import Any, NamedTuple

from saltext.lab.ovs.port_model import Local
from saltext.lab.ovs.queries import why
from saltext.lab.ovs.tables import FIELDS, NO_KEYS, REFS, Column
from saltext.lab.ovs.types import MARK
from saltext.lab.ovs.wire import plain

BY_COLUMN = {
    table: {column.name: (name, column) for name, column in columns.items()} for table, columns in FIELDS.items()
}
NO_FIELD = ("", Column(""))
MAPS: dict[str, dict[str, dict]] = {
    table: {name: {} for name, column in columns.items() if column.default == NO_KEYS}
    | {name: {} for name, ref in REFS.get(table, {}).items() if not ref.single}
    for table, columns in FIELDS.items()
}  #: fields by name, which are there even when nothing is in them

SHARED = (("Port", "qos"), ("QoS", "queues"))  #: references to rows that OVSDB keeps when nothing refers to them


class Node(NamedTuple):
    """A row that is there, and the rows that its reference fields have, by their names (None where there is one)."""

    uuid: str
    refs: dict[str, dict[str | None, "Node"]]


class Known(NamedTuple):
    """What a transaction has to know of the database."""

    bridges: dict[str, Node]
    places: dict[str, str]  #: the bridge of each port
    links: set[tuple[str, str]]  #: which row refers to which QoS or queue, by UUID
    marked: dict[str, set[str]]  #: QoS and queues of ours, by UUID


def bridges(tables, terse):
    """
    Return ``{bridge: fields}`` in the shape of ``model.Bridges``.

    *tables* is what ``queries.collected`` makes of ``queries.READ``.  If *terse*, mappings
    without entries are left out.  A port of one interface of its own name has the fields
    of both; any other port is a bond, with ``interfaces``.
    """
    reader = _Reader(tables, terse)
    return {row["name"]: reader.bridge(uuid) for uuid, row in tables["Bridge"].items()}


def switch(row):
    """Return the fields of the Open_vSwitch *row* in the shape of ``model.Switch``."""
    return {name: plain(row[column.name]) for name, column in FIELDS["Open_vSwitch"].items()}


def known(tables):
    """Return the ``Known`` of what ``queries.collected`` makes of ``queries.find``; it may lack interfaces."""
    switches = {row["name"]: _node(tables, "Bridge", uuid) for uuid, row in tables["Bridge"].items()}
    places = {port: name for name, node in switches.items() for port in node.refs.get("ports", ())}
    links = {
        (uuid, child)
        for table, field in SHARED
        for uuid, row in tables[table].items()
        for _, child in _referred(tables, REFS[table][field], row)
    }
    marked = {name: {uuid for uuid, row in tables[name].items() if "external_ids" in row} for name in ("QoS", "Queue")}
    return Known(switches, places, links, marked)


def _referred(tables, ref, row):
    """Return the rows that *row* refers to by *ref*, as pairs of name and UUID."""
    if ref.column not in row:
        return []
    if ref.numbered:
        return [(str(number), uuid) for number, (_, uuid) in row[ref.column][1]]
    uuids = plain(row[ref.column], many=True)
    if not ref.key:
        return [(None, uuid) for uuid in uuids]
    return [(tables[ref.table][uuid][ref.key], uuid) for uuid in uuids if uuid in tables[ref.table]]


def _node(tables, table, uuid):
    row = tables[table][uuid]
    refs = {
        field: {name: _node(tables, ref.table, child) for name, child in _referred(tables, ref, row)}
        for field, ref in REFS.get(table, {}).items()
        if ref.column in row
    }
    return Node(uuid, refs)


class _Reader:
    def __init__(self, tables, terse):
        self.tables, self.blank = tables, {} if terse else MAPS

    def bridge(self, uuid):
        name = self.tables["Bridge"][uuid]["name"]
        fields, ours = self._unmarked(self._thing("Bridge", uuid))
        if ours:
            fields["adopt"] = True
        if own := fields.get("ports", {}).pop(name, None):
            fields["local"] = {key: value for key, value in own.items() if key in Local.model_fields}
        return fields

    def _thing(self, table, uuid):
        """Return the fields of a row, with those of the rows that it refers to within."""
        row, known = self.tables[table][uuid], BY_COLUMN[table]
        fields: dict[str, Any] = dict(self.blank.get(table, ()))
        for name, value in row.items():
            field, column = known.get(name, NO_FIELD)
            if field and value not in (column.default, column.also):
                fields[field] = self._value(column, value)
        for field, ref in REFS.get(table, {}).items():
            if ref.column in row:
                found = {key: self._child(ref.table, child) for key, child in _referred(self.tables, ref, row)}
                fields[field] = found[None] if ref.single else found
        return fields

    def _child(self, table, uuid):
        fields = self._thing(table, uuid)
        match table:
            case "Port":
                return self._flat(self.tables[table][uuid]["name"], fields)
            case "Interface" if "error" in self.tables[table][uuid]:
                return fields | {"error": why(self.tables[table][uuid])}
            case "QoS" | "Queue":
                return self._unmarked(fields)[0]
        return fields

    def _flat(self, name, port):
        """Return *port* with the fields of its interface in it, if it has one and of its own name."""
        if port["interfaces"].keys() != {name}:
            return port
        port |= port.pop("interfaces")[name]
        return port | {"interfaces": {}} if self.blank else port

    def _unmarked(self, fields):
        """Return *fields* without our mark, and whether it was there."""
        ids = fields.get("external_ids", {})
        mark = ids.pop(MARK, None)
        if mark and not ids and not self.blank:
            del fields["external_ids"]
        return fields, mark is not None

    def _value(self, column, value):
        value = plain(value, column.many)
        if not column.ports:
            return value
        return sorted(self._names[uuid] for uuid in value) if column.many else self._names[value]

    @cached_property
    def _names(self):
        return {uuid: row["name"] for uuid, row in self.tables["Port"].items()}
