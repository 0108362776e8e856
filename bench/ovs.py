"""
1000 ports on one bridge: ``lab_ovs.bridges`` beside a hand-written transaction and ``ovs-vsctl``.

The ports are internal ones of a private ovs-vswitchd with the dummy datapath, so the
kernel is not measured.  Each contender does create, no-op, change (the tag of every tenth
port) and delete, in turn, ``--runs`` times.  ``ours`` is what a state call does, in this
process so that Salt's fixed cost is not in it: reading, checking, planning, writing,
waiting for ovs-vswitchd and reading again.  ``limit`` is the least that does the same: it reads what it needs to know
the difference, sends one transaction made by hand, and waits for ovs-vswitchd.

Run it as ``PYTHONPATH=_utils python -m bench.ovs``: as a script its name would hide the ``ovs`` library.
"""

import argparse
import platform
import subprocess
import tempfile
from pathlib import Path

from ovs.jsonrpc import Connection, Message
from ovs.stream import Stream

from bench.report import measured, row, show
from saltext.lab.outcome import Things, converge
from saltext.lab.ovs import db
from saltext.lab.ovs.model import Bridges
from tests.support import daemons

CASES = ("create", "noop", "change", "delete")


class _Ours:
    """What a state call does, a new connection for each look and each write as in ``_modules/lab_ovs.py``."""

    def __init__(self, address, count):
        self.address, self.count = address, count
        self.things = Things("lab:ovs:bridges", Bridges, self.read, self.write)

    def read(self):
        with db.connect(self.address) as session:
            return db.read(session)

    def write(self, changes):
        with db.connect(self.address) as session:
            db.write(session, changes)

    def bring(self, wish, changes):
        ret = converge(self.things, wish, False)
        assert ret["result"] is True, ret["comment"]
        assert len(ret["changes"]) == changes, len(ret["changes"])

    def create(self):
        self.bring({"br0": {"ports": ports(self.count)}}, 2 * self.count)

    def noop(self):
        self.bring({"br0": {"ports": ports(self.count)}}, 0)

    def change(self):
        self.bring({"br0": {"ports": ports(self.count, changed=True)}}, len(range(0, self.count, 10)))

    def delete(self):
        self.bring({"br0": None}, 1)


