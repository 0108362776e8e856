"""Whoever has gone silent is told, in words that say who and what to do, and nobody waits long for it."""

import json
import os
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import Step
from saltext.lab.boot.guests import Guests
from saltext.lab.errors import Unreachable
from saltext.lab.spec import source
from saltext.lab.spec.check import checked
from saltext.lab.wait import until
from tests.salt.conftest import Identity
from tests.support import masters

CODE = {"module_dirs": [str(masters.REPOSITORY / "salt")], "utils_dirs": [str(masters.REPOSITORY / "_utils")]}
LAB = checked(source.load(masters.REPOSITORY / "pillar"))


@pytest.fixture(scope="module")
def pi2(master, bus):
    """The minion beside the virtual master; its directory."""
    key, since = Identity(), len(bus.events)
    assert master.run("lab.expect", f"[{{id: pi2, fingerprint: {key.fingerprint}}}]").returncode == 0
    with masters.minion(master, "pi2", key.private, key.public, **CODE) as home:
        (home / "master").symlink_to(master.config)
        until(lambda: any(tag == "salt/minion/pi2/start" for tag, _ in bus.events[since:]), 60, "the start of pi2")
        yield home


@contextmanager
def stopped(home):
    """Have the minion in *home* neither run nor end, as a machine does that hangs."""
    [leader] = [pid for pid in _pids() if f"-c\0{home}\0" in f"{_words(pid)}\0" and os.getpgid(pid) == pid]
    os.killpg(leader, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(leader, signal.SIGCONT)


def _pids():
    return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit()]


def _words(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def silent(master):
    return master.call("pi2", "lab_master.silent", '["web1", "web9"]', "timeout=3")


@pytest.mark.usefixtures("highstated", "pi2")
def test_the_minion_beside_a_master_tells_which_of_its_machines_are_silent(master):
    assert silent(master) == ["web9"]
    with stopped(master.home / "minion-web1"):
        assert silent(master) == ["web1", "web9"]
    until(lambda: silent(master) == ["web9"], 30, "web1 again")


@pytest.mark.usefixtures("highstated")
def test_status_tells_of_a_silent_master_of_the_vms_and_of_each_vm_that_nobody_can_ask_for(master, pi2):
    with stopped(pi2):
        done = master.run("--out", "json", "lab.status")
    rows = json.loads(done.stdout)

    assert done.returncode == 1
    assert {name: row["minion"] for name, row in rows["hosts"].items()} == dict.fromkeys(LAB.hosts, "silent")
    assert {row["minion"] for row in rows["vms"].values()} == {"unknown"}


@pytest.mark.usefixtures("highstated")
def test_a_run_says_that_the_virtual_master_cannot_be_driven_because_its_minion_is_silent(master, pi2):
    guests = Guests(LAB, Fleet(master.opts, life=1), {"web1": ""})
    with stopped(pi2), pytest.raises(Unreachable) as caught:
        guests.highstate(Step("highstate", "web1", (), 30))

    assert str(caught.value) == (
        "the virtual master cannot be driven: pi2 does not answer lab_master.records"
        " — its minion is silent: it is not connected, or was restarted just now"
        " — on pi2: systemctl status salt-minion; then salt-run lab.status pi2"
    )
