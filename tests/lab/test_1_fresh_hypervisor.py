"""What a plan says of a machine that is as it was installed, and what then happens; before the lab is up."""

import json

import pytest


@pytest.fixture(scope="module")
def hv1(seeded):
    """A hypervisor that is on and admitted, and on which nothing was applied so far."""
    seeded.run("pi1", "salt-run", "lab.bootstrap", "until=minion", timeout=300)
    seeded.salt("pi1", "hv1", "saltutil.sync_all")

    def apply(test):
        return seeded.salt("pi1", "hv1", "state.apply", f"test={test}", timeout=300)

    def world():
        dumps = [["ovsdb-client", "dump"], ["virsh", "list", "--all"], ["ls", "-R", "/etc", "/var/lib/libvirt/images"]]
        return [seeded.run("hv1", *dump).stdout for dump in dumps]

    return apply, world


def changed(states):
    return {state["__id__"]: state["changes"] for state in states.values() if state["changes"]}


def test_a_plan_changes_nothing_and_names_exactly_what_the_run_then_changes(hv1):
    apply, world = hv1

    before = world()
    told = apply(test=True)
    assert world() == before

    done = apply(test=False)
    assert all(state["result"] for state in done.values()), json.dumps(done, indent=1)
    assert {one for one, state in told.items() if state["result"] is None} == {
        one for one, state in done.items() if state["changes"]
    }
    for ours in ("bridges", "domains"):
        assert changed(told)[ours] == changed(done)[ours]


def test_a_second_run_changes_nothing(hv1):
    apply, _ = hv1

    assert changed(apply(test=False)) == {}
