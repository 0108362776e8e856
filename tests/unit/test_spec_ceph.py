"""What hosts get to know of the lab's Ceph cluster and of their disks, and that others do not."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from tests.support.labs import PLAIN

FSID = "5b6f2d3e-6d4c-4f0e-9d0a-0a7c4f2f6a11"
POOLS = {"vms": {"application": "rbd", "quota_gib": 100}, "slow": {"device_class": "hdd"}}
KEYS = {"client.libvirt": {"caps": {"mon": "profile rbd"}}, "client.backup": {"caps": {"mon": "allow r"}}}
SPEC = merge(
    PLAIN,
    {
        "hosts": {
            "hv1": {
                **{"zone": "attic", "osds": [{"serial": "WD-1", "size_gib": 465}, {"wwn": "0x5000c500a1b2c3d4"}]},
                "raids": {"md0": {"level": 1, "legs": [{"serial": "S-1"}, {"serial": "S-2", "partition": 2}]}},
            },
            "hv2": {"osds": [{"serial": "WD-2"}]},
        },
        "ceph": {
            **{"fsid": FSID, "mons": ["pi2", "hv1", "hv2"], "mgrs": ["pi2"], "public": "underlay", "pools": POOLS},
            **{"keys": KEYS, "config": {"osd": {"osd_memory_target": "1073741824"}}, "failure_domain": "osd"},
        },
    },
)
CEPH = {host: part.get("ceph") for host, part in compile(checked(SPEC)).items()}
COMMON = {
    "fsid": FSID,
    "mons": {"hv1": "10.98.0.21", "hv2": "10.98.0.22", "pi2": "10.98.0.12"},
    **{"public": "10.98.0.0/24", "cluster": "10.98.0.0/24"},
}
WISH = {
    **{"size": 3, "min_size": 2, "failure_domain": "osd", "keys": KEYS, "flags": []},
    "pools": {
        "vms": {"application": "rbd", "quota_gib": 100, "autoscale": "on"},
        "slow": {"application": "rbd", "device_class": "hdd", "autoscale": "on"},
    },
    "config": {"osd": {"osd_memory_target": "1073741824"}},
}


def test_a_host_has_what_its_part_in_the_cluster_needs():
    assert CEPH["pi2"] == COMMON | {"serves": ["mon", "mgr"], "wish": WISH}
    assert CEPH["hv2"] == COMMON | {"serves": ["mon", "osd"], "osds": [{"serial": "WD-2"}], "wish": WISH}
    assert CEPH["hv1"]["zone"] == "attic"
    assert CEPH["hv1"]["osds"] == [{"serial": "WD-1", "size_gib": 465}, {"wwn": "0x5000c500a1b2c3d4"}]


def test_who_has_no_part_in_it_knows_nothing_of_it():
    assert [name for name, part in CEPH.items() if part is None] == ["pi1", "web1", "web2", "web3"]


def test_a_host_with_disks_alone_does_not_know_who_may_log_in():
    part = compile(checked(merge(copy.deepcopy(SPEC), {"ceph": {"mons": ["pi2"]}})))["hv2"]["ceph"]

    assert part == COMMON | {"mons": {"pi2": "10.98.0.12"}, "serves": ["osd"], "osds": [{"serial": "WD-2"}]}


def test_a_cluster_network_of_its_own_is_told():
    spec = merge(copy.deepcopy(SPEC), {"ceph": {"cluster": "guests", "mons": ["pi2"]}})

    assert compile(checked(spec))["pi2"]["ceph"]["cluster"] == "10.20.0.0/24"


def test_managers_are_beside_the_monitors_where_nobody_says():
    part = compile(checked(merge(copy.deepcopy(SPEC), {"ceph": {"mgrs": None}})))

    assert {name for name, one in part.items() if "mgr" in one.get("ceph", {}).get("serves", ())} == {
        "pi2",
        "hv1",
        "hv2",
    }


def test_raids_are_told_to_the_host_that_has_the_disks():
    parts = compile(checked(SPEC))

    assert parts["hv1"]["raids"] == {
        "md0": {"level": 1, "legs": [{"serial": "S-1"}, {"serial": "S-2", "partition": 2}]}
    }
    assert [name for name, part in parts.items() if "S-2" in json.dumps(part)] == ["hv1"]


@given(mons=st.permutations(SPEC["ceph"]["mons"]), keys=st.permutations(list(KEYS)), pools=st.permutations(list(POOLS)))
def test_the_order_in_which_it_is_stated_does_not_matter(mons, keys, pools):
    cluster = SPEC["ceph"] | {"mons": mons}
    cluster |= {"keys": {name: KEYS[name] for name in keys}, "pools": {name: POOLS[name] for name in pools}}
    found = compile(checked(SPEC | {"ceph": cluster}))

    assert {host: part.get("ceph") for host, part in found.items()} == CEPH


@pytest.mark.parametrize("gone", ["pi2", "hv2"])
def test_a_host_with_disks_does_not_notice_that_others_lose_theirs(gone):
    spec = merge(copy.deepcopy(SPEC), {"hosts": {gone: {"osds": None}}, "ceph": {"failure_domain": "osd", "size": 1}})

    assert compile(checked(spec))["hv1"]["ceph"]["osds"] == CEPH["hv1"]["osds"]
