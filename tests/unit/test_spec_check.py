"""Every mistake in a spec: a broken copy of the demo lab, and the words that say so."""

import contextlib
import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from tests.support.labs import PLAIN

SPEC = PLAIN
UUID = "4c4c4544-0043-3010-8052-b4c04f4b3132"


def mistakes(patch):
    """Return what is said of the demo lab after the merge patch *patch*, as one text."""
    with pytest.raises(BadWish) as caught:
        checked(merge(copy.deepcopy(SPEC), patch))
    return caught.value


def at(path, value):
    """Return the merge patch that sets *path*, such as ``hosts:hv1:mac``, to *value*."""
    for key in reversed(path.split(":")):
        value = {key: value}
    return value


def test_the_demo_lab_has_none():
    assert checked(SPEC).name == "demo"


SHAPE = {
    "a typo in the lab": (at("vmss", {}), "lab:vmss is unknown (did you mean vms?); there are name, domain, masters,"),
    "a typo in a VM": (at("vms:web1:clas", "web"), "lab:vms:web1:clas is unknown (did you mean class?); there are"),
    "a typo in a host": (
        at("hosts:hv1:role", []),
        "lab:hosts:hv1:role is unknown (did you mean roles?); there are mac, uuid, card, address, joins, uplinks,",
    ),
    "a typo in a power": (at("hosts:hv1:power:drivr", "x"), "lab:hosts:hv1:power:drivr is unknown (did you mean"),
    "a typo in a network": (at("networks:lan:vlna", 3), "lab:networks:lan:vlna is unknown (did you mean vlan?)"),
    "a missing field": (at("hosts:hv1:mac", None), "lab:hosts:hv1:mac is missing"),
    "a missing part": (at("masters", None), "lab:masters is missing"),
    "a missing class of a VM": (at("vms:web1:class", None), "lab:vms:web1:class is missing"),
    "a number as text": (at("networks:lan:vlan", "10"), "lab:networks:lan:vlan is '10'"),
    "a VLAN too many": (at("networks:lan:vlan", 4095), "lab:networks:lan:vlan is 4095: input should be less than or"),
    "an MTU too small": (at("networks:lan:mtu", 500), "lab:networks:lan:mtu is 500"),
    "a flag as a number": (at("classes:web:vcpus", True), "lab:classes:web:vcpus is True"),
    "no memory": (at("classes:web:memory_mib", 0), "lab:classes:web:memory_mib is 0"),
    "no network card": (at("classes:web:nics", []), "lab:classes:web:nics: list should have at least 1 item"),
    "an overlay that there is not": (at("networks:lan:overlay", "stt"), "lab:networks:lan:overlay is 'stt'"),
    "an acceleration that there is not": (at("hosts:hv1:accel", "xen"), "lab:hosts:hv1:accel is 'xen'"),
    "a datapath that there is not": (at("hosts:hv1:datapath", "dpdk"), "lab:hosts:hv1:datapath is 'dpdk'"),
    "a kind of image that there is not": (at("images:ram:kind", "iso"), "lab:images:ram:kind is 'iso'"),
    "a UUID that is none": (at("hosts:hv1:uuid", "C01RK12"), "lab:hosts:hv1:uuid is 'C01RK12'"),
    "a MAC in upper case": (at("hosts:hv1:mac", "52:54:00:AA:01:01"), "lab:hosts:hv1:mac is '52:54:00:AA:01:01'"),
    "a MAC without quotes": (at("hosts:hv1:mac", 190500000), "lab:hosts:hv1:mac is 190500000"),
    "a MAC and a newline": (at("hosts:hv1:mac", "52:54:00:00:01:01\n"), r"lab:hosts:hv1:mac is '52:54:00:00:01:01\n'"),
    "a subnet with host bits": (at("networks:lan:subnet", "10.10.0.1/24"), "10.10.0.1/24 has host bits set"),
    "a subnet that is none": (at("networks:lan:subnet", "lan"), "lab:networks:lan:subnet is 'lan'"),
    "an address that is no place": (at("vms:web1:address", "10.10.0.21"), "lab:vms:web1:address is '10.10.0.21'"),
    "a name with an underscore": (at("vms:web_9", SPEC["vms"]["web1"]), "lab:vms:web_9"),
    "a name with a newline": (at("vms", {"web9\n": SPEC["vms"]["web1"]}), "lab:vms:web9"),
    "a name that is a glob": (at("vms:web*", SPEC["vms"]["web1"]), "lab:vms:web*"),
    "a name in a name": (at("vms:a.b", SPEC["vms"]["web1"]), "lab:vms:a.b"),
    "a domain with a blank": (at("domain", "x init=/bin/sh"), "lab:domain is 'x init=/bin/sh'"),
    "a list for a dict": (at("hosts", []), "lab:hosts: input should be a valid dictionary"),
}
SENSE = {
    "a physical master that there is not": (
        at("masters:physical", "pi9"),
        "lab:masters:physical names 'pi9' (did you mean pi2?), which is not in lab:hosts; there are pi1, pi2, hv1, hv2",
    ),
    "a virtual master that is a VM": (at("masters:virtual", "web1"), "lab:masters:virtual names 'web1'"),
    "tunnels over nothing": (at("networks:lan:over", "under"), "lab:networks:lan:over names 'under' (did you mean un"),
    "a host in no network": (at("hosts:hv1:address", "mgmnt+21"), "lab:hosts:hv1 names 'mgmnt' (did you mean mgmt?)"),
    "a host that joins nothing": (at("hosts:hv1:joins", ["lam+1"]), "lab:hosts:hv1 names 'lam' (did you mean lan?)"),
    "a wire that carries nothing": (
        at("hosts:hv1:uplinks", {"trunk0": ["underlay", "lam"]}),
        "lab:hosts:hv1:uplinks:trunk0 names 'lam' (did you mean lan?), which is not in lab:networks",
    ),
    "a class without an image": (at("classes:web:image", "ran"), "lab:classes:web:image names 'ran' (did you mean ram"),
    "a class in no network": (at("classes:web:nics", ["lam"]), "lab:classes:web:nics names 'lam' (did you mean lan?)"),
    "a VM of no class": (at("vms:web1:class", "wbe"), "lab:vms:web1:class names 'wbe' (did you mean web?)"),
    "a VM on no host": (at("vms:web1:host", "hv3"), "lab:vms:web1:host names 'hv3' (did you mean hv2?)"),
    "a VM in no network": (at("vms:web1:nics", ["lam"]), "lab:vms:web1 names 'lam' (did you mean lan?)"),
    "a VM with an address nowhere": (at("vms:web1:address", "lam+21"), "lab:vms:web1 names 'lam' (did you mean lan?)"),
    "one name for two": (
        at("vms:hv1", {"class": "web", "host": "hv1"}),
        "lab:vms:hv1 has the name of a host; minion ids are unique in the lab: rename one",
    ),
    "overlapping subnets": (
        at("networks:guests:subnet", "10.10.0.128/25"),
        "lab:networks:guests:subnet 10.10.0.128/25 overlaps 10.10.0.0/24 of lan: choose another",
    ),
    "one VLAN twice": (at("networks:guests:vlan", 10), "lab:networks:guests:vlan 10 is that of lan: choose another"),
    "an overlay over nothing": (at("networks:lan:over", None), "lab:networks:lan needs both `overlay` and `over`"),
    "over without an overlay": (at("networks:lan:overlay", None), "lab:networks:lan needs both `overlay` and `over`"),
    "an overlay without a tag": (at("networks:lan:vlan", None), "lab:networks:lan:vlan is missing: networks are told"),
    "no room for the tunnel": (
        {"networks": {"underlay": {"mtu": 1553}, "lan": {"mtu": 1500}}},
        "lab:networks:lan:mtu 1500 does not fit into underlay: make that mtu 1554 or more, or this less",
    ),
    "an address beyond its subnet": (
        at("vms:web1:address", "lan+256"),
        "lab:vms:web1:address lan+256 is beyond 10.10.0.0/24: choose a smaller number",
    ),
    "the address of the network": (at("vms:web1:address", "lan+0"), "lab:vms:web1:address lan+0 is no host's address"),
    "the broadcast address": (at("vms:web1:address", "lan+255"), "lab:vms:web1:address lan+255 is no host's address"),
    "a subnet without room for a VM": (
        {"networks": {"lan": {"subnet": "10.10.0.2/31"}}, "vms": {"web1": {"address": None}}},
        "lab:vms:web1:address lan+1 is no host's address in 10.10.0.2/31",
    ),
    "one address twice": (
        at("vms:web2:address", "lan+21"),
        "lab:vms:web2:address lan+21 is taken by lab:vms:web1:address: choose another number",
    ),
    "the address of the master": (at("vms:web1:address", "lan+2"), "lan+2 is taken by lab:hosts:pi2:joins"),
    "one network twice in one host": (
        at("hosts:hv1:joins", ["underlay+21", "underlay+31"]),
        "lab:hosts:hv1:joins has underlay twice: leave one of them out",
    ),
    "one MAC twice": (
        at("hosts:hv2:mac", "52:54:00:00:01:03"),
        "lab:hosts:hv2:mac 52:54:00:00:01:03 is that of lab:hosts:hv1:mac: choose another",
    ),
    "two hosts with one UUID": (
        at("hosts", {"hv1": {"uuid": UUID}, "hv2": {"uuid": UUID.upper()}}),
        f"lab:hosts:hv2:uuid {UUID} is that of lab:hosts:hv1:uuid: choose another",
    ),
    "a VM twice in one network": (at("vms:web1:nics", ["lan", "lan"]), "lab:vms:web1:nics has lan twice: leave"),
    "a VM on no hypervisor": (
        at("vms:web1:host", "pi2"),
        "lab:vms:web1:host pi2 is no hypervisor: add that role to lab:hosts:pi2:roles",
    ),
    "an address that is not of the first card": (
        at("vms:web1:address", "guests+21"),
        "lab:vms:web1:address guests+21 is not in lan, the network of its first card",
    ),
    "a VM where its master is not": (
        at("hosts:pi2:joins", ["underlay+12", "guests+2"]),
        "lab:vms:web1 is in lan, where its master pi2 is not: add it to lab:hosts:pi2:joins",
    ),
    "data that hides the slice": (at("vms:web1:data", {"id": "x"}), "lab:vms:web1:data:id would hide"),
    "data of a class that does": (at("classes:web:data", {"minion": {}}), "lab:classes:web:data:minion would hide"),
    "a network that no card carries": (
        at("hosts:hv1:joins", ["underlay+21", "mgmt+77"]),
        "lab:hosts:hv1 needs mgmt, and no card carries it: name it in lab:hosts:hv1:uplinks",
    ),
    "two networks of a host on one card": (
        {"hosts": {"hv1": {"uplinks": {"trunk0": ["underlay", "mgmt"]}, "joins": ["underlay+21", "mgmt+77"]}}},
        "lab:hosts:hv1:uplinks:trunk0 carries underlay and mgmt without tags: give all but one a `vlan`, or a card",
    ),
    "a card with a long name": (
        at("hosts:hv1:uplinks", {"enp130s0f0np0": ["underlay"]}),
        "lab:hosts:hv1 would have a network interface br-enp130s0f0np0, beyond 15 characters or twice",
    ),
    "a card whose bridge is that of the guests": (
        at("hosts:hv1:uplinks", {"int": ["underlay"]}),
        "lab:hosts:hv1 would have a network interface br-int, beyond 15 characters or twice",
    ),
    "an overlay without its underlay": (
        at("hosts:hv1:joins", []),
        "lab:hosts:hv1 needs lan over underlay: name underlay in its `uplinks` and `joins`",
    ),
    "an overlay without a wire": (at("hosts:hv1:uplinks", {"trunk0": []}), "lab:hosts:hv1 needs lan over underlay"),
}


