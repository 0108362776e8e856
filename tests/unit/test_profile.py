"""Profiles: what runs when, what a change of profile does, and what is never switched off."""

import copy

import pytest

from saltext.lab.boot import profile
from saltext.lab.boot.graph import Step
from saltext.lab.boot.remove import remove
from saltext.lab.errors import BadWish, NotSafe, Refused, Unreachable
from saltext.lab.plan import merge
from saltext.lab.spec import profile as profiles
from saltext.lab.spec.check import checked
from saltext.lab.spec.standing import NOTHING, Standing
from saltext.lab.spec.transition import between, leaving
from tests.support.labs import PROFILED

DAY = {"game": "hv1", "job": "hv2", "nas": "hv1"}


def lab(name=None, patch=None, **more):
    """Return the lab in the profile *name*, where VMs were as by day."""
    return checked(merge(copy.deepcopy(PROFILED), patch or {}), Standing(DAY, profile=name, **more))


def mistakes(patch, **more):
    with pytest.raises(BadWish) as caught:
        lab(patch=patch, **more)
    return caught.value.why


def test_who_is_in_no_profile_runs_in_all_and_who_is_in_one_in_that_alone():
    day, night = lab(), lab("night")

    assert {name: vm.host for name, vm in day.vms.items()} == {"game": "hv1", "job": "hv2", "nas": "hv1"}
    assert day.resting == {"backup"}
    assert {name: vm.host for name, vm in night.vms.items()} == {"backup": "hv1", "job": "hv1", "nas": "hv1"}
    assert night.resting == {"game", "hv2"}


def test_only_the_difference_stops_starts_and_moves():
    forth, back = between(lab(), lab("night")), between(lab("night"), lab())

    assert forth == {
        "stop": {"game": "hv1"},
        "start": {"backup": "hv1"},
        "move": {"job": ["hv2", "hv1"]},
        "on": [],
        "off": ["hv2"],
    }
    assert (back["stop"], back["start"]) == ({"backup": "hv1"}, {"game": "hv1"})
    assert (back["move"], back["on"], back["off"]) == ({"job": ["hv1", "hv2"]}, ["hv2"], [])
    assert not any(between(lab("night"), lab("night")).values())


def test_who_leaves_is_stopped_where_it_is_also_after_a_run_that_was_broken_off():
    begun = Standing({"game": "hv1", "job": "hv1", "nas": "hv1", "backup": "hv1"}, profile="night")

    assert leaving(lab("night")) == {"game": "hv1", "job": "hv2"}
    assert leaving(checked(PROFILED, begun._replace(former={"job": ("hv2",)}))) == {"game": "hv1", "job": "hv2"}
    assert leaving(lab()) == {}


MISTAKES = {
    "none is active": ({"profile": None}, "lab:profile is missing: which of day, night is active until lab.profile"),
    "another is active": (
        {"profile": "dya"},
        "lab:profile names 'dya' (did you mean day?), which is not in lab:profil",
    ),
    "a VM that there is not": ({"profiles": {"day": {"vms": ["gmae"]}}}, "lab:profiles:day:vms names 'gmae' (did you"),
    "a host that there is not": ({"profiles": {"day": {"hosts": ["hv3"]}}}, "lab:profiles:day:hosts names 'hv3'"),
    "a place that there is not": (
        {"profiles": {"night": {"place": {"job": "hv3"}}}},
        "lab:profiles:night:place:job names 'hv3'",
    ),
    "a master rests": (
        {"profiles": {"day": {"hosts": ["pi2"]}}},
        "lab:profiles:day:hosts has pi2, which is a master: leave it out",
    ),
    "a host that is always on rests": (
        {"profiles": {"day": {"hosts": ["hv1"]}}},
        "lab:profiles:day:hosts has hv1, which is always_on: leave it out",
    ),
    "a host rests that another needs": (
        {"hosts": {"hv1": {"needs": {"nfs": "hv2"}}}},
        "lab:hosts:hv1:needs:nfs hv2 rests in profile night: name it in lab:profiles:night too",
    ),
    "a VM rests that another needs": (
        {"vms": {"nas": {"needs": ["game"]}}},
        "lab:vms:nas:needs game rests in profile night: name it in lab:profiles:night too",
    ),
}


