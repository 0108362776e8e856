"""Where VMs are placed: what holds for every lab, and each reason in words."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.plan import merge
from saltext.lab.spec import standing
from saltext.lab.spec.check import checked, drafted
from saltext.lab.spec.place_explain import explain
from saltext.lab.spec.standing import Standing
from tests.support.big import big
from tests.support.labs import PLACED

GIB = 1024
LIMITS = {"small": 2 * GIB, "middle": 4 * GIB, "large": 8 * GIB}


def lab(hosts, vms, **more):
    """Return a spec with hypervisors *hosts*, ``{name: {memory_mib, …}}``, and *vms*, ``{name: Vm}`` without class."""
    spec = copy.deepcopy(PLACED)
    hypervisor = spec["hosts"].pop("hv1")
    for number, (name, own) in enumerate(hosts.items(), start=1):
        joins = [f"underlay+{50 + number}"]
        mine = {"mac": f"52:54:00:00:09:{number:02x}", "address": f"mgmt+{50 + number}", "joins": joins}
        spec["hosts"][name] = hypervisor | mine | own
    spec["vms"] = {
        name: {"class": "vm", "address": f"lan+{100 + number}"} | own
        for number, (name, own) in enumerate(sorted(vms.items()), start=1)
    }
    return merge(spec, more)


def host(memory_mib=4 * GIB, **more):
    return {"capacity": {"memory_mib": memory_mib, "vcpus": 64}} | more


def places(spec, before=None, **more):
    """Return ``{VM: host}``, where VMs were at *before*."""
    return {name: vm.host for name, vm in checked(spec, Standing(before or {}, **more)).vms.items()}


def refused(spec, before=None, **more):
    with pytest.raises(BadWish) as caught:
        checked(spec, Standing(before or {}, **more))
    return caught.value.why


# What holds for every lab

HOSTS = st.lists(st.sampled_from([2 * GIB, 4 * GIB, 8 * GIB]), min_size=1, max_size=5).map(
    lambda limits: {f"hv{number}": host(limit) for number, limit in enumerate(limits, start=2)}
)
VM = st.fixed_dictionaries(
    {"memory_mib": st.sampled_from([512, 1 * GIB, 2 * GIB])},
    optional={"apart": st.sampled_from(["dns", "db"]), "priority": st.integers(0, 100)},
)
VMS = st.lists(VM, min_size=1, max_size=8).map(
    lambda vms: {f"vm{number}": vm for number, vm in enumerate(vms, start=1)}
)


def solved(spec, before=None):
    """Return the places in *spec*, or None where there are none."""
    try:
        return places(spec, before)
    except BadWish as err:
        if "cannot be placed" in err.why:
            return None
        raise


@given(HOSTS, VMS)
def test_no_host_has_more_than_its_capacity_and_those_apart_are_apart(hosts, vms):
    where = solved(lab(hosts, vms))
    if where:
        assert where.keys() == vms.keys()
        for name, own in hosts.items():
            mine = [vms[vm] for vm in vms if where[vm] == name]
            assert sum(vm["memory_mib"] for vm in mine) <= own["capacity"]["memory_mib"]
            words = [vm["apart"] for vm in mine if "apart" in vm]
            assert len(words) == len(set(words))


@given(HOSTS, VMS, VM)
def test_a_vm_that_comes_moves_another_only_where_nothing_else_is_possible(hosts, vms, new):
    before = solved(lab(hosts, vms))
    after = before and solved(lab(hosts, vms | {"new": new}), before)
    if after and any(after[vm] != before[vm] for vm in vms):
        for name, own in hosts.items():
            mine = [vms[vm] for vm in vms if before[vm] == name]
            full = sum(vm["memory_mib"] for vm in mine) + new["memory_mib"] > own["capacity"]["memory_mib"]
            assert full or new.get("apart") in [vm.get("apart", 0) for vm in mine]


@given(HOSTS, VMS)
def test_who_stands_stays(hosts, vms):
    before = solved(lab(hosts, vms))

    assert before is None or places(lab(hosts, vms), before) == before


@given(HOSTS, VMS, st.data())
def test_a_vm_that_goes_moves_no_other(hosts, vms, data):
    before = solved(lab(hosts, vms))
    gone = data.draw(st.sampled_from(sorted(vms)))
    left = {name: vm for name, vm in vms.items() if name != gone}

    assert before is None or places(lab(hosts, left), before) == {vm: before[vm] for vm in left}


@given(HOSTS, VMS, st.data())
def test_the_order_of_the_spec_does_not_matter(hosts, vms, data):
    spec = lab(hosts, vms)
    mixed = spec | {
        part: {name: spec[part][name] for name in data.draw(st.permutations(list(spec[part])))}
        for part in ("hosts", "vms")
    }

    assert solved(mixed) == solved(spec)


@given(HOSTS, VMS)
def test_who_is_placed_is_placed_again_after_everything_was_shaken(hosts, vms):
    """Any standing is a start: even one that is wrong in every place."""
    spec = lab(hosts, vms)
    wrong = {vm: sorted(hosts)[number % len(hosts)] for number, vm in enumerate(sorted(vms))}
    where = solved(spec, wrong)
    if where:
        assert places(spec, where) == where


def test_two_thousand_vms_find_a_place_each():
    where = places(big())

    assert len(where) == 2000
    assert len({where[vm] for vm in list(where)[2:2000:40]}) == 50  # those that are apart


@pytest.mark.parametrize(("room", "stays"), [(2 * GIB, "hv1"), (2 * GIB - 1, "hv2")])
def test_who_stands_stays_while_there_is_room_to_the_last_mib(room, stays):
    hosts = {"hv1": host(room), "hv2": host(4 * GIB)}

    assert places(lab(hosts, {"a": {"memory_mib": 2 * GIB}}), {"a": "hv1"}) == {"a": stays}


# Room is made


def test_room_is_made_by_moving_the_smallest_that_is_enough():
    hosts = {"hv1": host(4 * GIB), "hv2": host(3 * GIB)}
    vms = {"a": {"memory_mib": 1 * GIB}, "b": {"memory_mib": 2 * GIB}, "c": {"memory_mib": 1 * GIB}}
    before = {"a": "hv1", "b": "hv1", "c": "hv2"}
    after = places(lab(hosts, vms | {"new": {"memory_mib": 2 * GIB, "apart": "x"}}), before)
    assert after == before | {"new": "hv2"}

    after = places(lab(hosts, vms | {"new": {"memory_mib": 5 * GIB // 2}}), before)
    assert after == {"a": "hv1", "b": "hv1", "c": "hv1", "new": "hv2"}


def test_of_those_on_a_host_the_smallest_that_is_enough_moves_and_else_the_biggest_first():
    hosts = {"hv1": host(6 * GIB, zone="a"), "hv2": host(8 * GIB, zone="b")}
    vms = {"a": {"memory_mib": 1 * GIB}, "b": {"memory_mib": 2 * GIB}, "c": {"memory_mib": 3 * GIB}}
    before = dict.fromkeys(vms, "hv1")

    def moved(mib):
        after = places(lab(hosts, vms | {"new": {"memory_mib": mib, "zones": ["a"]}}), before)
        return [name for name in vms if after[name] == "hv2"]

    assert [moved(gib * GIB) for gib in (1, 2, 3, 4)] == [["a"], ["b"], ["c"], ["a", "c"]]


def test_who_is_kept_apart_makes_room_for_one_that_can_be_nowhere_else():
    hosts = {"hv1": host(zone="a"), "hv2": host(zone="b")}
    vms = {"ns1": {"apart": "dns"}, "ns2": {"apart": "dns", "zones": ["a"]}}

    assert places(lab(hosts, vms), {"ns1": "hv1"}) == {"ns1": "hv2", "ns2": "hv1"}


def test_where_not_all_fit_those_with_a_lower_number_do():
    hosts, half = {"hv1": host(2 * GIB)}, {"memory_mib": 1 * GIB}
    vms = {"a": half | {"priority": 90}, "b": half | {"priority": 50}, "c": half | {"priority": 10}}

    for before in ({}, {"a": "hv1"}, {"a": "hv1", "b": "hv1"}):
        assert refused(lab(hosts, vms), before) == (
            "lab:vms:a cannot be placed: 1 host lacks memory: state its `host`, or add capacity"
        )


def test_what_is_experimental_leaves_to_production_what_it_reserves():
    hosts, vms = {"hv1": host(4 * GIB), "hv2": host(2 * GIB)}, {"shop1": {}, "try1": {"memory_mib": 2 * GIB}}
    clusters = {
        "shop": {"kind": "production", "vms": ["shop1"], "reserve_mib": 4 * GIB},
        "try": {"kind": "experimental", "vms": ["try1"], "lifetime_h": 24},
    }
    assert places(lab(hosts, vms, clusters=clusters))["try1"] == "hv1"

    clusters["shop"]["reserve_mib"] = 5 * GIB
    assert refused(lab(hosts, vms, clusters=clusters)).startswith(
        "lab:vms:try1 cannot be placed: 2 hosts keep the rest for production"
    )


def test_an_experiment_goes_for_production():
    hosts = {"hv1": host(2 * GIB)}
    vms = {"shop1": {"memory_mib": 2 * GIB, "priority": 99}, "try1": {"memory_mib": 1 * GIB, "priority": 1}}
    clusters = {"try": {"kind": "experimental", "vms": ["try1"], "lifetime_h": 24}}

    assert refused(lab(hosts, vms, clusters=clusters), {"try1": "hv1"}).startswith("lab:vms:try1 cannot be placed")


# What stays whatever else is there


def test_who_states_a_host_is_there_and_counts_first():
    hosts = {"hv1": host(2 * GIB), "hv2": host(2 * GIB)}
    vms = {"a": {"memory_mib": 2 * GIB, "priority": 0}, "b": {"host": "hv1"}}

    assert places(lab(hosts, vms), {"a": "hv1"}) == {"a": "hv2", "b": "hv1"}


@pytest.mark.parametrize(("pool", "moves"), [("local", False), ("shared", True)])
def test_who_has_disks_on_one_host_stays_there_also_when_that_is_off(pool, moves):
    vms = {"a": {"disks": {"vda": {"pool": pool, "size_gib": 1}}}}
    hosts = {"hv1": host(), "hv2": host(8 * GIB)}

    assert places(lab(hosts, vms), {"a": "hv1"}, off=("hv1",)) == {"a": "hv2" if moves else "hv1"}


def test_who_has_no_disks_leaves_a_host_that_is_off():
    assert places(lab({"hv1": host(), "hv2": host()}, {"a": {}}), {"a": "hv1"}, off=("hv1",)) == {"a": "hv2"}


MISTAKES = {
    "more memory is promised than there is": (
        lab({"hv1": host(2 * GIB)}, {"a": {"host": "hv1", "memory_mib": 2 * GIB}, "b": {"host": "hv1"}}),
        "lab:hosts:hv1:capacity:memory_mib is promised to VMs that cannot be elsewhere (a, b), and 512 MiB are missing:"
        " give one of them another host, or less",
    ),
    "more processors are promised than there are": (
        lab({"hv1": host() | {"capacity": {"memory_mib": 4 * GIB, "vcpus": 1}}}, {"a": {"host": "hv1", "vcpus": 5}}),
        "lab:hosts:hv1:capacity:vcpus is promised to VMs that cannot be elsewhere (a), and 1 processors are missing:"
        " give one of them another host, or less",
    ),
    "two that are apart state one host": (
        lab({"hv1": host()}, {"a": {"host": "hv1", "apart": "dns"}, "b": {"host": "hv1", "apart": "dns"}}),
        "lab:vms:b:host hv1 has a, `apart` by the same word dns: give one of them another host",
    ),
    "a host in another zone": (
        lab(
            {"hv1": host(zone="a"), "x": {"zone": "b"}, "y": {"zone": "c"}}, {"a": {"host": "hv1", "zones": ["b", "c"]}}
        ),
        "lab:vms:a:host hv1 is in another zone than b, c: give it another host",
    ),
    "no place, for reasons that differ": (
        lab(
            {
                **{f"hv{number}": host(1 * GIB, zone="attic") for number in range(1, 13)},
                **{f"hv{number}": host(zone="shed") for number in range(13, 16)},
                "hv16": {"zone": "attic"},
                "hv17": host(zone="attic", uplinks={}, joins=[]),
                "hv18": {"zone": "attic", "capacity": {"memory_mib": 4 * GIB, "vcpus": 1}},
            },
            {"a": {"memory_mib": 2 * GIB, "vcpus": 8, "zones": ["attic"]}},
        ),
        "lab:vms:a cannot be placed: 12 hosts lack memory, 3 hosts are in another zone, 1 host has no way into lan,"
        " 1 host lacks processors, 1 host states no capacity: state its `host`, or add capacity",
    ),
    "no hypervisor at all": (
        lab({}, {"a": {}}),
        "lab:vms:a cannot be placed: there is no hypervisor: state its `host`, or add capacity",
    ),
}


@pytest.mark.parametrize(("spec", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake(spec, words):
    assert refused(spec) == words


def test_all_that_cannot_be_placed_is_told_at_once():
    said = refused(lab({"hv1": host(1 * GIB)}, {name: {"memory_mib": 2 * GIB} for name in "abc"}))

    assert said.count("cannot be placed: 1 host lacks memory") == 3


def test_disks_on_a_host_that_is_gone():
    vms = {"a": {"disks": {"vda": {"pool": "local", "size_gib": 1}}}}

    assert refused(lab({"hv1": host()}, vms), {"a": "hv9"}) == (
        "lab:vms:a has disks on hv9, which is no host any more: state a `host` to have it made anew there"
    )


def test_who_shares_the_card_of_its_master_is_elsewhere():
    spec = lab({"hv1": host(8 * GIB), "hv2": host()}, {"a": {}})
    wire = {"networks": {"lan": {"vlan": None, "attach": "macvtap"}}}
    cards = {"trunk0": ["underlay"], "trunk1": ["lan"]}
    both = {name: {"uplinks": cards} for name in ("pi2", "hv1", "hv2")}
    both["hv1"]["joins"] = ["underlay+51", "lan+5"]
    master = {"masters": {"virtual": "hv1"}, "hosts": both}

    assert places(merge(spec, wire | master)) == {"a": "hv2"}
    assert places(spec) == {"a": "hv1"}


# Why


def why(spec, vm, before=None):
    """Return ``[(host, state, why)]`` of *vm*, where VMs were at *before*."""
    return [reason[:3] for reason in explain(drafted(spec, Standing(before or {}))[0], vm)]


def test_each_host_with_the_reason_for_or_against_it():
    hosts = {"hv1": host(zone="a"), "hv2": host(8 * GIB, zone="a"), "hv3": host(zone="b"), "hv4": {"zone": "a"}}
    spec = lab(hosts | {"hv5": host(256, zone="a")}, {"a": {"zones": ["a"]}, "b": {"host": "hv5", "memory_mib": 64}})

    assert why(spec, "a", {"a": "hv1"}) == [
        ("hv1", "chosen", "it was there before"),
        ("hv2", "possible", ""),
        ("hv3", "against", "is in another zone"),
        ("hv5", "against", "lacks memory"),
        ("hv4", "against", "states no capacity"),
        ("pi1", "against", "is no hypervisor"),
        ("pi2", "against", "is no hypervisor"),
    ]
    assert why(spec, "a")[0] == ("hv2", "chosen", "most memory was left there")
    assert why(spec, "b")[0] == ("hv5", "chosen", "it is stated")


def test_what_a_host_has_left_is_without_the_vm():
    spec = lab({"hv1": host(4 * GIB)}, {"a": {"memory_mib": 3 * GIB, "vcpus": 2}, "b": {"memory_mib": 512}})
    (reason, *_) = explain(checked(spec), "a")

    assert (reason.host, reason.memory_mib, reason.vcpus) == ("hv1", 4 * GIB - 512, 255)


def test_one_without_a_place_is_explained_too():
    spec = lab(
        {"hv1": host(1 * GIB), "hv2": host(2 * GIB)}, {"a": {"memory_mib": 2 * GIB}, "b": {"memory_mib": 2 * GIB}}
    )

    assert why(spec, "a")[0] == ("hv2", "chosen", "most memory was left there")
    assert [row[:2] for row in why(spec, "b")[:2]] == [("hv1", "against"), ("hv2", "against")]


# From one run to the next


def test_a_vm_that_moves_leaves_a_domain_behind_until_that_is_gone():
    hosts, vms = {"hv1": host(), "hv2": host()}, {"a": {}, "b": {"host": "hv2"}}
    before = Standing({"a": "hv1", "b": "hv2", "c": "hv1"}, off=("hv1",))
    now = standing.of(checked(lab(hosts, vms), before))

    assert (now.places, now.former, now.off) == ({"a": "hv2", "b": "hv2"}, {"a": ("hv1",)}, ("hv1",))
    assert now.machines == {"a", "b", "hv1", "hv2", "pi1", "pi2"}
    assert standing.of(checked(lab(hosts, vms), now)) == now
    assert standing.cleared(now, ["hv2"]) == now
    assert standing.cleared(now, ["hv1"]).former == {}


def test_a_vm_that_comes_back_leaves_nothing_on_the_host_where_it_is():
    vms = {"a": {"host": "hv1"}}
    back = standing.of(
        checked(lab({"hv1": host(), "hv2": host()}, vms), Standing({"a": "hv2"}, former={"a": ("hv1",)}))
    )

    assert back.former == {"a": ("hv2",)}
