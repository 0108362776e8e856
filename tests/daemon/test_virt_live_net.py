"""Each field of a network card is changed while its guest runs; seen in libvirt, in Open vSwitch and in the kernel."""

import json
import re
from functools import partial

import pytest

from saltext.lab.virt import host, xml
from saltext.lab.virt.devices import Nic
from saltext.lab.wait import until
from tests.support import domains
from tests.support.domains import DEAF, MAC, NIC, impacts

VIRTIO = {"model": "virtio"}
OVS = VIRTIO | {"bridge": "br-int", "virtualport": "openvswitch"}
LAN, PORTS, SHARED = ({"network": name} | VIRTIO for name in ("lan", "ports", "shared"))
DIRECT = VIRTIO | {"direct": "low0", "direct_mode": "bridge"}
#: For each field: a card, what changes of it while the guest runs, and when that takes effect.
CASES = {
    "bridge": [
        (NIC, {"bridge": "br-two"}, "live"),
        (OVS, {"bridge": "br-three"}, "next-boot"),
        (LAN, {"bridge": "br-two"}, "next-boot"),
        (DIRECT, {"bridge": "br-lab"}, "next-boot"),
    ],
    "virtualport": [
        (NIC, {"virtualport": "openvswitch", "bridge": "br-int"}, "next-boot"),
        (OVS, {"virtualport": None, "bridge": "br-lab"}, "next-boot"),
    ],
    "network": [(PORTS, {"network": "lan"}, "next-boot"), (NIC, {"network": "lan"}, "next-boot")],
    "portgroup": [
        (PORTS, {"portgroup": "b"}, "live"),
        (PORTS | {"portgroup": "b"}, {"portgroup": None}, "live"),
        (LAN, {"portgroup": "b"}, "next-boot"),
    ],
    "direct": [(DIRECT, {"direct": "low1"}, "next-boot"), (NIC, {"direct": "low1"}, "next-boot")],
    "direct_mode": [(DIRECT, {"direct_mode": "private"}, "next-boot")],
    "tag": [
        (OVS, {"tag": 10}, "live"),
        (OVS | {"tag": 10}, {"tag": 20}, "live"),
        (OVS | {"tag": 10}, {"tag": None}, "live"),
        (PORTS, {"tag": 30}, "live"),
    ],
    "trunks": [
        (OVS | {"tag": 10}, {"trunks": [10, 20]}, "live"),
        (OVS | {"tag": 10}, {"trunks": [20], "tag": None}, "live"),
        (OVS | {"trunks": [10]}, {"tag": 20, "trunks": None}, "live"),
        (OVS | {"trunks": [10]}, {"trunks": None}, "live"),
    ],
    "native": [
        (OVS | {"trunks": [10, 20]}, {"native": 20}, "live"),
        (OVS | {"trunks": [10, 20], "native": 20}, {"native": 10}, "live"),
        (OVS | {"trunks": [10, 20], "native": 20}, {"native": None}, "live"),
    ],
    "model": [(NIC, {"model": "e1000"}, "next-boot")],
    "mtu": [(NIC, {"mtu": 1400}, "next-boot")],
    "target": [(NIC, {"target": "lan1"}, "next-boot")],
    "link": [(NIC, {"link": "down"}, "live"), (OVS, {"link": "down"}, "live"), (SHARED, {"link": "down"}, "live")],
    "inbound": [(OVS, {"inbound": 1000}, "live"), (OVS | {"inbound": 1000}, {"inbound": None}, "live")],
    "outbound": [(OVS, {"outbound": 1000}, "live"), (OVS | {"outbound": 1000}, {"outbound": None}, "live")],
    "queues": [(NIC, {"queues": 2}, "next-boot")],
    "boot_order": [(NIC, {"boot_order": 1}, "next-boot")],
    "rom": [(NIC, {"rom": False}, "next-boot")],
    "rom_file": [(NIC, {"rom_file": "/usr/lib/ipxe/qemu/pxe-virtio.rom"}, "next-boot")],
    "offloads": [(NIC, {"offloads": False}, "next-boot")],
}
CARDS = {f"52:54:00:00:01:{n:02x}": case for n, case in enumerate(case for its in CASES.values() for case in its)}
NETWORKS = (
    "<network><name>lan</name><forward mode='bridge'/><bridge name='br-lab'/><portgroup name='b'/></network>",
    "<network><name>shared</name><forward mode='bridge'><interface dev='low0'/></forward></network>",
    """<network><name>ports</name><forward mode='bridge'/><bridge name='br-int'/><virtualport type='openvswitch'/>
    <portgroup name='a' default='yes'><vlan><tag id='10'/></vlan></portgroup>
    <portgroup name='b'><vlan><tag id='20'/></vlan></portgroup></network>""",
)
HOST = """
ip link add br-two type bridge
ip link set br-two up
ip link add low0 type veth peer low1
ip link set low0 up
ip link set low1 up
ovs-vsctl add-br br-three -- set bridge br-three datapath_type=netdev
"""


