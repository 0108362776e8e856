"""What each machine gets of the demo lab, and that it does not depend on its neighbours."""

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.ovs.model import Bridges
from saltext.lab.plan import merge
from saltext.lab.schema import check
from saltext.lab.spec import derive, slices
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.virt.model import Domains
from tests.support.labs import PLAIN

SPEC = PLAIN
LAB = compile(checked(SPEC))
SWITCHED = ["pi2", "hv1", "hv2"]
VMS = {"web1": "hv1", "web2": "hv1", "web3": "hv2"}


def domain(vm):
    return LAB[VMS[vm]]["virt"]["domains"][vm]


def ports(host):
    return LAB[host]["ovs"]["bridges"]["br-int"]["ports"]


def test_every_machine_has_a_slice():
    assert set(LAB) == {"pi1", "pi2", "hv1", "hv2", *VMS}
    assert all(part["id"] == name for name, part in LAB.items())


@pytest.mark.parametrize(("one", "other"), list(permutations(SWITCHED, 2)))
def test_each_switch_has_a_tunnel_to_each_other(one, other):
    addresses = {"pi2": "10.98.0.12", "hv1": "10.98.0.21", "hv2": "10.98.0.22"}
    tunnel = ports(one)[f"vx-{other}-underlay"]

    assert tunnel["options"] == {
        "local_ip": addresses[one],
        "remote_ip": addresses[other],
        "key": derive.tunnel_key("demo"),
    }
    assert (tunnel["type"], tunnel["protected"], tunnel["trunks"]) == ("vxlan", True, [10])


def test_no_switch_has_a_tunnel_to_itself_or_to_a_machine_without_one():
    assert {host: {name for name in ports(host) if name.startswith("vx-")} for host in SWITCHED} == {
        host: {f"vx-{peer}-underlay" for peer in SWITCHED if peer != host} for host in SWITCHED
    }
    assert "ovs" not in LAB["pi1"]


def test_a_guest_is_on_its_own_hypervisor_alone():
    found = {host: set(part["virt"]["domains"]) for host, part in LAB.items() if "virt" in part}

    assert found == {"hv1": {"web1", "web2"}, "hv2": {"web3"}}


@pytest.mark.parametrize("vm", VMS)
def test_a_guest_is_in_its_vlan_from_the_first_packet(vm):
    ((mac, nic),) = domain(vm)["nics"].items()

    assert mac == derive.mac("demo", vm, "lan")
    assert nic == {"bridge": "br-int", "virtualport": "openvswitch", "tag": 10, "model": "virtio", "offloads": False}


@pytest.mark.parametrize(("own", "has"), [({}, (384, 1)), ({"memory_mib": 640, "vcpus": 2}, (640, 2))])
def test_a_vm_has_the_size_of_its_class_or_its_own(own, has):
    wish = compile(checked(merge(SPEC, {"vms": {"web1": own}})))["hv1"]["virt"]["domains"]["web1"]

    assert (wish["memory_mib"], wish["vcpus"]) == has


def test_a_hypervisor_with_a_switch_in_the_kernel_keeps_offloads():
    spec = merge(SPEC, {"hosts": {"hv1": {"datapath": "system"}}})
    (nic,) = compile(checked(spec))["hv1"]["virt"]["domains"]["web1"]["nics"].values()

    assert "offloads" not in nic


def test_the_master_of_the_vms_is_in_their_networks():
    assert {name: ports("pi2")[name] for name in ("lan", "guests")} == {
        "lan": {"type": "internal", "tag": 10, "mtu": 1500},
        "guests": {"type": "internal", "tag": 20, "mtu": 1500},
    }
    assert LAB["pi2"]["links"] == {
        "trunk0": {"mtu": 1600},
        "br-trunk0": {"address": "10.98.0.12/24", "mtu": 1600},
        "lan": {"address": "10.10.0.2/24", "mtu": 1500},
        "guests": {"address": "10.20.0.2/24", "mtu": 1500},
    }


def test_a_network_on_a_wire_has_its_address_on_the_bridge_around_that_wire():
    assert LAB["hv1"]["links"] == {"trunk0": {"mtu": 1600}, "br-trunk0": {"address": "10.98.0.21/24", "mtu": 1600}}
    assert LAB["hv1"]["ovs"]["bridges"]["br-trunk0"] == {"datapath_type": "netdev", "ports": {"trunk0": {}}}