@pytest.mark.parametrize(("patch", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake(patch, words):
    assert words in mistakes(patch)


def test_who_cannot_move_does_not_rest_with_its_host():
    assert "lab:vms:job:host hv2 rests in the active profile: have job rest too, or `place` it" in mistakes(
        {"profiles": {"night": {"place": {"job": "hv2"}}}}, name="night"
    )


def test_a_profile_that_was_chosen_and_is_gone_is_told():
    assert "lab:profiles has no nigth (did you mean night?), which lab.profile has chosen" in mistakes({}, name="nigth")


def test_the_profiles_as_they_are_listed():
    assert [(row["name"], row["active"]) for row in profiles.listed(lab("night"))] == [("day", False), ("night", True)]
    assert profiles.listed(checked(merge(PROFILED, {"profiles": None, "profile": None}), NOTHING)) == []


def test_a_numbered_vm_may_rest():
    block = {"kind": "vm", "class": "vm", "ids": "1-3", "name": "node{id}"}
    block |= {"mac": "52:54:00:66:00:{id:02x}", "address": "lan+4{id}"}
    named = {"blocks": {"node": block}, "profiles": {"day": {"vms": ["game", "node2"]}}}
    night = lab("night", named)

    assert {"game", "node2", "hv2"} == night.resting
    assert {"node1", "node3"} < set(night.vms)
    with pytest.raises(Refused, match="node2 is in the spec .* take it out of lab:blocks:node:ids"):
        remove(night, None, "node2")


# What is done


class Fleet:
    """Two hypervisors: who runs there, and what was asked of them."""

    def __init__(self, **running):
        self.running, self.asked = running, []

    def call(self, host, fun, *args, **_):
        if fun == "lab_virt.domains":
            return self.running[host]
        self.asked.append((host, fun, *args))
        return {"stopped": True}

    def new_jid(self):
        return "1"

    def publish(self, hosts, fun, **_):
        self.asked.append((*hosts, fun))


class Button:
    """A power driver whose host goes off when it was asked to."""

    def __init__(self, fleet, before="on", after="off"):
        self.fleet, self.before, self.after = fleet, before, after

    def status(self):
        return self.after if any("poweroff" in fun for _, fun, *_ in self.fleet.asked) else self.before


def rest(fleet, driver=None):
    return profile.Rest(lab("night"), fleet, lambda host: driver)


def test_one_with_disks_shuts_down_and_the_plug_of_another_is_pulled():
    fleet = Fleet(hv1={"game": {"running": True, "disks": {"vda": {}}}}, hv2={"job": {"running": True}})

    assert rest(fleet).stop(Step("stop", "game", ())) == "stopped on hv1"
    assert rest(fleet).stop(Step("stop", "job", ())) == "stopped on hv2"
    assert fleet.asked == [("hv1", "lab_virt.shutdown", "game"), ("hv2", "lab_virt.stop", "job")]


@pytest.mark.parametrize("domains", [{}, {"game": {"running": False}}])
def test_one_that_does_not_run_is_left_alone(domains):
    fleet = Fleet(hv1=domains)

    assert (rest(fleet).stop(Step("stop", "game", ())), fleet.asked) == ("", [])


def test_nobody_is_asked_on_a_host_that_is_off():
    fleet = Fleet()

    assert rest(fleet, Button(fleet, "off")).stop(Step("stop", "game", ())) == ""


def test_a_host_is_asked_to_power_off_and_waited_for():
    fleet = Fleet(hv2={"job": {"running": False}})

    assert rest(fleet, Button(fleet)).rest(Step("rest", "hv2", ())) == "powered off"
    assert fleet.asked == [("hv2", "system.poweroff")]
    assert rest(fleet, Button(fleet)).rest(Step("rest", "hv2", ())) == ""
    assert len(fleet.asked) == 1


def test_a_host_that_somebody_uses_is_not_powered_off():
    fleet = Fleet(hv2={"guest": {"running": True}})
    with pytest.raises(NotSafe, match="hv2 is not powered off — guest runs on it"):
        rest(fleet, Button(fleet)).rest(Step("rest", "hv2", ()))

    assert fleet.asked == []


def test_a_host_that_stays_on_is_told(monkeypatch):
    monkeypatch.setattr(profile, "POWEROFF", 0.1)
    fleet = Fleet(hv2={})
    with pytest.raises(Unreachable, match="the end of hv2, which was asked to power off did not come"):
        rest(fleet, Button(fleet, after="on")).rest(Step("rest", "hv2", ()))


def test_a_host_without_a_power_driver_is_left_on():
    assert rest(Fleet()).rest(Step("rest", "hv2", ())) == ""