@pytest.fixture(scope="module")
def daemon(daemon):
    daemon.openvswitch()
    daemon.run("bash", "-euc", HOST)
    with host.connect(daemon.uri) as conn:
        for text in NETWORKS:
            conn.networkDefineXML(text).create()
    return daemon


@pytest.fixture(autouse=True)
def clean(conn):
    yield
    domains.clean(conn)


def card(conn, mac=MAC):
    """The card as the guest vm1 has it."""
    return xml.read(conn.lookupByName("vm1").XMLDesc())["nics"][mac]


def port(daemon, conn):
    """What Open vSwitch has of the port of that card."""
    columns = ("tag", "trunks", "vlan_mode")
    told = daemon.out("ovs-vsctl", "-f", "json", f"--columns={','.join(columns)}", "list", "port", card(conn)["target"])
    return dict(zip(columns, json.loads(told)["data"][0], strict=True))


def queue(daemon, conn):
    """What Open vSwitch lets through to that card."""
    qos = daemon.out("ovs-vsctl", "get", "port", card(conn)["target"], "qos").strip()
    if qos == "[]":
        return ""
    return daemon.out(
        "ovs-vsctl", "get", "queue", daemon.out("ovs-vsctl", "get", "qos", qos, "queues:0").strip(), "other_config"
    )


def classes(daemon, conn):
    """How the kernel sends to that card."""
    return daemon.out("tc", "class", "show", "dev", card(conn)["target"])


def policing(daemon, conn):
    return int(daemon.out("ovs-vsctl", "get", "interface", card(conn)["target"], "ingress_policing_rate"))


def test_no_field_is_left_out():
    assert set(CASES) == set(Nic.model_fields)


def test_each_field_of_a_card_changes_when_it_is_told(done, bring, conn):
    done({"vm1": DEAF | {"pcie_ports": len(CARDS) + 2, "nics": {mac: before for mac, (before, _, _) in CARDS.items()}}})
    changed = impacts(done({"vm1": {"nics": {mac: change for mac, (_, change, _) in CARDS.items()}}}))
    now, comment = {mac: card(conn, mac) for mac in CARDS}, bring({"vm1": {}})["comment"]

    assert changed == {f"vm1.nics.{mac}.{key}": when for mac, (_, change, when) in CARDS.items() for key in change}
    for mac, (_, change, when) in CARDS.items():
        assert _has(now[mac], change) is (when == "live"), CARDS[mac]
        assert (mac in comment) is (when == "next-boot"), CARDS[mac]
    host.stop(conn, "vm1")
    host.start(conn, "vm1")
    assert bring({"vm1": {}})["comment"] == "as wished"
    for mac, (_, change, _) in CARDS.items():
        assert _has(card(conn, mac), change), CARDS[mac]


def _has(card, change):
    return all(_of_network(card, key) if value is None else card.get(key) == value for key, value in change.items())


def _of_network(card, key):
    """Whether *card* has no *key*; in a network it has its VLAN."""
    return key not in card or (key == "tag" and "network" in card)


def test_vlans_of_a_port_change_under_the_guest(done, conn, daemon):
    steps = (
        ({"tag": 10}, {"tag": 10}),
        ({"trunks": [10, 20]}, {"trunks": ["set", [10, 20]]}),
        ({"trunks": [10, 30], "native": 30}, {"tag": 30, "trunks": ["set", [10, 30]], "vlan_mode": "native-untagged"}),
        ({"native": 10}, {"tag": 10, "trunks": ["set", [10, 30]], "vlan_mode": "native-untagged"}),
        ({"trunks": [10, 40]}, {"tag": 10, "trunks": ["set", [10, 40]], "vlan_mode": "native-untagged"}),
        ({"native": None}, {"trunks": ["set", [10, 40]]}),
        ({"tag": 40, "trunks": None}, {"tag": 40}),
        (
            {"trunks": [10, 20], "tag": None, "native": 10},
            {"tag": 10, "trunks": ["set", [10, 20]], "vlan_mode": "native-untagged"},
        ),
        ({"trunks": None, "native": None}, {}),
    )
    done({"vm1": DEAF | {"nics": {MAC: OVS}}})
    for wish, rows in steps:
        assert set(impacts(done({"vm1": {"nics": {MAC: wish}}})).values()) == {"live"}
        assert {key: value for key, value in port(daemon, conn).items() if value != ["set", []]} == rows