@pytest.mark.parametrize(("vm", "number"), [("web1", 21), ("web2", 22), ("web3", 23)])
def test_a_guest_is_told_who_it_is_where_it_is_and_who_its_master_is(vm, number):
    told = domain(vm)["cmdline"].split()

    assert told == [
        "console=ttyS0",
        "quiet",
        f"lab.id={vm}",
        f"lab.ip=10.10.0.{number}/24",
        "lab.master=10.10.0.2",
        "lab.domain=demo.example",
    ]
    assert LAB[vm]["address"] == f"10.10.0.{number}"


DISK = {"kind": "disk", "source": "https://images.example/deb12.qcow2", "sha256": "a" * 64}
STARTS = {  # what else the spec says of the machine, and whether what it runs is on its disk
    "its disk, which began with an image": ({"images": {"deb": DISK}, "classes": {"web": {"image": "deb"}}}, True),
    "its disk, once it is installed": (
        {
            "images": {"deb": {"kind": "install"}},
            "classes": {"web": {"image": "deb", "boot": "install-once", "install": {"name": "vda"}}},
        },
        True,
    ),
    "its disk, and nobody knows what is on it": ({"classes": {"web": {"boot": "local"}}}, True),
    "an image in memory, from the network": ({"classes": {"web": {"boot": "ram"}}}, False),
    "an image in memory, from its host": ({}, False),
}


@pytest.mark.parametrize(("patch", "told"), STARTS.values(), ids=STARTS)
def test_a_guest_finds_in_fw_cfg_who_it_is_if_it_boots(patch, told):
    disks = {"vms": {vm: {"disks": {"vda": {"pool": "vms", "size_gib": 8}}} for vm in VMS}}
    served = {"netboot": {"dhcp": "pi2"}, "networks": {"lan": {"netboot": True, "dhcp": {}}}}
    found = compile(checked(merge(merge(merge(SPEC, disks), served), patch)))["hv1"]["virt"]["domains"]["web2"]
    words = {"value": "lab.id=web2 lab.ip=10.10.0.22/24 lab.master=10.10.0.2 lab.domain=demo.example"}

    assert found["fw_cfg"].get("opt/saltext-lab/words") == (words if told else None)


@pytest.mark.parametrize("vm", VMS)
def test_the_key_of_a_guest_is_a_file_on_its_hypervisor_and_not_in_its_domain(vm):
    assert domain(vm)["fw_cfg"] == {
        f"opt/saltext-lab/{name}": {"file": f"/var/lib/saltext-lab/identities/{vm}/{name}"}
        for name in ("minion.pem", "minion.pub", "master.pub")
    }
    assert (domain(vm)["autostart"], domain(vm)["type"]) == (False, "qemu")


def test_a_machine_of_the_lab_is_never_mistaken_for_another():
    macs = [*(host["mac"] for host in SPEC["hosts"].values()), *(mac for vm in VMS for mac in domain(vm)["nics"])]
    links = [link.get("address") for host in SWITCHED for link in LAB[host]["links"].values()]
    addresses = [*(address.split("/")[0] for address in links if address), *(LAB[vm]["address"] for vm in VMS)]

    for seen in (macs, addresses, [domain(vm)["uuid"] for vm in VMS]):
        assert len(seen) == len(set(seen))


def test_the_roles_of_each_machine_in_the_order_in_which_they_rest_on_each_other():
    assert {name: part["roles"] for name, part in LAB.items()} == {
        "pi1": ["salt-master", "salt-minion"],
        "pi2": ["openvswitch", "salt-master", "salt-minion"],
        "hv1": ["openvswitch", "hypervisor", "salt-minion"],
        "hv2": ["openvswitch", "hypervisor", "salt-minion"],
        **{vm: ["motd"] for vm in VMS},
    }


def test_each_master_serves_its_kind_and_one_may_serve_both():
    both = compile(checked(merge(SPEC, {"masters": {"physical": "pi2"}})))

    assert (LAB["pi1"]["master"], LAB["pi2"]["master"]) == ({"serves": ["physical"]}, {"serves": ["virtual"]})
    assert (both["pi2"]["master"], both["pi1"].get("master")) == ({"serves": ["physical", "virtual"]}, None)


def test_the_data_of_a_vm_goes_over_that_of_its_class():
    spec = merge(SPEC, {"classes": {"web": {"data": {"motd": {"text": "all", "bell": True}, "more": [1]}}}})
    part = compile(checked(spec))["web1"]

    assert part["motd"] == {"text": "the first machine of the demo lab", "bell": True}
    assert part["more"] == [1]


