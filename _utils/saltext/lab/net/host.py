"""Read the network of this host, and put it back as it was."""

import json
import os
from pathlib import Path

from saltext.lab.command import run
from saltext.lab.errors import LabError, Refused, Unreachable
from saltext.lab.net import links, tables
from saltext.lab.net.steady import steady
from saltext.lab.ovs import db, ops
from saltext.lab.wait import until

FILES = "20-lab-*.network"  #: those of systemd-networkd that our formula writes
NETWORKD = Path("/run/systemd/netif/state")  #: is there when systemd-networkd runs
FAMILIES = ("-4", "-6")
HOLD = 0.5  #: seconds that addresses have to stay as they were: networkd follows in its own time


class Host:
    """
    The host that we are on.

    Its OVSDB is at *ovsdb* and has *timeout* seconds for an answer, as has ip(8) for addresses to be as they were;
    systemd-networkd reads the directory *network*.
    """

    def __init__(self, ovsdb=db.SOCKET, timeout=20, network="/etc/systemd/network"):
        self.about = {"ovsdb": ovsdb, "timeout": timeout, "network": str(network)}
        self._ovsdb, self._timeout, self._network = ovsdb, timeout, Path(network)

    def read(self):
        """Return all that a change of the network may change, as plain data."""
        schema = json.loads(run("ovsdb-client", "get-schema", self._ovsdb, "Open_vSwitch", timeout=self._timeout))
        columns = tables.columns(schema)
        with self._session() as session:
            switches = tables.tables(columns, session.transact(*tables.select(columns)))
        return {
            "switches": {"columns": columns, "roots": tables.roots(schema), "tables": switches},
            "files": self._files(),
            "links": _links(),
            "routes": {family: _routes(family) for family in FAMILIES},
        }

    def put_back(self, saved, live):
        """
        Make all as it was *saved*, and return what could not be done, as texts.

        One part that fails does not stop the others.  Without *live* (the host was off in between) links are left to
        those who set them up at each boot.
        """
        parts = [self._put_switches, self._put_files, *([self._put_links] if live else [])]
        return [problem for part in parts if (problem := _attempt(part, saved))]

    def _put_switches(self, saved):
        columns = saved["switches"]["columns"]
        with self._session() as session:
            now = tables.tables(columns, session.transact(*tables.select(columns)))
            if todo := tables.operations(saved["switches"]["tables"], now, saved["switches"]["roots"]):
                session.transact(*todo, *ops.BUMP)
                db.read(session)  # returns when ovs-vswitchd has applied it

    def _put_files(self, saved):
        now = self._files()
        for name in now.keys() - saved["files"].keys():
            (self._network / name).unlink()
        for name, text in saved["files"].items():
            if now.get(name) != text:
                _write(self._network / name, text)
        if now != saved["files"] and NETWORKD.exists():
            run("networkctl", "reload")

    def _put_links(self, saved):
        until(steady(lambda: _is_put(saved), HOLD), self._timeout, "the addresses that were")

    def _files(self):
        return {path.name: path.read_text() for path in self._network.glob(FILES)}

    def _session(self):
        return db.connect(self._ovsdb, self._timeout)


def _attempt(part, saved):
    try:
        return part(saved)
    except (LabError, OSError) as err:
        return str(err)


def _write(path, text):
    new = path.with_suffix(".new")
    with new.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


def _is_put(saved):
    """Return whether links and routes are as *saved*; what is not is set."""
    todo = {"-force": links.commands(saved["links"], _links())}
    todo |= {family: links.route_commands(saved["routes"][family], _routes(family)) for family in FAMILIES}
    for option, lines in todo.items():
        _batch(option, lines)
    return not any(todo.values())


def _batch(option, lines):
    try:
        if lines:
            run("ip", option, "-force", "-batch", "-", stdin="\n".join(lines))
    except Refused as err:
        raise Unreachable("not all addresses are as they were", str(err)) from err


def _links():
    return links.links(json.loads(run("ip", "-json", "address")))


def _routes(family):
    return links.routes(run("ip", family, "-oneline", "route", "show", "table", "all"))
