"""DHCP, DNS and booting from the spec, by real dnsmasq, nginx and QEMU guests that have no disk."""

import subprocess
from contextlib import ExitStack

import pytest

from saltext.lab.netboot import leases, seen
from saltext.lab.netboot.marks import Marks
from saltext.lab.spec import derive
from saltext.lab.wait import until
from tests.support import guest, netboot
from tests.support.dhcp import pxe

MACS = {name: derive.mac("boot", name, "lan") for name in ("one", "two", "late")}
#: Machines that are told by their MACs, and three of them that have numbers.
BLOCK = {
    "blocks": {
        "node": {"mac": "52:54:00:88:*:*", "network": "lan", "class": "web", "range": "200-209"},
        "own": {
            **{"class": "web", "ids": "40-42", "name": "own{id}", "mac": "52:54:00:88:00:{id:02x}"},
            "address": "lan+{id}",
        },
    }
}
LATE = {"vms": {"late": {"class": "web", "host": "srv", "address": "lan+30"}}}
BOOT = 150  #: seconds; 7 for BIOS, 19 for UEFI by HTTP on two busy cores


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A wire with a server on it, and a client."""
    with netboot.wire("a") as wire:
        server = netboot.Server(wire.space, tmp_path_factory.mktemp("srv"))
        server.put(netboot.slice_of(BLOCK))
        with server.dnsmasq() as pid, server.nginx():
            server.wire, server.pid, server.ask = wire, pid, wire.client("cli", "10.77.0.250/24")
            yield server


def test_a_machine_of_the_lab_gets_its_own_address_without_end(site):
    lease = site.ask("lease", MACS["one"])

    assert (lease["ip"], lease["name"], lease["lease"]) == ("10.77.0.20", "one", 0xFFFFFFFF)
    assert (lease["dns"], lease["domain"], lease.get("router")) == ("10.77.0.1", "boot.example", None)
    assert leases.parse(site.leases.read_text())[MACS["one"]] == {"ip": "10.77.0.20", "name": "one", "expiry": None}


def test_a_numbered_machine_gets_the_address_of_its_number_though_its_mac_is_in_another_block_too(site):
    lease = site.ask("lease", "52:54:00:88:00:2a")

    assert (lease["ip"], lease["name"], lease["lease"]) == ("10.77.0.42", "own42", 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("arch", "loads"),
    [(0, "undionly.kpxe"), (7, "snponly.efi"), (9, "snponly.efi"), (16, "http://10.77.0.1/ipxe.efi")],
)
def test_each_kind_of_firmware_is_led_to_its_ipxe(site, arch, loads):
    offer = site.ask("offer", MACS["two"], options=pxe(arch))

    assert loads in (offer["boot"], offer.get("file"))
    assert arch != 16 or offer["vendor"] == "HTTPClient"


def test_ipxe_is_led_to_the_script_of_its_network(site):
    offer = site.ask("offer", MACS["two"], options=pxe(0, ipxe=True))

    assert offer["file"] == "http://10.77.0.1/boot/lan/boot.ipxe"
    assert offer[175] is not None


def test_machines_come_and_go_without_a_restart(site):
    before = site.ask("offer", MACS["late"])["ip"]
    site.put(netboot.slice_of({**BLOCK, **LATE}))
    added = until(lambda: (now := site.ask("offer", MACS["late"])["ip"]) != before and now, 5, "the reservation")
    site.put(netboot.slice_of(BLOCK))
    site.reload()
    gone = until(lambda: (now := site.ask("offer", MACS["late"], 12)["ip"]) != added and now, 15, "its end")

    assert added == "10.77.0.30"
    assert int(gone.rpartition(".")[2]) in range(100, 200)
    assert int((site.home / "pid").read_text()) == site.pid
    assert site.ask("offer", MACS["one"])["ip"] == "10.77.0.20"


def test_an_address_that_somebody_took_is_not_offered_and_a_lease_survives_a_restart(tmp_path):
    mac, other = "52:54:00:99:00:07", "52:54:00:99:00:08"
    with netboot.wire("b") as wire:
        server, ask = netboot.Server(wire.space, tmp_path), wire.client("cli", "10.77.0.250/24")
        server.put(netboot.slice_of())
        with server.dnsmasq():
            before, free = ask("lease", mac), ask("offer", other)
        wire.join("squatter", f"{free['ip']}/24")
        with server.dnsmasq():
            after, taken = ask("lease", mac), ask("offer", other, 12)

    assert (after["ip"], after["lease"]) == (before["ip"], 0xFFFFFFFF)
    assert taken["ip"] not in (free["ip"], before["ip"])  # its choice follows from the MAC, and was the same before


def test_salt_tells_the_leases_and_who_was_seen(site, tmp_path):
    mac = "52:54:00:99:00:09"
    ip = site.ask("lease", mac, 12)["ip"]
    Marks(tmp_path / "seen").add(mac, {"mac": mac, "interface": "lan", "when": "now"})

    assert netboot.call(tmp_path, site, "leases")[mac] == {"ip": ip, "name": None, "expiry": None}
    assert netboot.call(tmp_path, site, "seen") == {mac: {"mac": mac, "interface": "lan", "when": "now"}}
    assert netboot.call(tmp_path, site, "forget", mac) is True
    assert netboot.call(tmp_path, site, "seen") == {}


def test_a_machine_of_a_block_gets_its_addresses_and_its_script(site):
    offer = site.ask("offer", "52:54:00:88:00:01", options=pxe(0, ipxe=True))

    assert offer["ip"] in [f"10.77.0.{number}" for number in range(200, 210)]
    assert offer["file"] == "http://10.77.0.1/boot/lan/block-node.ipxe"


def test_the_last_of_a_thousand_machines_has_its_address_without_a_restart(tmp_path):
    with netboot.wire("c") as wire, netboot.thousand(wire, tmp_path) as (server, ask, add):
        added = add(1000)
        last = until(lambda: (now := ask("offer", added[-1][0])) and now["ip"] == added[-1][1] and now, 10, "the last")

    assert last["name"] == "h999"


def test_a_name_leads_to_every_address_and_an_alias_too(site):
    asked = ("busybox", "nslookup", "www.boot.example", "10.77.0.1")
    said = subprocess.run(
        ["ip", "netns", "exec", site.space, *asked], capture_output=True, text=True, timeout=20, check=True
    )

    assert "Address: 10.77.0.20" in said.stdout


@pytest.mark.parametrize("firmware", ["bios", "efi", "http"])
def test_a_blank_machine_boots_into_memory(site, firmware, image, tmp_path):
    site.put(netboot.slice_of(BLOCK, ram=[site.fill(image)]))
    mac, since, log = MACS["one"], len(site.fetched()), tmp_path / "console"
    with netboot.guest(site.wire, firmware, mac, log, firmware):
        told = until(lambda: guest.seen(log), BOOT, "the kernel")
    fetched = [path.rpartition("/")[2] for path in site.fetched()[since:]]

    assert told["eth0"].startswith(f"{mac},1")
    assert fetched[-4:] == ["boot.ipxe", f"mac-{mac.replace(':', '-')}.ipxe", "vmlinuz", "initrd-net.img"]
    assert ("ipxe.efi" in fetched) == (firmware == "http")


def test_a_machine_that_nobody_named_boots_the_default_after_a_while_and_one_boots_its_own_disk(site, image, tmp_path):
    site.put(netboot.slice_of({**BLOCK, "vms": {"two": {"boot": "local"}}}, ram=[site.fill(image)]))
    with (
        netboot.guest(site.wire, "free", "52:54:00:99:00:03", tmp_path / "free"),
        netboot.guest(site.wire, "local", MACS["two"], tmp_path / "local"),
    ):
        until(lambda: guest.seen(tmp_path / "free"), BOOT, "the kernel")
        until(lambda: f"/boot/lan/mac-{MACS['two'].replace(':', '-')}.ipxe" in site.fetched(), BOOT, "its script")
        assert not guest.seen(tmp_path / "local")

    assert [path for path in site.fetched() if "class-" in path] == ["/boot/lan/class-web.ipxe"]


@pytest.mark.parametrize("firmware", ["bios", "efi"])
def test_beside_a_foreign_dhcp_server_ours_says_what_to_boot(image, tmp_path, firmware):
    with netboot.wire("d") as wire:
        server, mac = netboot.Server(wire.space, tmp_path), MACS["one"]
        server.put(netboot.slice_of(netboot.PROXY, ram=[server.fill(image)]))
        other = wire.join("foreign", "10.77.0.2/24")
        both = (server.dnsmasq(), server.nginx(), netboot.foreign(other, tmp_path))
        with ExitStack() as stack:
            for one in (*both, netboot.guest(wire, "proxied", mac, tmp_path / "console", firmware)):
                stack.enter_context(one)
            told = until(lambda: guest.seen(tmp_path / "console"), BOOT, "the kernel")

    assert told["eth0"].startswith(mac)
    assert not server.leases.exists() or mac not in leases.parse(server.leases.read_text())
    assert mac in (tmp_path / "foreign.leases").read_text()


def test_who_serves_on_a_wire_is_heard_ours_and_a_foreign_one_and_nobody_is_told_of_the_question(site, tmp_path):
    other = site.wire.join("rogue", "10.77.0.2/24")
    before = netboot.call(tmp_path, site, "servers", "lan")["lan"]
    with netboot.foreign(other, tmp_path):
        after = netboot.call(tmp_path, site, "servers", "lan")["lan"]

    assert before.keys() == {"10.77.0.1"}
    assert before["10.77.0.1"]["ip"] in [f"10.77.0.{number}" for number in range(100, 200)]
    assert before["10.77.0.1"]["boot"] == "undionly.kpxe"
    assert after.keys() == {"10.77.0.1", "10.77.0.2"}
    assert after["10.77.0.2"]["ip"] in [f"10.77.0.{number}" for number in range(50, 60)]
    assert not any(mac.startswith(seen.PROBE) for mac in seen.machines(site.log.read_text().splitlines()))
    assert seen.PROBE in site.log.read_text()
    assert seen.PROBE not in site.leases.read_text() + (tmp_path / "foreign.leases").read_text()


@pytest.mark.parametrize(("link", "why"), [("none", "No such device"), ("unplugged", "Network is unreachable")])
def test_an_interface_that_is_not_there_or_is_down_is_told(tmp_path, site, link, why):
    if link == "unplugged":
        netboot.ip(site.space, "link add unplugged type veth peer name other")
    said = netboot.call(tmp_path, site, "servers", link)

    assert f"nobody can be asked on {link}" in said
    assert why in said


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A small guest in the place of the image ``ram``, with a root that it does not mount."""
    folder = tmp_path_factory.mktemp("image")
    guest.make(folder)
    (folder / "initrd.img").rename(folder / "initrd-net.img")
    (folder / "root.sqfs").write_bytes(b"")
    return folder