class _Limit:
    """The hand-written transaction: RFC 7047 as directly as it goes."""

    def __init__(self, address, count):
        self.address, self.count = address, count

    def transact(self, connection, *operations):
        request = Message.create_request("transact", ["Open_vSwitch", *operations])
        error, reply = connection.transact_block(request)
        assert not error, error
        assert not [one for one in reply.result if one and "error" in one], reply.result[-1]
        return reply.result

    def session(self):
        error, stream = Stream.open_block(Stream.open(self.address))
        assert not error, error
        return Connection(stream)

    def commit(self, connection, *operations):
        bump = {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]]}
        get = {"op": "select", "table": "Open_vSwitch", "where": [], "columns": ["next_cfg"]}
        [wanted] = self.transact(connection, *operations, bump, get)[-1]["rows"]
        self.transact(
            connection,
            {
                "op": "wait",
                "timeout": 20000,
                "table": "Open_vSwitch",
                "where": [],
                "columns": ["cur_cfg"],
                "until": "==",
                "rows": [{"cur_cfg": wanted["next_cfg"]}],
            },
        )

    def create(self):
        operations = []
        wished = {"br0": {"tag": ["set", []], "type": "internal"}, **ports(self.count)}
        for number, (name, port) in enumerate(wished.items()):
            device = {"name": name, "type": port["type"]}
            plug = {"name": name, "tag": port["tag"], "interfaces": ["named-uuid", f"i{number}"]}
            operations += [
                {"op": "insert", "table": "Interface", "uuid-name": f"i{number}", "row": device},
                {"op": "insert", "table": "Port", "uuid-name": f"p{number}", "row": plug},
            ]
        plugs = ["set", [["named-uuid", f"p{number}"] for number in range(len(wished))]]
        bridge = {"name": "br0", "ports": plugs}
        insert = [["bridges", "insert", ["set", [["named-uuid", "b"]]]]]
        operations += [
            {"op": "insert", "table": "Bridge", "uuid-name": "b", "row": bridge},
            {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": insert},
        ]
        self.commit(self.session(), *operations)

    def different(self, connection, wished):
        """Return the UUID and tag of each port that is not as wished: two selects, as little as tells the truth."""
        port, device = self.transact(
            connection,
            {"op": "select", "table": "Port", "where": [], "columns": ["_uuid", "name", "tag"]},
            {"op": "select", "table": "Interface", "where": [], "columns": ["name", "type"]},
        )
        types = {row["name"]: row["type"] for row in device["rows"]}
        rows = [row for row in port["rows"] if row["name"] in wished]
        assert all(types[row["name"]] == wished[row["name"]]["type"] for row in rows)
        assert len(rows) == len(wished)
        return [(row["_uuid"], wished[row["name"]]["tag"]) for row in rows if row["tag"] != wished[row["name"]]["tag"]]

    def noop(self):
        assert self.different(self.session(), ports(self.count)) == []

    def change(self):
        connection = self.session()
        found = self.different(connection, ports(self.count, changed=True))
        assert len(found) == len(range(0, self.count, 10))
        update = {"op": "update", "table": "Port"}
        where = ({**update, "where": [["_uuid", "==", uuid]], "row": {"tag": tag}} for uuid, tag in found)
        self.commit(connection, *where)

    def delete(self):
        connection = self.session()
        named = [["name", "==", "br0"]]
        find = {"op": "select", "table": "Bridge", "where": named, "columns": ["_uuid"]}
        [row] = self.transact(connection, find)[0]["rows"]
        gone = [["bridges", "delete", row["_uuid"]]]
        self.commit(connection, {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": gone})


class _Vsctl:
    """One ovs-vsctl with all commands; its no-op asserts the same values again, which it cannot tell from a change."""

    def __init__(self, address, count):
        self.address, self.count = address, count

    def run(self, *words):
        subprocess.run(["ovs-vsctl", f"--db={self.address}", "--timeout=60", *words], check=True, capture_output=True)

    def create(self, changed=False):
        words = ["--may-exist", "add-br", "br0"]
        for name, port in ports(self.count, changed).items():
            words += ["--", "--may-exist", "add-port", "br0", name, f"tag={port['tag']}"]
            words += ["--", "set", "Interface", name, f"type={port['type']}"]
        self.run(*words)

    noop = create

    def change(self):
        new, old = ports(self.count, changed=True), ports(self.count)
        named = [name for name in new if new[name] != old[name]]
        self.run(*(word for name in named for word in ("--", "set", "Port", name, f"tag={new[name]['tag']}")))

    def delete(self):
        self.run("del-br", "br0")


def ports(count, changed=False):
    """Return *count* internal ports, with another tag for every tenth if *changed*."""
    tags = {number: 2 + number % 4000 for number in range(count)}
    if changed:
        tags |= dict.fromkeys(range(0, count, 10), 4094)
    return {f"p{number}": {"tag": tag, "type": "internal"} for number, tag in tags.items()}


def race(address, count, runs):
    """Return ``{(case, contender): [(wall, cpu), ...]}``."""
    contenders = {"ours": _Ours, "limit": _Limit, "ovs-vsctl, batched": _Vsctl}
    times = {}
    for _ in range(runs):
        for name, kind in contenders.items():
            contender = kind(address, count)
            for case in CASES:
                times.setdefault((case, name), []).append(measured(getattr(contender, case)))
    return times


def main():
    """Run the race, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--ports", type=int, default=1000)
    options.add_argument("--runs", type=int, default=5)
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ovs-") as home, daemons.ovs(Path(home)) as address:
        times = race(address, options.ports, options.runs)
    found = sorted(times.items(), key=lambda item: CASES.index(item[0][0]))
    rows = [row(*what, options.ports, *zip(*taken, strict=True)) for what, taken in found]
    median = {(one["case"], one["contender"]): one["median_s"] for one in rows}
    show("ovs", _versions(), rows, {case: round(median[case, "ours"] / median[case, "limit"], 2) for case in CASES})


def _versions():
    said = subprocess.run(["ovs-vswitchd", "--version"], check=True, capture_output=True, text=True).stdout
    return {"python": platform.python_version(), "openvswitch": said.splitlines()[0].split()[-1]}


if __name__ == "__main__":
    main()
