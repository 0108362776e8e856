"""What the tests of ``lab_ovs`` share: bring bridges to a wish, and look at them by other ways than ours."""

import json
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ovs.jsonrpc import Connection, Message
from ovs.stream import Stream

from saltext.lab.outcome import Things, converge
from saltext.lab.ovs import db
from saltext.lab.ovs.model import Bridges


@contextmanager
def cleaned(address):
    """Yield a function that brings the bridges at *address* to a wish; no bridge and no QoS is left after it."""
    with db.connect(address) as session:
        yield bringer(session)
    names = vsctl(address, "list-br").split()
    vsctl(address, "init", *(word for name in names for word in ("--", "del-br", name)))
    vsctl(address, "--", "--all", "destroy", "QoS", "--", "--all", "destroy", "Queue")


def bringer(session, kind=Bridges):
    things = Things("lab:bridges", kind, partial(db.read, session), partial(db.write, session))

    def bring(wish, test=False):
        return converge(things, wish, test)

    bring.read = partial(db.read, session, terse=True)
    return bring


def vsctl(address, *argv):
    done = subprocess.run(["ovs-vsctl", "--timeout=10", f"--db={address}", *argv], check=True, capture_output=True)
    return done.stdout.decode()


def column(address, table, record, name):
    """One value as ovs-vsctl sees it: what we wrote is read by somebody else."""
    return json.loads(vsctl(address, "--format=json", f"--columns={name}", "list", table, record))["data"][0][0]


def count(address, table):
    """How many rows *table* has."""
    return len(json.loads(vsctl(address, "--format=json", "--columns=_uuid", "list", table))["data"])


def dump(address):
    """
    Every transaction ever committed, from the file, but for what ovs-vswitchd says of itself.

    It wrote Bridge.datapath_version 1 ms after it had said that all was applied; statistics are in no file.
    """
    conf = Path(address.removeprefix("unix:")).with_name("conf.db")
    records = [json.loads(line) for line in conf.read_text().splitlines() if line.startswith("{")]
    return [record for record in records if _columns(record) != {"datapath_version"}]


def _columns(record):
    """The columns that a transaction wrote to."""
    rows = [row for table in record.values() if isinstance(table, dict) for row in table.values()]
    return {column for row in rows if isinstance(row, dict) for column in row}


class Monitor:
    """What an OVSDB monitor of all columns of all tables sees."""

    def __init__(self, address):
        self.address = address
        error, stream = Stream.open_block(Stream.open(address), 5000)
        assert not error
        self.connection = Connection(stream)
        tables = self._ask("get_schema", ["Open_vSwitch"])["tables"]
        self._ask("monitor", ["Open_vSwitch", None, {name: {} for name in tables}])
        self.serial = 0

    def updates(self):
        """Return the updates since it began or was last asked; a write of its own says where they end."""
        self.serial += 1
        vsctl(self.address, "--no-wait", "set", "Open_vSwitch", ".", f"external_ids:seen={self.serial}")
        found = []
        while ["seen", str(self.serial)] not in _ids(found[-1] if found else {}):
            error, message = self.connection.recv_block()
            assert not error
            if message.method == "update":
                found.append(message.params[1])
        return found[:-1]

    def _ask(self, method, params):
        error, reply = self.connection.transact_block(Message.create_request(method, params))
        assert not error
        return reply.result


def _ids(update):
    rows = update.get("Open_vSwitch", {}).values()
    return [pair for row in rows for pair in row["new"].get("external_ids", ["map", []])[1]]
