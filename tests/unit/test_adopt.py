"""What the suite makes of machines, bridges and pools that somebody else made: pure."""

import pytest

from saltext.lab.boot.graph import steps
from saltext.lab.errors import BadWish
from saltext.lab.plan import merge
from saltext.lab.spec import facts, netboot_facts
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from tests.support.labs import DEMO

MAC, UUID = "52:54:00:aa:00:01", "c7a5fdbd-edaf-4455-926a-d65c16db1809"
OLD = {"class": "kept", "host": "hv9", "adopt": True, "uuid": UUID, "memory_mib": 2048, "nics": ["lan"]}
ADOPTED = merge(
    DEMO,
    {
        "images": {"kept": {"kind": "kept"}},
        "classes": {"kept": {"image": "kept", "nics": ["mgmt"], "memory_mib": 4096}},
        "hosts": {
            "hv9": {
                **{"mac": "52:54:00:00:09:01", "address": "mgmt+29", "roles": ["hypervisor"]},
                "plugs": {"lan": {"bridge": "br0"}},
                "pools": {"images": {"adopt": True, "path": "/srv/images"}},
                "bridges": {"ovs0": {"adopt": True, "ports": {"eth1": {"tag": 10}}}},
            }
        },
        "vms": {"old": OLD | {"macs": {"lan": MAC}}, "new": {"class": "web", "host": "hv9", "address": "lan+29"}},
    },
)


def hv9(**of_old):
    return compile(checked(merge(ADOPTED, {"vms": {"old": of_old}})))["hv9"]


def test_of_a_domain_only_what_its_vm_states_is_wished():
    wish = {"adopt": True, "uuid": UUID, "memory_mib": 2048, "nics": {MAC: {"bridge": "br0"}}}

    assert hv9()["virt"]["domains"]["old"] == wish
    assert hv9(libvirt={"cpu_model": "EPYC", "nics": {MAC: {"model": "e1000"}}})["virt"]["domains"]["old"] == wish | {
        "cpu_model": "EPYC",
        "nics": {MAC: {"bridge": "br0", "model": "e1000"}},
    }


def test_a_disk_of_the_spec_may_be_added_to_it():
    virt = hv9(disks={"vdb": {"pool": "vms", "size_gib": 1}})["virt"]

    assert virt["domains"]["old"]["disks"]["vdb"]["volume"] == "old-vdb"
    assert virt["volumes"]["vms"].keys() == {"old-vdb"}


def test_nobody_in_it_is_started_enrolled_or_given_a_pillar():
    lab = checked(ADOPTED)

    assert "old" not in compile(lab)
    assert "old" not in facts.minions(lab, ["virtual"])
    assert {step.machine for step in steps(lab) if step.verb in ("start", "highstate")} == {
        "web1",
        "web2",
        "web3",
        "new",
    }


def test_it_has_an_address_when_one_is_stated_and_is_known_by_its_own_mac():
    def known(**of_old):
        lab = checked(merge(ADOPTED, {"vms": {"old": of_old}}))
        return {one.name: (one.place, one.mac) for one in netboot_facts.machines(lab) if one.name == "old"}

    assert known() == {}
    assert known(address="lan+77") == {"old": ("lan+77", MAC)}


def test_a_vm_of_the_suite_beside_it_is_plugged_in_where_it_is():
    [nic] = hv9()["virt"]["domains"]["new"]["nics"].values()

    assert nic == {"model": "virtio", "bridge": "br0"}


def test_what_a_vm_says_in_the_words_of_libvirt_goes_over_what_the_suite_works_out():
    spec = merge(ADOPTED, {"vms": {"new": {"libvirt": {"rng": False}}}})
    spec["vms"]["new"]["libvirt"] |= {"title": None}  # a merge patch would take the None away
    wish = compile(checked(spec))["hv9"]["virt"]["domains"]["new"]

    assert (wish["rng"], wish["title"], wish["memory_mib"]) == (False, None, 384)


def test_bridges_and_pools_of_a_host_are_its_own():
    part = hv9()

    assert part["ovs"]["bridges"] == {"ovs0": {"adopt": True, "ports": {"eth1": {"error": None, "tag": 10}}}}
    assert part["virt"]["pools"]["images"] == {"adopt": True, "path": "/srv/images"}
    assert "images" not in compile(checked(ADOPTED))["hv1"]["virt"]["pools"]


MISTAKES = {
    "a network that there is not": (
        {"hosts": {"hv9": {"plugs": {"lam": {"bridge": "br0"}}}}},
        "lab:hosts:hv9:plugs names 'lam' (did you mean lan?)",
    ),
    "two ways in": (
        {"hosts": {"hv9": {"plugs": {"lan": {"network": "default"}}}}},
        "lab:hosts:hv9:plugs:lan: state one of bridge, network, direct",
    ),
    "a host that has no VMs": (
        {"hosts": {"hv9": {"roles": []}}},
        "lab:vms:old:host hv9 is no hypervisor: add that role",
    ),
    "no host": ({"vms": {"old": {"host": None}}}, "lab:vms:old: adopt needs `host`, which has it"),
    "what is for others": (
        {"vms": {"old": {"boot": "ram", "data": {}}}},
        "lab:vms:old: data, boot is for a VM that the suite makes: leave it out, or `adopt`",
    ),
    "a MAC of no card": (
        {"vms": {"old": {"macs": {"guests": MAC}}}},
        "lab:vms:old:macs:guests is of no card of it: add guests to lab:vms:old:nics",
    ),
    "the MAC of another": ({"vms": {"new": {"macs": {"lan": MAC}}}}, f"nics:lan {MAC} is that of lab:vms:old:nics:lan"),
    "the UUID of another": ({"vms": {"new": {"uuid": UUID}}}, f"lab:vms:new:uuid {UUID} is that of lab:vms:old:uuid"),
    "an address elsewhere": (
        {"vms": {"old": {"address": "guests+7"}}},
        "lab:vms:old:address guests+7 is not in the network",
    ),
    "no card for the suite's own": ({"vms": {"new": {"nics": []}}}, "lab:vms:new: nics is empty"),
    "a source of what is there": (
        {"images": {"kept": {"sha256": "0" * 64}}},
        "lab:images:kept: an image of kind kept is there already: leave source and sha256 out",
    ),
    "a bridge that cannot be": (
        {"hosts": {"hv9": {"bridges": {"ovs0": {"fail_mod": "secure"}}}}},
        "lab:hosts:hv9:bridges:ovs0:fail_mod is unknown (did you mean fail_mode?)",
    ),
}


@pytest.mark.parametrize(("patch", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_path(patch, words):
    with pytest.raises(BadWish) as caught:
        checked(merge(ADOPTED, patch))

    assert words in str(caught.value)