@pytest.mark.parametrize("host", SWITCHED)
def test_its_bridges_are_a_wish_of_lab_ovs(host):
    bridges = LAB[host]["ovs"]["bridges"]

    assert check(Bridges, bridges, "lab:ovs:bridges").keys() == bridges.keys()


@pytest.mark.parametrize("host", ["hv1", "hv2"])
def test_its_domains_are_a_wish_of_lab_virt(host):
    domains = LAB[host]["virt"]["domains"]

    assert check(Domains, domains, "lab:virt:domains") == domains


def test_nobody_holds_the_data_of_another_or_a_key():
    texts = {vm: SPEC["vms"][vm]["data"]["motd"]["text"] for vm in VMS}
    held = {name: json.dumps(part) for name, part in LAB.items()}

    assert [(name, vm) for vm, text in texts.items() for name in held if text in held[name]] == [(vm, vm) for vm in VMS]
    assert [name for name in held if "BEGIN" in held[name] or "PRIVATE" in held[name]] == []


def test_a_slice_is_plain_data():
    assert json.loads(json.dumps(LAB)) == LAB
    assert type(LAB["web1"]["motd"]) is dict


@pytest.mark.parametrize(
    ("minion", "serves", "given"),
    [
        ("web1", ["virtual"], True),
        ("web1", ["physical"], False),
        ("web1", ["physical", "virtual"], True),
        ("web1", [], False),
        ("hv1", ["physical"], True),
        ("hv1", ["virtual"], False),
        ("stranger", ["physical", "virtual"], False),
        ("*", ["physical", "virtual"], False),
        ("web1\n", ["physical", "virtual"], False),
        ("", ["physical", "virtual"], False),
    ],
)
def test_a_master_gives_slices_to_its_own_kind_only(minion, serves, given):
    assert slices.of(SPEC, minion, serves) == (LAB[minion] if given else None)


def test_no_slice_comes_from_a_spec_with_a_mistake():
    with pytest.raises(BadWish, match="lab:nmae is unknown"):
        slices.of(merge(SPEC, {"nmae": "x"}), "web1", ["virtual"])


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True).filter(lambda name: name not in LAB)


@given(data=st.data(), names=st.lists(NAMES, max_size=5, unique=True))
def test_a_vm_does_not_notice_that_others_come_go_or_change_places(data, names):
    hosts = data.draw(st.lists(st.sampled_from(["hv1", "hv2"]), min_size=len(names), max_size=len(names)))
    more = {
        name: {"class": "web", "host": host, "address": f"lan+{number}", "data": {"motd": {"text": name}}}
        for number, (name, host) in enumerate(zip(names, hosts, strict=True), start=100)
    }
    gone = data.draw(st.sampled_from(["web2", "web3", None]))
    others = {name: vm for name, vm in (SPEC["vms"] | more).items() if name != gone}
    vms = {name: others[name] for name in data.draw(st.permutations(list(others)))}
    lab = compile(checked(SPEC | {"vms": vms}))

    assert lab["web1"] == LAB["web1"]
    assert lab["hv1"]["virt"]["domains"]["web1"] == domain("web1")


@given(data=st.data(), names=st.lists(NAMES, max_size=4, unique=True))
def test_a_vm_does_not_notice_that_hosts_come_or_change_places(data, names):
    more = {
        name: {"mac": f"52:54:00:00:02:{number:02x}", "address": f"mgmt+{number}"}
        for number, name in enumerate(names, start=100)
    }
    hosts = SPEC["hosts"] | more
    lab = compile(checked(SPEC | {"hosts": {name: hosts[name] for name in data.draw(st.permutations(list(hosts)))}}))

    assert {vm: lab[vm] for vm in VMS} == {vm: LAB[vm] for vm in VMS}
    assert lab["hv1"] == LAB["hv1"]


@given(vm=NAMES, other=NAMES)
def test_what_follows_from_a_name_follows_from_that_name_alone(vm, other):
    lab = checked(SPEC)
    place = derive.vm_place(lab.networks, "lan", vm)

    assert derive.mac("demo", vm, "lan").startswith("52:54:00:")
    assert 128 <= int(place.removeprefix("lan+")) < 255
    assert (derive.vm_uuid("demo", vm) == derive.vm_uuid("demo", other)) == (vm == other)
    assert derive.vm_uuid("demo", vm) != derive.vm_uuid("attic", vm)