@pytest.mark.parametrize(("patch", "words"), [*SHAPE.values(), *SENSE.values()], ids=[*SHAPE, *SENSE])
def test_a_mistake_is_told_with_its_path_and_what_would_be_right(patch, words):
    error = mistakes(patch)

    assert words in str(error)
    assert "\n" not in str(error)


def test_mistakes_of_shape_are_told_all_at_once():
    patch = {"nmae": "x", "vms": {"web1": {"clas": "web", "class": None}, "web2": {"host": 5}}}
    error = mistakes(patch)

    assert error.what == "4 mistake(s) in lab"
    for part in ("lab:nmae", "lab:vms:web1:clas ", "lab:vms:web1:class is missing", "lab:vms:web2:host is 5"):
        assert part in error.why


def test_names_that_refer_to_nothing_are_told_all_at_once():
    patch = {"masters": {"virtual": "pi9"}, "vms": {"web1": {"class": "x"}, "web3": {"host": "y"}}}

    assert mistakes(patch).what == "3 mistake(s) in lab"


def test_mistakes_of_sense_are_told_all_at_once():
    error = mistakes(
        {
            "networks": {"underlay": {"mtu": 1500}, "guests": {"vlan": 10, "mtu": 1500}, "lan": {"mtu": 1500}},
            "hosts": {"hv2": {"mac": "52:54:00:00:01:03"}},
            "vms": {"web2": {"address": "lan+21"}, "web3": {"data": {"id": "x"}}},
        }
    )

    assert error.what == "6 mistake(s) in lab"


@given(
    junk=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3),
    ),
    path=st.sampled_from(
        ["vms", "vms:web1", "vms:web1:nics", "hosts:hv1", "hosts:hv1:uplinks", "networks:lan", "name"]
    ),
)
def test_no_junk_makes_it_fail_otherwise(junk, path):
    with contextlib.suppress(BadWish):
        checked(merge(copy.deepcopy(SPEC), at(path, junk)))
