"""
The hand-written transaction: RFC 7047 as directly as it goes, the least that keeps such ports.

It reads what it needs to know the difference, writes that in one transaction, and waits for ovs-vswitchd to apply it.
As a program: ``python -m bench.ovs_transaction ADDRESS N CASE``.
"""

import sys

from ovs.jsonrpc import Connection, Message
from ovs.stream import Stream

BUMP = {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]]}
NEXT = {"op": "select", "table": "Open_vSwitch", "where": [], "columns": ["next_cfg"]}
PORTS = {"op": "select", "table": "Port", "where": [], "columns": ["_uuid", "name", "tag"]}
INTERFACES = {"op": "select", "table": "Interface", "where": [], "columns": ["name", "type"]}
BRIDGE = {"op": "select", "table": "Bridge", "where": [["name", "==", "br0"]], "columns": ["_uuid"]}


def ports(count, changed=False):
    """Return *count* internal ports, with another tag for every tenth if *changed*."""
    tags = {number: 4094 if changed and number % 10 == 0 else 2 + number % 4000 for number in range(count)}
    return {f"p{number}": {"tag": tag, "type": "internal"} for number, tag in tags.items()}


def transaction(address, count):
    """Return the hand-written transaction as a contender: a function of the case."""

    def contender(case):
        connection = connect(address)
        commit(connection, operations(connection, case, ports(count, changed=case == "change")))
        connection.close()

    return contender


def connect(address):
    """Return a connection to the OVSDB at *address*."""
    error, stream = Stream.open_block(Stream.open(address))
    assert not error, error
    return Connection(stream)


def transact(connection, *operations):
    """Return the results of *operations*."""
    error, reply = connection.transact_block(Message.create_request("transact", ["Open_vSwitch", *operations]))
    assert not error, error
    assert not [one for one in reply.result if one and "error" in one], reply.result[-1]
    return reply.result


def there(connection):
    """Return the ports that there are, ``{name: fields}``, and the UUIDs of their rows by name: two selects."""
    plugs, devices = (table["rows"] for table in transact(connection, PORTS, INTERFACES))
    types = {row["name"]: row["type"] for row in devices}
    found = {row["name"]: {"tag": row["tag"], "type": types[row["name"]]} for row in plugs}
    return found, {row["name"]: row["_uuid"] for row in plugs}


def operations(connection, case, wished):
    """Return the operations that do *case*, none if there is nothing to do."""
    if case == "delete":
        [bridge] = transact(connection, BRIDGE)[0]["rows"]
        gone = [["bridges", "delete", bridge["_uuid"]]]
        return [{"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": gone}]
    found, uuids = there(connection)
    if "br0" not in found:
        return list(created({"br0": {"tag": ["set", []], "type": "internal"}, **wished}))
    return [
        {"op": "update", "table": "Port", "where": [["_uuid", "==", uuids[name]]], "row": {"tag": port["tag"]}}
        for name, port in wished.items()
        if found[name] != port
    ]


def created(wished):
    """Yield the operations that insert bridge br0 with the ports *wished*."""
    for name, port in wished.items():
        device = {"name": name, "type": port["type"]}
        plug = {"name": name, "tag": port["tag"], "interfaces": ["named-uuid", f"i_{name}"]}
        yield {"op": "insert", "table": "Interface", "uuid-name": f"i_{name}", "row": device}
        yield {"op": "insert", "table": "Port", "uuid-name": f"p_{name}", "row": plug}
    plugs = ["set", [["named-uuid", f"p_{name}"] for name in wished]]
    yield {"op": "insert", "table": "Bridge", "uuid-name": "b", "row": {"name": "br0", "ports": plugs}}
    insert = [["bridges", "insert", ["set", [["named-uuid", "b"]]]]]
    yield {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": insert}


def commit(connection, wanted):
    """Make the operations *wanted* in one transaction and wait until ovs-vswitchd has applied them."""
    if not wanted:
        return
    *_, last = transact(connection, *wanted, BUMP, NEXT)
    applied = {"op": "wait", "timeout": 60000, "table": "Open_vSwitch", "where": [], "columns": ["cur_cfg"]}
    transact(connection, applied | {"until": "==", "rows": [{"cur_cfg": last["rows"][0]["next_cfg"]}]})


if __name__ == "__main__":
    transaction(sys.argv[1], int(sys.argv[2]))(sys.argv[3])
