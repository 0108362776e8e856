"""Disks of VMs, and what their hypervisors get of pools, images and secrets."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.plan import merge
from saltext.lab.schema import check
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.virt import secret_id, volume_xml
from saltext.lab.virt.model import Domains
from saltext.lab.virt.pool_model import Pools
from saltext.lab.virt.secret_model import Secrets
from saltext.lab.virt.volume_model import Images, Volumes
from tests.support.labs import PLAIN

KEY = "AQBSdFhlAAAAABAAfakefakefakefakefakefake=="
DEB12 = {"kind": "disk", "source": "https://images.example/deb12.qcow2", "sha256": "a" * 64}
CEPH = {
    "type": "rbd",
    "source": {"name": "vms", "hosts": ["10.20.0.11"], "auth": {"user": "libvirt", "secret": "client.libvirt"}},
}
#: web1 on hv1 with a disk of files, web3 on hv2 with two of Ceph, web2 with none.
STORED = merge(
    PLAIN,
    {
        "images": {"deb12": DEB12},
        "pools": {"ceph": CEPH},
        "secrets": {"client.libvirt": {"cluster": "attic", "value": KEY}},
        "vms": {
            "web1": {"disks": {"vda": {"pool": "vms", "size_gib": 8, "image": "deb12"}}},
            "web3": {
                "disks": {
                    "vda": {"pool": "ceph", "size_gib": 8, "image": "deb12"},
                    "sdb": {"pool": "ceph", "size_gib": 2, "serial": "WD-1", "cache": "none"},
                }
            },
        },
    },
)
KINDS = {"pools": Pools, "secrets": Secrets, "domains": Domains}
FLAT_KINDS = {"disk_images": Images, "volumes": Volumes}


def compiled(patch=None):
    return compile(checked(merge(copy.deepcopy(STORED), patch or {})))


def disks(vm, host, patch=None):
    return compiled(patch)[host]["virt"]["domains"][vm].get("disks", {})


@pytest.mark.parametrize("host", ["hv1", "hv2"])
def test_what_a_hypervisor_gets_are_wishes_that_its_states_take(host):
    virt = compiled()[host]["virt"]

    for part, kind in KINDS.items():
        assert check(kind, virt.get(part, {}), part) == virt.get(part, {})
    for part, kind in FLAT_KINDS.items():
        wish = volume_xml.flat(virt.get(part, {}))
        assert check(kind, wish, part) == wish


def test_a_hypervisor_gets_what_its_own_disks_need_and_no_more():
    slices = compiled()

    assert set(slices["hv1"]["virt"]["pools"]) == {"vms"}
    assert set(slices["hv2"]["virt"]["pools"]) == {"ceph"}
    assert "secrets" not in slices["hv1"]["virt"]
    assert slices["hv1"]["virt"]["volumes"] == {
        "vms": {"web1-vda": {"size_mib": 8192, "format": "qcow2", "backing": {"volume": "deb12"}}}
    }
    assert slices["hv2"]["virt"]["volumes"]["ceph"]["web3-vda"] == {
        "size_mib": 8192,
        "format": "raw",
        "clone_of": "deb12",
    }


def test_a_key_is_in_the_slice_of_the_hypervisor_that_logs_in_and_nowhere_else():
    slices = compiled()

    assert [name for name, part in slices.items() if KEY in json.dumps(part)] == ["hv2"]
    assert slices["hv2"]["virt"]["secrets"]["client.libvirt"]["value_pillar"] == "lab:virt:keys:client.libvirt"
    assert slices["hv2"]["virt"]["keys"] == {"client.libvirt": KEY}


def test_a_key_in_a_file_of_the_host_is_in_no_slice():
    secret = {"client.libvirt": {"value": None, "value_file": "/etc/ceph/key"}}
    virt = compiled({"secrets": secret})["hv2"]["virt"]

    assert "keys" not in virt
    assert virt["secrets"]["client.libvirt"] == {"usage": "ceph", "cluster": "attic", "value_file": "/etc/ceph/key"}


def test_a_disk_is_on_the_bus_that_its_name_says():
    found = disks("web3", "hv2")

    assert {device: disk["bus"] for device, disk in found.items()} == {"vda": "virtio", "sdb": "sata"}
    assert (found["sdb"]["serial"], found["sdb"]["cache"]) == ("WD-1", "none")


def test_a_disk_in_ceph_says_how_to_log_in_by_the_uuid_that_its_secret_has_everywhere():
    assert disks("web3", "hv2")["vda"] == {
        "protocol": "rbd",
        "name": "vms/web3-vda",
        "hosts": ["10.20.0.11:6789"],
        "auth_user": "libvirt",
        "auth_secret": secret_id.uuid("attic", "ceph", "client.libvirt"),
        "format": "raw",
        "bus": "virtio",
    }


@pytest.mark.parametrize(
    ("level", "named"), [(1, {"sda": "sata", "sdb": "sata"}), (2, {"vda": "virtio", "vdb": "virtio"})]
)
def test_the_level_of_a_class_or_a_machine_is_the_only_difference(level, named):
    as_named, of_class = disks("web3", "hv2"), disks("web3", "hv2", {"classes": {"web": {"level": level}}})
    own = disks("web3", "hv2", {"classes": {"web": {"level": 3 - level}}, "vms": {"web3": {"level": level}}})

    assert {device: disk["bus"] for device, disk in of_class.items()} == named
    assert of_class == own
    assert [disk["name"] for disk in of_class.values()] == [disk["name"] for disk in as_named.values()]


def test_a_machine_has_its_classs_disks_and_may_take_one_out():
    patch = {
        "classes": {"web": {"disks": {"vdc": {"pool": "vms", "size_gib": 1}}}},
        "vms": {"web2": {"disks": {"vdc": None}}},
    }

    assert set(disks("web1", "hv1", patch)) == {"vda", "vdc"}
    spec = merge(copy.deepcopy(STORED), patch)
    spec["vms"]["web2"]["disks"] = {"vdc": None}  # a merge patch would take the None away
    assert "disks" not in compile(checked(spec))["hv1"]["virt"]["domains"]["web2"]


def test_a_machine_of_a_disk_image_boots_from_its_first_disk():
    patch = {"classes": {"web": {"image": "deb12", "disks": {"vda": {"pool": "vms", "size_gib": 4}}}}}
    virt = compiled(patch)["hv1"]["virt"]

    assert virt["ram_images"] == []
    assert not {"kernel", "initrd", "cmdline"} & set(virt["domains"]["web2"])
    assert virt["volumes"]["vms"]["web2-vda"]["backing"] == {"volume": "deb12"}
    assert virt["disk_images"]["vms"]["deb12"]["sha256"] == "a" * 64


@given(st.permutations(list(STORED["vms"])), st.sets(st.sampled_from(["web1", "web2"])))
def test_what_a_machine_has_does_not_depend_on_others(order, gone):
    spec = STORED | {"vms": {name: STORED["vms"][name] for name in order if name not in gone}}

    assert compile(checked(spec))["hv2"]["virt"] == compiled()["hv2"]["virt"]


def test_a_key_that_does_not_fit_is_not_shown():
    with pytest.raises(BadWish, match="lab:secrets:client.libvirt:value:") as caught:
        compiled({"secrets": {"client.libvirt": {"value": f"{KEY}\n"}}})

    assert KEY[:8] not in str(caught.value)
