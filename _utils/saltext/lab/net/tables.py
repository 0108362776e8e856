"""What OVSDB is told, and the operations that bring exactly that back (RFC 7047, section 5.2).  Pure."""

#: columns that ovs-vswitchd and its start script write, besides those that the schema calls ephemeral
STATUS = {
    "Open_vSwitch": {
        *("next_cfg", "cur_cfg", "ovs_version", "db_version", "system_type", "system_version"),
        *("datapath_types", "iface_types", "dpdk_initialized", "dpdk_version"),
    },
    "Bridge": {"datapath_version"},
    "Port": {"bond_active_slave"},
    "Interface": {"ofport", "error"},
}
OTHERS = "iface-id"  #: in the external_ids of an Interface: the port of a guest, which libvirt or its like keeps


def columns(schema):
    """Return ``{table: [column]}`` of what is told to OVSDB, not by it; *schema* is the database's own."""
    return {
        table: sorted(
            name
            for name, column in about["columns"].items()
            if not column.get("ephemeral") and name not in STATUS.get(table, ())
        )
        for table, about in schema["tables"].items()
    }


def roots(schema):
    """Return the tables whose rows stay when nothing refers to them."""
    return sorted(table for table, about in schema["tables"].items() if about.get("isRoot"))


def select(columns):
    """Return the operations that read *columns*, one for each table."""
    return [
        {"op": "select", "table": table, "where": [], "columns": ["_uuid", *names]} for table, names in columns.items()
    ]


def tables(columns, results):
    """Return ``{table: {uuid: row}}`` from the *results* of ``select``."""
    return {
        table: {row["_uuid"][1]: {name: row[name] for name in columns[table]} for row in result["rows"]}
        for table, result in zip(columns, results, strict=True)
    }


def operations(saved, now, roots):
    """
    Return the operations of the one transaction that makes *now* what was *saved*; both are ``tables``.

    A row that is still there keeps its UUID, and what is as it was is not touched.  The port of a guest that came in
    between stays: it belongs to who started the guest.
    """
    here = {uuid for rows in now.values() for uuid in rows}
    wanted = {table: dict(rows) for table, rows in saved.items()}
    for uuid, bridge in wanted["Bridge"].items():
        wanted["Bridge"][uuid] = _with_guests(bridge, now["Bridge"].get(uuid), saved, now)
    rows = [(table, uuid, row) for table, rows in wanted.items() for uuid, row in rows.items()]
    extra = [(table, uuid) for table in roots for uuid in now[table].keys() - wanted[table].keys()]
    return [
        *(_remade(table, uuid, row, here) for table, uuid, row in rows if uuid not in here),
        *(_update(table, uuid, row, here) for table, uuid, row in _changed(rows, now)),
        *({"op": "delete", "table": table, "where": _is(uuid)} for table, uuid in extra),
    ]


def _changed(rows, now):
    """Yield those *rows* that are there *now* and differ, with the columns that do: some others are immutable."""
    for table, uuid, row in rows:
        current = now[table].get(uuid, row)
        if row != current:
            yield table, uuid, {name: value for name, value in row.items() if value != current[name]}


def _with_guests(bridge, current, saved, now):
    """Return the row *bridge* with the ports of guests that it has *now* and had not when it was *saved*."""
    kept = _uuids(bridge["ports"])
    came = [uuid for uuid in _uuids(current["ports"]) if uuid not in saved["Port"]] if current else []
    guests = [uuid for uuid in came if _is_guest(now["Port"][uuid], now)]
    return bridge | {"ports": ["set", [["uuid", uuid] for uuid in (*kept, *guests)]]} if guests else bridge


def _is_guest(port, now):
    devices = [now["Interface"][uuid] for uuid in _uuids(port["interfaces"])]
    return any(key == OTHERS for device in devices for key, _ in device["external_ids"][1])


def _uuids(value):
    kind, items = value
    return [uuid for _, uuid in items] if kind == "set" else [items]


def _remade(table, uuid, row, here):
    return {"op": "insert", "table": table, "row": _translated(row, here), "uuid-name": _name(uuid)}


def _update(table, uuid, row, here):
    return {"op": "update", "table": table, "where": _is(uuid), "row": _translated(row, here)}


def _translated(row, here):
    """Return *row* with the UUIDs of rows that are gone as the names of those made in their place."""

    def atom(value):
        match value:
            case ["uuid", uuid] if uuid not in here:
                return ["named-uuid", _name(uuid)]
        return value

    def column(value):
        match value:
            case ["set", items]:
                return ["set", [atom(item) for item in items]]
            case ["map", pairs]:
                return ["map", [[atom(key), atom(part)] for key, part in pairs]]
        return atom(value)

    return {name: column(value) for name, value in row.items()}


def _name(uuid):
    return "row" + uuid.replace("-", "_")


def _is(uuid):
    return [["_uuid", "==", ["uuid", uuid]]]
