"""Three hosts with real switches prove six networks to each other, and find what is wrong with them."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from saltext.lab.prove import expect, told, wire
from saltext.lab.prove.judge import LEAK, LOOP, LOST, SHORT
from saltext.lab.prove.proof import Prover
from saltext.lab.spec import facts
from saltext.lab.spec.check import checked
from saltext.lab.wait import until
from tests.support.fabric import fabric, ip

IPV6 = 0x86DD  # EtherType of what a new device would ask its neighbours
OVERLAY = {"overlay": "vxlan", "over": "under"}


def _host(number):
    return {
        "mac": f"52:54:00:00:09:{number:02x}",
        "address": f"mgmt+{number}",
        "uplinks": {"trunk0": ["under", "red", "blue"]},
        "joins": [f"under+{number}", f"lan+{number}", f"store+{number}"],
        "datapath": "netdev",
    }


SPEC = {
    "name": "proof",
    "domain": "proof.example",
    "masters": {"physical": "a", "virtual": "b"},
    "networks": {
        "mgmt": {"subnet": "10.99.0.0/24"},
        "under": {"subnet": "10.98.0.0/24", "mtu": 1600},
        "red": {"subnet": "10.30.0.0/24", "vlan": 30},  # two tenants on one dumb switch
        "blue": {"subnet": "10.40.0.0/24", "vlan": 40},
        "lan": {"subnet": "10.10.0.0/24", "vlan": 10} | OVERLAY,  # and two over the mesh
        "store": {"subnet": "10.20.0.0/24", "vlan": 20} | OVERLAY,
    },
    "hosts": {name: _host(number) for number, name in enumerate("abc", 11)},
}
LAB = checked(SPEC)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    with fabric(LAB, tmp_path_factory.mktemp("p")) as net:
        yield net


@pytest.fixture
def prove(net, tmp_path):
    """A function that returns the proof of the fabric; what is green does not take the whole *window*."""
    path = tmp_path / "data/prove.json"
    return lambda window=2: Prover(LAB, net, path, window=window, locks=tmp_path).prove()


def reds(proof):
    return {(row["kind"], row["from"], row["to"]) for row in proof["red"]}


def both_ways(kind, one, other, *networks):
    ends = [(f"{one}/{network}", f"{other}/{network}") for network in networks]
    return {(kind, *pair) for pair in ends} | {(kind, *reversed(pair)) for pair in ends}


def test_a_sound_lab_is_green_and_as_it_was_afterwards(net, prove, tmp_path):
    before = {name: host.bridges() for name, host in net.hosts.items()}
    proof = prove(window=20)

    assert told.summary(proof) == ""
    mtus = {name: facts.mtu(LAB, name) for name in LAB.networks}
    others = {one: [other for other in "abc" if other != one] for one in "abc"}
    assert proof["networks"] == {
        name: {"mtu": mtu, "reach": {one: dict.fromkeys(others[one], mtu) for one in "abc"}}
        for name, mtu in mtus.items()
    }
    words = {(one, to): word for one, row in proof["isolation"].items() for to, word in row.items()}
    shared = {("mgmt", "under"), ("under", "mgmt")}  # without tags, and on one dumb switch
    assert words == dict.fromkeys(words, "apart") | dict.fromkeys(shared, "shared")
    assert {name: host.bridges() for name, host in net.hosts.items()} == before
    assert json.loads((tmp_path / "data/prove.json").read_text()) == proof


def test_probes_say_nothing_of_their_own(net, prove):
    ear = net.hosts["a"].call(socket.socket, socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK).result()
    ear.bind(("br-trunk0", IPV6))
    with ear:
        prove()
        with pytest.raises(BlockingIOError):
            ear.recv(100)


@pytest.fixture
def mended(net):
    """Afterwards all hosts are as the spec wishes them."""
    yield
    for host in net.hosts.values():
        assert host.converge()["result"] is True


def test_a_tunnel_in_another_vlan_is_found_on_its_host(net, prove):
    net.hosts["a"].vsctl("set", "Port", "vx-b-under", "tag=99")
    proof = prove()
    net.hosts["a"].vsctl("clear", "Port", "vx-b-under", "tag")

    assert reds(proof) == both_ways(LOST, "a", "b", "lan", "store")
    assert {row["why"] for row in proof["red"]} == {
        "a: port vx-b-under is in VLAN 99, and not VLAN 10",
        "a: port vx-b-under is in VLAN 99, and not VLAN 20",
    }
    assert 'bridge("br-int")' in proof["traces"]["a/lan"]


def test_a_tunnel_to_nowhere_is_told_in_the_words_of_the_switch(net, prove, mended):
    net.hosts["c"].vsctl("set", "Interface", "vx-a-under", "options:remote_ip=10.97.0.1")
    proof = prove()

    assert reds(proof) == both_ways(LOST, "a", "c", "lan", "store")
    assert {row["why"] for row in proof["red"]} == {"c: native tunnel routing failed"}


def test_a_narrow_wire_is_found_with_what_crosses_it(net, prove):
    ip(net.wires, "link set b-trunk0 mtu 1540")
    proof = prove()
    ip(net.wires, "link set b-trunk0 mtu 1600")

    narrow = both_ways(SHORT, "a", "b", "under", "lan", "store") | both_ways(SHORT, "b", "c", "under", "lan", "store")
    assert reds(proof) == narrow
    assert proof["networks"]["lan"]["reach"]["b"] == {
        "a": 1450,
        "c": 1450,
    }  # the next step, 1492, has 54 bytes around it
    assert proof["networks"]["under"]["reach"]["b"] == {"a": 1500, "c": 1500}
    assert proof["networks"]["lan"]["reach"]["a"] == {"b": 1450, "c": 1500}


def test_a_cable_between_two_tenants_is_a_leak(net, prove):
    host = net.hosts["c"]
    ip(host.space, "link add x0 type veth peer name x1", *(f"link set x{n} addrgenmode none up" for n in (0, 1)))
    ends = [word for n, tag in ((0, 30), (1, 40)) for word in ("--", "add-port", "br-trunk0", f"x{n}", f"tag={tag}")]
    host.vsctl(*ends)
    proof = prove()
    host.vsctl("del-port", "x0", "--", "del-port", "x1")
    ip(host.space, "link del x0")

    assert {(kind, one.split("/")[1], other.split("/")[1]) for kind, one, other in reds(proof)} == {
        (LEAK, "red", "blue"),
        (LEAK, "blue", "red"),
    }
    assert (proof["isolation"]["red"]["blue"], proof["isolation"]["red"]["lan"]) == ("leak", "apart")


def test_a_bridge_that_is_not_there_is_told_and_not_made(net, prove, mended):
    net.hosts["c"].vsctl("del-br", "br-int")
    proof = prove()

    assert "br-int" not in net.hosts["c"].bridges()
    assert reds(proof) == {
        red for one in "ab" for network in ("lan", "store", "red", "blue") for red in both_ways(LOST, one, "c", network)
    }
    assert {row["why"] for row in proof["red"]} == {"c: there is no bridge br-int"}


@pytest.mark.parametrize(("how", "left"), [(signal.SIGTERM, False), (signal.SIGKILL, True)])
def test_a_run_that_is_broken_off(net, prove, how, left):
    """Ended, it tidies up; killed, its ports are no change for lab_ovs, and the next run removes them."""
    host = net.hosts["a"]
    probes = [probe | {"id": 5 - probe["id"]} for probe in expect.probes(expect.cells(LAB))["a"]]  # of another spec
    code = (
        "import json, signal, sys; from saltext.lab.prove import probe\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))\n"
        "probe.run(probe.Switch(sys.argv[1]), json.loads(sys.argv[2]), bytes(8), 30)"
    )
    argv = ["ip", "netns", "exec", host.space, sys.executable, "-c", code, host.address, json.dumps(probes)]
    run = subprocess.Popen(argv, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    until(lambda: probes_of(host), 20, "the ports of the probes")
    run.send_signal(how)
    run.wait(20)

    assert bool(probes_of(host)) is left
    assert host.converge()["changes"] == {}
    assert told.summary(prove(window=20)) == ""
    assert probes_of(host) == []


def probes_of(host):
    ports = [port for bridge in host.bridges().values() for port in bridge["ports"].values()]
    return [port for port in ports if wire.MARK in port["external_ids"]]


def test_a_loop_is_seen_by_the_copies(net, prove, mended):
    """Last: packets go round until the tunnels are protected again."""
    for host in net.hosts.values():
        tunnels = [port for port in host.wish["ovs"]["bridges"]["br-int"]["ports"] if port.startswith("vx-")]
        host.vsctl(*(word for port in tunnels for word in ("--", "set", "Port", port, "protected=false")))
    proof = prove()

    assert {(kind, one.split("/")[1]) for kind, one, _ in reds(proof)} == {(LOOP, "lan"), (LOOP, "store")}
