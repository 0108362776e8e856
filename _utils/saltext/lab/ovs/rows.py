"""OVSDB rows to plain data and back (RFC 7047, section 5.1).  Pure."""

from typing import Any, NamedTuple

from saltext.lab.ovs.model import MARK

#: fields of the model by the table that has them, with the column's name there
FIELDS = {
    "Bridge": {name: name for name in ("datapath_type", "fail_mode", "other_config", "external_ids")},
    "Port": {name: name for name in ("tag", "trunks", "protected")},
    "Interface": {"type": "type", "mtu": "mtu_request", "options": "options", "external_ids": "external_ids"},
}
#: columns that tie the tables together, or say what ovs-vswitchd made of a row
LINKS = {"Bridge": ("ports",), "Port": ("interfaces",), "Interface": ("ofport", "error")}
LISTS = ("trunks", "ports", "interfaces")
DEFAULTS = {"protected": False, "type": "", "datapath_type": ""}  #: of columns that cannot be empty
NOT_OPENED = "ovs-vswitchd has not opened it; its log says why"


class Place(NamedTuple):
    """Where a port is."""

    bridge: str
    uuid: str
    interfaces: list[str]


class Known(NamedTuple):
    """What a transaction has to know of the database: bridge UUIDs and port places, by name."""

    bridges: dict[str, str]
    ports: dict[str, Place]


def plain(value, column=""):
    """Return an OVSDB *value* as a scalar, list (sorted) or dict; an empty optional one is None."""
    match value:
        case ["map", pairs]:
            return dict(pairs)
        case ["set", items]:
            return sorted(map(plain, items)) if column in LISTS else None
        case ["uuid", uuid]:
            value = uuid
    return [value] if column in LISTS else value


def wire(value, column=""):
    """Return plain *value* as OVSDB takes it; None is the default of *column*."""
    if value is None:
        return DEFAULTS.get(column, ["set", []])
    if isinstance(value, dict):
        return ["map", [[key, part] for key, part in value.items() if part is not None]]
    return ["set", value] if isinstance(value, list) else value


def bridges(tables):
    """
    Return ``{bridge: fields}`` in the shape of ``model.Bridges``.

    *tables* are the rows of Bridge, Port and Interface.  A port of several interfaces (a
    bond) has only the fields of its Port row.
    """
    switches, ports, interfaces = (_by_uuid(table) for table in tables)
    devices = {uuid: _device(row) for uuid, row in interfaces.items()}
    plugs = {uuid: (row["name"], _port(row, devices)) for uuid, row in ports.items()}
    return {row["name"]: _bridge(row, plugs) for row in switches.values()}


def known(tables):
    """Return the ``Known`` of the rows of Bridge and Port."""
    switches, ports = (_by_uuid(table) for table in tables)
    places = {
        ports[uuid]["name"]: Place(row["name"], uuid, plain(ports[uuid]["interfaces"], "interfaces"))
        for row in switches.values()
        for uuid in plain(row["ports"], "ports")
    }
    return Known({row["name"]: uuid for uuid, row in switches.items()}, places)


def error(row):
    """
    Return why ovs-vswitchd could not open this Interface *row*, or None.

    Then its ofport is -1, or empty where the bridge itself could not be made (and there is
    no text).  A text with an ofport, such as "No usable peer", is not counted: it comes
    some time after ovs-vswitchd has said that all is applied, and goes at each change.
    """
    return None if plain(row["ofport"]) not in (-1, None) else plain(row["error"]) or NOT_OPENED


def _by_uuid(table):
    return {plain(row["_uuid"]): row for row in table}


def _bridge(row, plugs):
    fields = _fields("Bridge", row)
    if fields["external_ids"].pop(MARK, None):
        fields["adopt"] = True
    fields["ports"] = dict(plugs[uuid] for uuid in plain(row["ports"], "ports"))
    if row["name"] in fields["ports"]:
        own = fields["ports"].pop(row["name"])
        fields["local"] = {name: own[name] for name in own if name not in ("type", "options")}
    return fields


def _port(row, devices):
    ids = plain(row["interfaces"], "interfaces")
    return _fields("Port", row) | (devices[ids[0]] if len(ids) == 1 else {})


def _device(row):
    fields, why = _fields("Interface", row), error(row)
    return fields | {"error": why} if why else fields


def _fields(table, row) -> dict[str, Any]:
    found = ((field, plain(row[column], column)) for field, column in FIELDS[table].items())
    return {field: value for field, value in found if not _is_default(value)}


def _is_default(value):
    return value is None or value is False or value in ("", "system", [])