def test_the_native_vlan_of_a_trunk_arrives_untagged(done, conn, daemon):
    done({"vm1": DEAF | {"nics": {MAC: OVS | {"trunks": [10, 20]}}}})
    target = card(conn)["target"]
    assert _arrives(daemon, target) == "tagged"
    done({"vm1": {"nics": {MAC: {"native": 10}}}})
    assert _arrives(daemon, target) == "untagged"
    done({"vm1": {"nics": {MAC: {"native": 20}}}})
    assert _arrives(daemon, target) == "tagged"


def _arrives(daemon, target):
    """How Open vSwitch hands to *target* what the port ``probe`` in VLAN 10 sends."""
    number = re.search(rf"{target} \d+/(\d+)", daemon.out("ovs-appctl", "dpif/show")).group(1)
    told = daemon.out("ovs-appctl", "ofproto/trace", "br-int", "in_port=probe,dl_dst=ff:ff:ff:ff:ff:ff")
    actions = re.sub(r"\(.*?\)", "", told.rpartition("Datapath actions: ")[2]).strip().split(",")
    before = actions[: actions.index(number)]
    return "tagged" if before.count("push_vlan") > before.count("pop_vlan") else "untagged"


def test_rates_of_a_card_on_open_vswitch_change_under_the_guest(done, conn, daemon):
    done({"vm1": DEAF | {"nics": {MAC: OVS}}})
    for rate in (1000, 2000):
        done({"vm1": {"nics": {MAC: {"inbound": rate, "outbound": rate}}}})
        assert f'max-rate="{rate * 8000}", min-rate="{rate * 8000}"' in queue(daemon, conn)
        assert policing(daemon, conn) == rate * 8
        until(partial(_limited, daemon, conn, rate * 8 // 1000), 10, "the rate in the kernel")
    done({"vm1": {"nics": {MAC: {"inbound": None, "outbound": None}}}})
    assert (queue(daemon, conn), policing(daemon, conn)) == ("", 0)
    until(lambda: not classes(daemon, conn), 10, "the end of the rate in the kernel")


def _limited(daemon, conn, mbit):
    return f"ceil {mbit}Mbit" in classes(daemon, conn)


def test_a_rate_that_could_not_be_set_is_not_told_as_done_and_tried_again(done, bring, conn, daemon):
    wish = {"vm1": {"nics": {MAC: {"inbound": 1000}}}}
    done({"vm1": DEAF | {"nics": {MAC: OVS}}})
    daemon.run("mount", "--bind", "/dev/null", "/usr/bin/ovs-vsctl")
    refused = [bring(wish) for _ in range(2)]
    daemon.run("umount", "/usr/bin/ovs-vsctl")

    for one in refused:
        assert (one["result"], one["changes"]) == (False, {})
        assert f"libvirt refused to change nics.{MAC} of domain vm1 while it runs" in one["comment"]
    assert impacts(done(wish)) == {f"vm1.nics.{MAC}.inbound": "live"}
    assert 'max-rate="8000000"' in queue(daemon, conn)


def test_what_is_told_as_done_of_a_rate_is_in_the_kernel(done, bring, conn, daemon):
    """A kernel may lack what libvirt limits a card on a Linux bridge with: sch_sfq one way, act_police the other."""
    done({"vm1": DEAF | {"nics": {MAC: NIC}}})
    target = card(conn)["target"]
    for wish, ask in (
        ({"inbound": 1000}, ("tc", "class", "show", "dev", target)),
        ({"outbound": 1000}, ("tc", "filter", "show", "dev", target, "ingress")),
    ):
        for _ in range(2):
            made = bring({"vm1": {"nics": {MAC: wish}}})
        if made["result"]:
            assert "rate 8" in daemon.out(*ask)
        else:
            assert made["changes"] == {}
            assert f"libvirt refused to change nics.{MAC} of domain vm1 while it runs" in made["comment"]
            assert wish.keys().isdisjoint(card(conn))
        bring({"vm1": {"nics": {MAC: dict.fromkeys(wish)}}})


def test_a_card_of_each_kind_is_plugged_into_a_guest_that_runs(done, conn):
    done({"vm1": DEAF})
    kinds = [NIC, OVS, LAN, PORTS, SHARED, DIRECT]
    wish = {f"52:54:00:00:02:{n:02x}": kind for n, kind in enumerate(kinds)}

    assert set(impacts(done({"vm1": {"nics": wish}})).values()) == {"live"}
    for mac, kind in wish.items():
        assert card(conn, mac).items() >= kind.items()
