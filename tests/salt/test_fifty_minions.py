"""Fifty real minions at a master's door at once."""

import json
import os
import signal
import socket
import tempfile
from pathlib import Path

import pytest
import salt.crypt

from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.store import Store
from saltext.lab.wait import until
from tests.support import masters

MANY = 50
ONCE = "echo highstate >> {home}/{{{{ grains.id }}}}.runs:\n  cmd.run: []\n"


@pytest.fixture
def master():
    with tempfile.TemporaryDirectory(prefix="lab-") as home, masters.master(Path(home)) as running:
        (running.home / "tree/top.sls").write_text("base: {'*': [once]}\n")
        (running.home / "tree/once.sls").write_text(ONCE.format(home=home))
        yield running


@pytest.fixture
def pairs(master):
    """The key pairs of fifty machines, each enrolled."""
    pairs = {f"node{number}": salt.crypt.gen_keys(2048) for number in range(101, 101 + MANY)}
    wishes = [{"id": name, "fingerprint": fingerprint(public)} for name, (_, public) in pairs.items()]
    assert master.run("lab.expect", json.dumps(wishes)).returncode == 0
    return pairs


def connected(port):
    """Return how many connections to *port* of this machine there are (proc_net_tcp.txt of the kernel)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    to = f"{int.from_bytes(socket.inet_aton('127.0.0.1'), 'little'):08X}:{port:04X}"
    return sum(row[2] == to and row[3] == "01" for row in rows)


def test_fifty_minions_that_knock_together_are_admitted_and_highstated_once(master, pairs):
    with masters.Bus(master.opts) as bus:
        os.killpg(master.pid, signal.SIGSTOP)  # so that nobody comes before the others
        with masters.minions(master, pairs):
            until(lambda: connected(master.opts["ret_port"]) >= MANY, 300, "fifty at the door")
            os.killpg(master.pid, signal.SIGCONT)
            until(lambda: len(_done(master)) == MANY, 600, "the highstates", f"see {master.home}/log")
        knocked = {data["id"] for tag, data in bus.events if tag == "salt/auth"}
    runs = {name: (master.home / f"{name}.runs").read_text() for name in pairs}
    assert runs == dict.fromkeys(pairs, "highstate\n")
    assert master.keys("minions") == set(pairs) == knocked


def _done(master):
    records = Store(master.records).all().values()
    return [one.id for one in records if one.highstate and one.highstate.state == "done"]
