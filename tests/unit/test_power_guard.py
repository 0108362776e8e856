"""What may be switched off, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab import power
from saltext.lab.errors import BadWish, NotSafe
from saltext.lab.plan import merge
from saltext.lab.power import guard
from saltext.lab.power.guard import beside, carries, cut
from saltext.lab.power.order import order
from saltext.lab.spec import source
from saltext.lab.spec.check import checked
from tests.support.labs import PLAIN

PLUG = {
    "driver": "http",
    "address": "10.99.0.31",
    "turn_on": {"url": "http://{address}/on"},
    "turn_off": {"url": "http://{address}/off"},
}


def lab(patch=None):
    return checked(merge(PLAIN, patch or {}))


def shared(**hosts):
    """Return a lab in which these hosts have such plugs."""
    return lab({"hosts": {name: {"power": PLUG | more} for name, more in hosts.items()}})


def pool(server):
    return {"pools": {"nfs": {"type": "netfs", "path": "/srv/nfs", "source": {"dir": "/export", "hosts": [server]}}}}


def needs(host, who):
    return {"hosts": {host: {"needs": {"nfs": who}}}}


CEPH = {"fsid": "5b6f2d3e-6d4c-4f0e-9d0a-0a7c4f2f6a11", "mons": ["hv2"], "public": "underlay"}
CARRIED = {
    "nothing": ({}, "hv1", None),
    "the master of the hosts": ({}, "pi1", guard.PHYSICAL),
    "the master of the VMs": ({}, "pi2", guard.VIRTUAL),
    "an OSD": ({"hosts": {"hv1": {"osds": [{"serial": "WD-1"}]}}}, "hv1", guard.STORAGE),
    "a monitor": ({"ceph": CEPH}, "hv2", guard.STORAGE),
    "a manager": ({"ceph": CEPH | {"mgrs": ["hv1"]}}, "hv1", guard.STORAGE),
    "a pool": (pool("10.98.0.21"), "hv1", guard.STORAGE),
    "a pool at a port": (pool("10.98.0.21:2049"), "hv1", guard.STORAGE),
    "a pool of its VM": (pool("web1"), "hv1", guard.STORAGE),
    "a pool of another": (pool("10.98.0.211"), "hv1", None),
    "what another needs": (needs("hv2", "hv1"), "hv1", guard.NEEDED),
    "a VM that another needs": (needs("hv2", "web1"), "hv1", guard.NEEDED),
    "what it needs itself": (needs("hv1", "web1"), "hv1", None),
}


@pytest.mark.parametrize(("patch", "host", "carried"), CARRIED.values(), ids=CARRIED)
def test_what_a_host_carries(patch, host, carried):
    assert carries(lab(patch), host) == ({carried} if carried else set())


def test_what_the_machines_of_six_networks_carry():
    attic = checked(source.load(sls="attic"))

    assert carries(attic, "nb1") == {guard.NETBOOT}
    assert carries(attic, "hv1") == {guard.ROUTES, guard.STORAGE}  # firewall and router run there, too


def test_what_carries_nothing_may_go_and_the_rest_only_if_forced():
    demo = checked(source.load())

    assert cut(demo, ["hv2", "hv1"]) == ["hv2", "hv1"]
    with pytest.raises(NotSafe) as caught:
        cut(demo, ["hv1", "pi1", "nb1"])
    assert str(caught.value) == (
        "pi1 and nb1 may not be switched off — pi1 carries the physical master; nb1 carries netboot —"
        " if that is what you want: salt-run lab.power hv1,pi1,nb1 off force=true"
    )
    assert cut(demo, ["pi1", "pi2", "hv1", "nb1", "hv2", "hv1"], forced=True) == ["hv1", "hv2", "nb1", "pi2", "pi1"]


@given(st.lists(st.sampled_from([*PLAIN["hosts"]])))
def test_the_order_has_everybody_once_and_masters_last(hosts):
    going = cut(lab(), hosts, forced=True)

    assert sorted(going) == sorted(set(hosts))
    assert [host for host in going if host.startswith("pi")] == going[len(going) - len({"pi1", "pi2"} & set(going)) :]


def test_who_is_on_a_plug_is_known_by_its_name_or_by_the_same_outlet():
    both = shared(hv1={}, hv2={})
    named = shared(hv1={"also": ["hv2", "switch1"]})
    apart = shared(hv1={"outlet": 1}, hv2={"outlet": 2})

    assert beside(both, ["hv1"]) == {"hv2"}
    assert beside(both, ["hv1", "hv2"]) == set()
    assert beside(named, ["hv1"]) == {"hv2", "switch1"}
    assert beside(named, ["hv2"]) == set()  # by its own button it goes alone
    assert beside(apart, ["hv1"]) == set()


def test_a_shared_plug_is_cut_when_all_are_named_or_it_is_forced():
    both, switch = shared(hv1={}, hv2={}), shared(hv1={"also": ["switch1"]})

    assert cut(both, ["hv1", "hv2"]) == ["hv1", "hv2"]
    with pytest.raises(NotSafe, match=r"hv2 would go too — name all of them: salt-run lab.power hv1,hv2 off$"):
        cut(both, ["hv1"])
    with pytest.raises(NotSafe, match=r"switch1 would go too — if that is .*: salt-run lab.power hv1 off force=true$"):
        cut(switch, ["hv1"])
    assert cut(switch, ["hv1"], forced=True) == ["hv1"]


@pytest.mark.parametrize(
    ("hosts", "act", "why"),
    [
        (["hv9"], "on", r"there is no host hv9 in lab demo \(did you mean hv"),
        (["hv1"], "of", r"of is nothing that power can do \(did you mean off\?\) — there are status, on, off, cycle"),
        (["hv2"], "on", "nobody can switch hv2 — it has no power in the spec — state lab:hosts:hv2:power"),
    ],
)
def test_an_order_that_cannot_be_is_told_before_anything_is_switched(hosts, act, why):
    with pytest.raises(BadWish, match=why):
        order(lab({"hosts": {"hv2": {"power": None}}}), hosts, act)


class Driver:
    """The driver of *host*, which writes down what it does."""

    def __init__(self, host, done):
        self.host, self.done = host, done

    def __getattr__(self, act):
        return lambda: self.done.append((self.host, act))


def test_several_go_off_together_masters_last_and_come_back_masters_first(monkeypatch):
    done = []
    monkeypatch.setattr(power, "of", lambda lab, host, cleared: Driver(host, done))  # noqa: ARG005
    order(lab(), ["pi2", "hv1"], "cycle", force=True)

    assert done == [
        *(("hv1", "off"), ("pi2", "off"), ("hv1", "rest"), ("pi2", "rest"), ("pi2", "on"), ("hv1", "on")),
        *(("pi2", "status"), ("hv1", "status")),
    ]


@pytest.mark.parametrize("word", [True, "on"])
def test_a_word_that_salt_reads_as_true_is_on(word, monkeypatch):
    done = []
    monkeypatch.setattr(power, "of", lambda lab, host, cleared: Driver(host, done))  # noqa: ARG005
    order(lab(), ["hv2", "hv1"], word)

    assert done == [("hv1", "on"), ("hv2", "on"), ("hv2", "status"), ("hv1", "status")]
