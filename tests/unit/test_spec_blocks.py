"""Numbered machines: what follows from a number, what others get to know of them, and every mistake."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.netboot.versions import Stock
from saltext.lab.plan import merge
from saltext.lab.spec import blocks, entrants, facts, numbers
from saltext.lab.spec.block_model import Block
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from tests.support.labs import IMAGES, PLAIN

NODE = {
    **{"class": "node", "ids": "50-53", "name": "node{id:03d}", "address": "lan+{id}"},
    "mac": "52:54:00:00:{id:04x}",
}
#: Four machines that somebody brings, and two VMs, in a lab that netboots.
SPEC = merge(
    PLAIN,
    {
        "networks": {"lan": {"netboot": True, "dhcp": {"range": "100-149"}}},
        "netboot": {"dhcp": "pi2"},
        "classes": {
            "node": {"image": "ram", "nics": ["lan"], "boot": "ram", "roles": ["motd"], "data": {"motd": {"text": "x"}}}
        },
        "blocks": {
            "node": NODE,
            "guest": {
                **{"kind": "vm", "class": "web", "host": "hv1", "ids": "1-2", "name": "guest{id}"},
                **{"mac": "52:54:00:01:{id:02x}:00", "address": "lan+6{id}"},
            },
        },
    },
)


def lab(patch=None):
    return checked(merge(copy.deepcopy(SPEC), patch or {}))


def at(patch):
    """Return the merge patch of the block ``node``."""
    return {"blocks": {"node": patch}}


def mistakes(patch):
    with pytest.raises(BadWish) as caught:
        lab(patch)
    return caught.value


# What follows from a number


@pytest.mark.parametrize(
    ("form", "mac"),
    [
        ("52:54:00:00:{id:04x}", "52:54:00:00:01:03"),
        ("52:54:{id:08x}", "52:54:00:00:01:03"),
        ("52:54:00:00:{id:04d}", "52:54:00:00:02:59"),
        ("52:54:{id:04x}:00:01", "52:54:01:03:00:01"),
        ("{id:04x}:00:00:00:01", "01:03:00:00:00:01"),
    ],
)
def test_a_mac_is_made_of_the_number_byte_by_byte(form, mac):
    block = Block(**NODE | {"mac": form, "ids": "259-259", "address": "lan+{id}"})

    assert blocks.one("node", block, 259) == blocks.Numbered("node259", "node", 259, mac, "lan+259")


def test_a_block_is_its_machines_by_their_numbers():
    assert [(one.name, one.mac, one.place) for one in blocks.of("node", Block(**NODE))] == [
        ("node050", "52:54:00:00:00:32", "lan+50"),
        ("node051", "52:54:00:00:00:33", "lan+51"),
        ("node052", "52:54:00:00:00:34", "lan+52"),
        ("node053", "52:54:00:00:00:35", "lan+53"),
    ]


@given(first=st.integers(0, 60000), count=st.integers(1, 50))
def test_no_two_machines_of_a_block_are_alike_and_each_is_the_same_in_any_block(first, count):
    ids = f"{first}-{first + count - 1}"
    found = blocks.of("node", Block(**NODE | {"ids": ids, "name": "n{id}"}))

    assert len({one.mac for one in found}) == len({one.name for one in found}) == len(found) == count
    assert found[-1] == blocks.one("node", Block(**NODE | {"ids": "0-0", "name": "n{id}"}), first + count - 1)


@pytest.mark.parametrize(
    ("patch", "number"),
    [
        ({}, 54),
        ({"vms": {"web1": {"address": "lan+54"}}}, 55),
        ({"hosts": {"hv1": {"mac": "52:54:00:00:00:36"}}}, 55),
        ({"vms": {"node054": {"class": "web", "host": "hv1"}}}, 55),
        ({"blocks": {"node": {"ids": "90-99"}}}, 150),
        ({"blocks": {"node": {"ids": "99-99", "mac": "52:54:00:00:00:{id:02d}"}}}, None),
    ],
)
def test_the_next_free_number_is_the_first_whose_name_mac_and_address_nobody_has(patch, number):
    found = numbers.next_free(lab(patch), "node")

    assert (found and found.id) == number


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"mac": "52:54:00:00:"}, ["node050", "node051", "node052", "node053"]),
        ({"mac": "52:54:00:01:02"}, ["guest2"]),
        ({"subnet": "10.10.0.52/31"}, ["node052", "node053"]),
        ({"subnet": "10.10.0.0/24", "mac": "52:54:00:01"}, ["guest1", "guest2"]),
        ({"mac": "02:"}, []),
    ],
)
def test_machines_are_found_by_the_beginning_of_mac_and_address(wanted, names):
    assert [one.name for one in numbers.within(lab(), **wanted)] == names


# What others get to know


def test_a_machine_has_its_slice_before_it_is_there():
    assert compile(lab())["node050"] == {
        **{"name": "demo", "domain": "demo.example", "id": "node050", "roles": ["motd", "netbooted"]},
        **{"minion": {"of": "virtual", "master": "10.10.0.2"}, "class": "node", "block": "node", "number": 50},
        **{"address": "10.10.0.50", "motd": {"text": "x"}},
    }


def test_the_servers_know_its_address_and_its_names():
    part = compile(lab())["pi2"]["netboot"]["dnsmasq"]

    assert part["hosts"]["node051"] == "52:54:00:00:00:33,10.10.0.51,node051,infinite\n"
    assert part["names"]["node051"] == "10.10.0.51 node051.demo.example node051\n"


@pytest.mark.parametrize(("boot", "told"), [(None, True), ("ram", True), ("local", False)])
def test_what_a_block_boots_is_its_own_or_that_of_its_class(boot, told):
    part = compile(lab(at({"boot": boot})), Stock(IMAGES))["pi2"]["netboot"]["nginx"]["boot"]["lan"]

    assert ("lab.id=node051 lab.ip=10.10.0.51/24" in part["mac-52-54-00-00-00-33.ipxe"]) == told


def test_a_machine_of_a_block_is_a_minion_of_the_master_of_the_vms_whose_key_nobody_revokes():
    assert {"node050", "guest1", "web1"} <= facts.minions(lab(), ["virtual"])
    assert "node050" not in facts.minions(lab(), ["physical"])


def test_a_person_lets_it_in_by_its_mac():
    entrant = entrants.of(lab())["node050"]

    assert (entrant.of, entrant.mac, entrant.place, entrant.boot) == ("virtual", "52:54:00:00:00:32", "lan+50", "ram")
    assert "guest1" not in entrants.of(lab())


def test_a_vm_of_a_block_is_as_one_that_is_stated():
    [stated] = [{"class": "web", "host": "hv1", "address": "lan+61", "macs": {"lan": "52:54:00:01:01:00"}}]
    of_block, by_hand = compile(lab()), compile(lab({"blocks": {"guest": None}, "vms": {"guest1": stated}}))

    assert of_block["guest1"] == by_hand["guest1"]
    assert of_block["hv1"]["virt"]["domains"]["guest1"] == by_hand["hv1"]["virt"]["domains"]["guest1"]
    assert list(of_block["hv1"]["virt"]["domains"]["guest1"]["nics"]) == ["52:54:00:01:01:00"]


def test_the_vms_of_a_block_are_in_the_cluster_that_names_it():
    shop = {"kind": "production", "vms": ["web1", "guest2"], "blocks": ["guest", "node"]}

    assert lab({"clusters": {"shop": shop}}).clusters["shop"].vms == ["web1", "guest2", "guest1"]


def test_a_vm_of_a_block_is_stated_where_its_number_is():
    assert [blocks.at(lab(), name) for name in ("guest1", "web1")] == ["lab:blocks:guest:ids", "lab:vms:web1"]


@given(ids=st.tuples(st.integers(40, 60), st.integers(0, 8)), data=st.data())
def test_a_machine_does_not_notice_that_others_come_go_or_change_places(ids, data):
    before = compile(lab())
    order = data.draw(st.permutations(["node", "guest", "late"]))
    late = {**NODE, "name": "late{id}", "mac": "52:54:00:02:{id:04x}", "address": "lan+7{id}", "ids": "1-3"}
    found = {"late": late, **SPEC["blocks"]}
    found["node"] = NODE | {"ids": f"{ids[0]}-{min(ids[0] + ids[1], 60)}"}
    after = compile(checked(SPEC | {"blocks": {name: found[name] for name in order}}))

    for name in after.keys() & before.keys() - {"pi2"}:
        assert after[name] == before[name]
    files = before["pi2"]["netboot"]["nginx"]["boot"]["lan"]
    same = [one.mac for one in blocks.of("node", Block(**NODE)) if one.name in after]
    for mac in same:
        name = f"mac-{mac.replace(':', '-')}.ipxe"
        assert after["pi2"]["netboot"]["nginx"]["boot"]["lan"][name] == files[name]


def test_the_old_form_is_as_it_was():
    old = {"mac": "52:54:00:88:*:*", "network": "lan", "class": "node", "range": "150-159"}
    found = compile(lab({"blocks": {"node": None, "old": old}}))

    assert "block-old.ipxe" in found["pi2"]["netboot"]["nginx"]["boot"]["lan"]
    assert "old" not in json.dumps({name: part for name, part in found.items() if name != "pi2"})


# Mistakes

SHAPE = {
    "numbers backwards": ({"ids": "53-50"}, "`ids` are from the smaller to the larger number, at most 4096"),
    "too many": ({"ids": "0-4096"}, "`ids` are from the smaller to the larger number, at most 4096"),
    "no range": ({"ids": "50"}, "lab:blocks:node:ids is '50'"),
    "a number below zero": ({"ids": "-1-3"}, "lab:blocks:node:ids is '-1-3'"),
    "a name without the number": ({"name": "node"}, "lab:blocks:node:name is 'node'"),
    "a name of something else": ({"name": "node{number}"}, "lab:blocks:node:name is 'node{number}'"),
    "a name with a call": ({"name": "node{id.__class__}"}, "lab:blocks:node:name is 'node{id.__class__}'"),
    "a name with a width beyond sense": ({"name": "node{id:099d}"}, "lab:blocks:node:name is 'node{id:099d}'"),
    "a MAC without the number": (
        {"mac": "52:54:00:88:*:*"},
        'lab:blocks:node: `mac` has no number: write it as "52:54:00:00:{id:04x}"',
    ),
    "a MAC that is too short": ({"mac": "52:54:00:{id:02x}"}, "id 50 makes 52:54:00:32, which is no MAC"),
    "numbers beyond the bytes": (
        {"mac": "52:54:00:00:00:{id:02x}", "ids": "250-256"},
        "lab:blocks:node: id 256 makes 52:54:00:00:00:1:00, which is no MAC: make `mac` six bytes for each of its",
    ),
    "a name that is too long": ({"name": f"{'n' * 62}{{id}}"}, "id 50 makes the name nnnn"),
    "an address without a network": ({"address": "10.10.0.{id}"}, "lab:blocks:node:address is '10.10.0.{id}'"),
    "a range beside numbers": ({"range": "150-159"}, "`network` and `range` are for blocks without `ids`"),
    "numbers alone": ({"name": None, "address": None}, "name and address missing, which numbered machines have"),
    "VMs without numbers": ({"kind": "vm", "ids": None, "name": None, "address": None}, "`ids` is missing"),
    "a name without numbers": ({"ids": None}, "name, address need `ids`, the numbers of its machines"),
    "no network and no numbers": (
        {"ids": None, "name": None, "address": None, "mac": "52:*:*:*:*:*"},
        "`network` is missing",
    ),
    "a hypervisor of machines": ({"host": "hv1"}, "`host` is for blocks of kind vm"),
}
SENSE = {
    "no class": ({"class": "nod"}, "lab:blocks:node:class names 'nod' (did you mean node?)"),
    "no network": ({"address": "lam+{id}"}, "lab:blocks:node:address names 'lam' (did you mean lan?)"),
    "a network of another card": (
        {"address": "guests+{id}"},
        "lab:blocks:node:address guests+{id} is not in lan, the network of its first card",
    ),
    "an address of a VM": (
        {"ids": "20-22"},
        "lab:blocks:node:ids:21 lan+21 is taken by lab:vms:web1:address: choose another number",
    ),
    "an address beyond the network": ({"ids": "255-257"}, "lab:blocks:node:ids:256 lan+256 is beyond 10.10.0.0/24"),
    "an address that is given to strangers": (
        {"ids": "98-101"},
        "lab:blocks:node:ids:100 has lan+100, which is in lab:networks:lan:dhcp:range 100-149: choose other numbers",
    ),
    "the MAC of a host": (
        {"mac": "52:54:00:00:01:{id:02x}", "ids": "3-3"},
        "lab:blocks:node:ids:3 52:54:00:00:01:03 is that of lab:hosts:hv1:mac: choose another",
    ),
    "the name of a host": (
        {"name": "hv{id}", "ids": "1-1"},
        "lab:blocks:node:ids:1 makes hv1, which is in lab:hosts: choose another `name`, or leave that number out",
    ),
    "the name of a VM": ({"name": "web{id}", "ids": "3-3"}, "lab:blocks:node:ids:3 makes web3, which is in lab:vms"),
}


@pytest.mark.parametrize(("patch", "words"), [*SHAPE.values(), *SENSE.values()], ids=[*SHAPE, *SENSE])
def test_a_mistake_is_told_with_its_path_and_what_would_be_right(patch, words):
    assert words in str(mistakes(at(patch)))


ACROSS = {
    "two blocks with one MAC": (
        {"blocks": {"guest": {"mac": "52:54:00:00:00:{id:02x}", "ids": "50-50"}}},
        "lab:blocks:node:ids:50 52:54:00:00:00:32 is that of lab:vms:guest50:nics:lan",
    ),
    "two blocks with one name": (
        {"blocks": {"node": {"name": "guest{id}"}, "guest": {"ids": "50-50"}}},
        "lab:blocks:node:ids:50 makes guest50, which is in lab:vms",
    ),
    "a VM of a block that is stated otherwise": (
        {"vms": {"guest1": {"class": "web", "host": "hv1"}}},
        "lab:blocks:guest:ids:1 makes guest1, which is in lab:vms: choose another `name`, or leave that number out",
    ),
    "machines where their master is not": (
        {"hosts": {"pi2": {"joins": ["underlay+12", "guests+2"]}}, "vms": {"web1": None}},
        "lab:blocks:node is in lan, where its master pi2 is not: add it to lab:hosts:pi2:joins",
    ),
    "what VMs alone are told": (
        {"classes": {"node": {"cloud": {"kind": "ignition"}}}},
        "lab:blocks:node:class node has `cloud`, which VMs alone are told: choose another class",
    ),
    "an alias of nobody": ({"aliases": {"www": "node054"}}, "lab:aliases:www names 'node054' (did you mean node05"),
    "an alias with its name": ({"aliases": {"node050": "web1"}}, "lab:aliases:node050 is the name of a machine"),
    "netboot where there is none": (
        {"networks": {"lan": {"netboot": False}}},
        "lab:blocks:node:ids:50:boot ram needs lab:networks:lan:netboot",
    ),
}


@pytest.mark.parametrize(("patch", "words"), ACROSS.values(), ids=ACROSS)
def test_a_mistake_between_parts_is_told(patch, words):
    assert words in str(mistakes(patch))


def test_an_alias_may_be_of_a_machine_that_is_not_there_yet():
    names = compile(lab({"aliases": {"www": "node050"}}))["pi2"]["netboot"]["dnsmasq"]["names"]

    assert names["node050"] == "10.10.0.50 node050.demo.example node050 www.demo.example www\n"
