"""Machines that load PXELINUX, by real dnsmasq, nginx and QEMU guests, and their neighbours, which load iPXE."""

import re

import pytest

import images
from saltext.lab.netboot import ipxe, pxelinux
from saltext.lab.spec import derive
from saltext.lab.wait import until
from tests.support import install, netboot
from tests.support.dhcp import pxe
from tests.support.ram_guest import Console

MAC = {name: derive.mac("boot", name, "lan") for name in ("one", "two", "disk")}
NODE = "52:54:00:88:00:01"
WRONG = "0" * 12  #: the version whose root is not what its hash says
BOOT = 150  #: seconds; 12 on two busy cores
#: The block, one and disk load PXELINUX, two does not.
SPEC = {
    "classes": {"old": {"image": "ram", "nics": ["lan"], "boot": "ram", "loader": "pxelinux"}},
    "vms": {"one": {"class": "old"}, "disk": {"class": "old", "host": "srv", "address": "lan+22", "boot": "local"}},
    "blocks": {"node": {"mac": "52:54:00:88:*:*", "network": "lan", "class": "old", "range": "200-209"}},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server of the image ``ram`` on a wire; the root of the current version is not what its hash says."""
    with netboot.wire("p") as wire:
        server = netboot.Server(wire.space, tmp_path_factory.mktemp("srv"))
        right = server.fill(images.build("ram"))
        wrong = right._replace(id=WRONG, sha256=right.sha256 | {"root.sqfs": "0" * 64})
        folder = server.home / "http/images/ram"
        (folder / WRONG).symlink_to(right.id)
        server.put(netboot.slice_of(SPEC, ram=[wrong, right]))
        with server.dnsmasq(), server.nginx():
            server.wire, server.right, server.ask = wire, right.id, wire.client("cli", "10.77.0.250/24")
            yield server


@pytest.mark.parametrize(
    ("mac", "arch", "rom", "loads"),
    [
        (MAC["one"], 0, False, "lpxelinux.0"),
        (MAC["one"], 0, True, "lpxelinux.0"),
        (MAC["one"], 7, False, None),
        (MAC["one"], 16, False, None),
        (NODE, 0, True, "lpxelinux.0"),
        (MAC["two"], 0, False, "undionly.kpxe"),
        (MAC["two"], 0, True, "http://10.77.0.1/boot/lan/boot.ipxe"),
    ],
)
def test_it_is_led_to_pxelinux_whatever_its_card_has_and_never_to_ipxe(site, mac, arch, rom, loads):
    offer = site.ask("offer", mac, 12, options=pxe(arch, ipxe=rom))

    assert (offer.get("file") or offer["boot"] or None) == loads


@pytest.mark.parametrize(
    ("mac", "name", "address"), [(MAC["one"], "one", "20/24"), (NODE, NODE.replace(":", "-"), "20[0-9]/24")]
)
def test_it_boots_into_memory_as_itself_and_goes_back_to_the_former_root(site, mac, name, address):
    since = len(site.fetched())
    with Console(netboot.qemu(site.wire, name[-2:], mac, "stdio", memory=512)) as machine:
        machine.wait("^PXELINUX 6", BOOT)
        machine.wait(f"{WRONG}/root.sqfs refused: its sha256 is", BOOT)
        machine.log_in()

        assert machine.run("hostname") == name
        assert re.search(rf" 10\.77\.0\.{address}", machine.run("ip -br address show eth0"))
    files = [f"{WRONG}/{file}" for file in netboot.SERVED]
    assert [path.removeprefix("/images/ram/") for path in site.fetched()[since:]] == [*files, f"{site.right}/root.sqfs"]


def test_a_neighbour_without_the_word_loads_ipxe(site, tmp_path):
    with netboot.guest(site.wire, "two", MAC["two"], tmp_path / "console"):
        until(lambda: f"/boot/lan/{ipxe.file(MAC['two'])}" in site.fetched(), BOOT, "its script")


def test_one_with_boot_local_goes_on_with_its_disk_and_one_that_lacks_a_file_tries_again(site, tmp_path):
    disk = install.drives(install.tiny(tmp_path / "disk"))
    module = (site.home / "tftp/ldlinux.c32").rename(tmp_path / "ldlinux.c32")
    with install.Machine(site.wire, "disk", tmp_path / "console", disk, MAC["disk"]) as machine:
        until(lambda: "ldlinux.c32 not found" in site.log.read_text(), BOOT, "that it asks for the module")
        module.rename(site.home / "tftp/ldlinux.c32")
        machine.says("LOCAL")

    assert f"sent {site.home}/tftp/pxelinux.cfg/{pxelinux.file(MAC['disk'])}" in site.log.read_text()
