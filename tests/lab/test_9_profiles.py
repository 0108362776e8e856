"""From one profile to another: only the difference stops and starts."""

import json

import pytest

from saltext.lab.plan import merge
from tests.support.labs import DEMO

#: The virtual master is told which profile is active, and the host of DHCP whether web2 may have an address.
TOLD = ("converge pi2", "converge nb1")
PROFILES = {"profile": "day", "profiles": {"day": {"vms": ["web2"]}, "night": {}}}


@pytest.fixture(scope="module")
def profiled(lab):
    with lab.spec({"lab": merge(DEMO, PROFILES)}):
        yield lab


def change(lab, name):
    """Return the answer of ``lab.profile``, and which steps have changed something."""
    answer = json.loads(lab.run("pi1", "salt-run", "--out", "json", "lab.profile", name, timeout=900).stdout)
    return answer, {step["step"] for step in answer["steps"] if step["state"] == "changed"}


def running(lab):
    """Return what tells the runs of all VMs that run: libvirt numbers them in the order of their starts."""
    rows = [row.split() for host in ("hv1", "hv2") for row in lab.run(host, "virsh", "list").stdout.splitlines()[2:]]
    return {row[1]: row[0] for row in rows if row}


def test_who_leaves_is_stopped_and_nobody_else_is_touched(profiled):
    before = running(profiled)
    answer, changed = change(profiled, "night")

    assert answer["changes"]["stop"] == {"web2": "hv1"}
    assert changed == {"stop web2", *TOLD}
    assert running(profiled) == {vm: run for vm, run in before.items() if vm != "web2"}


def test_the_lab_is_well_without_it(profiled):
    assert profiled.run("pi1", "salt-run", "lab.status").returncode == 0
    assert [row["state"] for row in json.loads(explained(profiled, "web1"))["reasons"]].count("chosen") == 1


def explained(lab, vm):
    return lab.run("pi1", "salt-run", "--out", "json", "lab.explain", vm).stdout


def test_who_comes_is_started_and_highstated_and_nobody_else_is_touched(profiled):
    before = running(profiled)
    answer, changed = change(profiled, "day")

    assert answer["changes"]["start"] == {"web2": "hv1"}
    assert changed == {*TOLD, "enrol hv1", "start web2", "highstate web2"}
    assert {vm: run for vm, run in running(profiled).items() if vm != "web2"} == before
    assert "neighbour" in profiled.salt("pi2", "web2", "file.read", "/etc/motd")
