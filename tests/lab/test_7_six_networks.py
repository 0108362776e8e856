"""The six networks of the example lab: machines of each firmware netboot, and are in their own networks only."""

import json

import pytest

from tests.lab.conftest import Lab

#: The cards of each VM in order, and its address in the network of its first one.
CARDS = {
    "fw1": (["internet", "isp"], "10.40.0.1"),
    "router1": (["lan", "internet", "wan", "ipmi"], "10.10.0.1"),
    "nas1": (["lan", "storage"], "10.10.0.31"),
    "node1": (["lan", "wan"], "10.10.0.41"),
}
VLANS = {"storage": 20, "wan": 30, "internet": 40, "isp": 50, "ipmi": 99}
#: What the firmware of each machine that netboots loads first, as the log of dnsmasq or of nginx tells it.
LOADED = {
    "node1": ("/var/log/nginx/access.log", '10.10.0.41 .*"GET /boot/lan/boot.ipxe'),
    "nas1": ("/var/log/saltext-lab-dnsmasq.log", "sent /srv/netboot/tftp/snponly.efi to 10.10.0.31"),
    "router1": ("/var/log/nginx/access.log", '10.10.0.1 .*"GET /ipxe.efi'),
}
MEMORY = {"overlay", "squashfs", "tmpfs", "proc", "sysfs", "devtmpfs", "devpts", "cgroup2", "ramfs", "rootfs"}
ON = {"fw1": "hv1", "router1": "hv1", "nas1": "hv2", "node1": "hv2"}


@pytest.fixture(scope="module")
def attic():
    lab = Lab("at", "attic")
    lab.rack("down")
    lab.rack("up")
    try:
        lab.seed()
        _, lab.steps = lab.bootstrap()
        yield lab
    finally:
        lab.rack("down")


def reaches(lab, vm, address):
    return lab.salt("pi2", vm, "cmd.retcode", f"busybox ping -c 2 -W 3 {address}") == 0


def test_every_machine_is_admitted_by_its_first_card(attic):
    for vm, (_, address) in CARDS.items():
        assert attic.steps[f"highstate {vm}"]["state"] == "changed"
        assert address in attic.salt("pi2", vm, "cmd.run", "ip -o -4 address show eth0")


def test_each_card_is_in_its_network_in_the_order_of_its_class(attic):
    for vm, (networks, _) in CARDS.items():
        macs = [
            attic.salt("pi2", vm, "file.read", f"/sys/class/net/eth{n}/address").strip() for n in range(len(networks))
        ]
        ports = attic.run(ON[vm], "virsh", "dumpxml", vm).stdout.split("<interface ")[1:]
        tags = {
            mac: next((vlan for vlan in VLANS.values() if f"id='{vlan}'" in port), None)
            for mac in macs
            for port in ports
            if mac in port
        }
        assert [tags[mac] for mac in macs] == [VLANS.get(network) for network in networks]


def test_who_shares_a_network_reaches_each_other_and_nobody_else(attic):
    assert reaches(attic, "nas1", "10.10.0.1")
    assert reaches(attic, "node1", "10.10.0.31")
    for vm, address in (("nas1", "10.20.0.9"), ("node1", "10.30.0.9"), ("router1", "10.40.0.9")):
        card = "eth1"
        attic.salt("pi2", vm, "cmd.run", f"ip link set {card} up; ip address add {address}/24 dev {card}")
    assert reaches(attic, "nas1", "10.20.0.21")  # hv1 in storage, on the other side of the wire
    assert reaches(attic, "node1", "10.30.0.21")
    assert reaches(attic, "router1", "10.40.0.1")
    assert not reaches(attic, "fw1", "10.10.0.31")
    assert not reaches(attic, "node1", "10.20.0.21")


def test_a_jumbo_packet_crosses_storage_and_nothing_else(attic):
    ping = "ping -c 2 -W 3 -M do -s 8972"
    assert attic.run("hv1", *ping.split(), "10.20.0.22", check=False).returncode == 0
    assert attic.run("hv1", *ping.split(), "10.30.0.22", check=False).returncode != 0


def test_machines_of_each_firmware_run_from_memory_what_was_served_to_them(attic):
    manifest = json.loads(attic.run("pi1", "cat", "/srv/images/ram/manifest.json").stdout)
    for vm, (log, words) in LOADED.items():
        assert attic.run("nb1", "grep", "-E", words, log, check=False).stdout, vm
        assert attic.salt("pi2", vm, "grains.get", "lab_root") == manifest["files"]["root.sqfs"]["sha256"]
        mounts = attic.salt("pi2", vm, "file.read", "/proc/mounts").splitlines()
        assert {line.split()[2] for line in mounts} <= MEMORY
        told = attic.run("nb1", "ls", f"/srv/netboot/http/told/{CARDS[vm][1]}").stdout.split()
        assert [word.rpartition("-")[0] for word in told] == ["healthy", "tried-1"]


def test_without_the_netboot_host_they_run_on_and_do_what_they_are_told(attic):
    attic.rack("power", "off", "nb1")
    for vm in LOADED:
        states = attic.salt("pi2", vm, "state.apply")
        assert all(state["result"] for state in states.values()), states
    attic.rack("power", "on", "nb1")


def test_again_it_changes_nothing(attic):
    done, steps = attic.bootstrap()

    assert done.returncode == 0
    assert {step["state"] for step in steps.values()} == {"as wished"}
