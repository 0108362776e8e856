"""Who loads PXELINUX: the names that it asks for, what it is told, and every mistake."""

import copy
from ipaddress import IPv4Address

import pytest

from saltext.lab.netboot import pxelinux
from saltext.lab.netboot.ipxe import Ram
from saltext.lab.netboot.versions import Stock, Version
from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from tests.unit.test_spec_netboot import IMAGES, MAC, RAM, SERVED, WEB1

STOCK = Stock(IMAGES)
OLD = {"vms": {"web1": {"loader": "pxelinux"}}}
BLOCK = {
    "classes": {"old": {"image": "ram", "nics": ["lan"], "boot": "ram", "loader": "pxelinux"}},
    "blocks": {"node": {"class": "old"}},
}
HOST = {"networks": {"mgmt": {"dhcp": {}, "netboot": True}}, "hosts": {"hv1": {"loader": "pxelinux", "boot": "local"}}}


def slices(*patches, stock=STOCK):
    spec = copy.deepcopy(SERVED)
    for patch in patches:
        spec = merge(spec, patch)
    return compile(checked(spec), stock)


def served(*patches, host="pi2", **more):
    return slices(*patches, **more)[host]["netboot"]


@pytest.mark.parametrize(
    ("first", "last", "names"),
    [
        ("10.77.0.20", "10.77.0.20", ["0A4D0014"]),
        ("10.77.0.0", "10.77.0.255", ["0A4D00"]),
        ("10.77.4.0", "10.77.7.255", ["0A4D04", "0A4D05", "0A4D06", "0A4D07"]),
        ("10.77.0.158", "10.77.0.177", ["0A4D009E", "0A4D009F", "0A4D00A", "0A4D00B0", "0A4D00B1"]),
    ],
)
def test_pxelinux_asks_for_a_range_of_addresses_by_the_beginning_of_their_hex(first, last, names):
    assert sorted(pxelinux.files(IPv4Address(first), IPv4Address(last))) == names


def test_pxelinux_asks_for_a_machine_by_its_card():
    assert pxelinux.file("AA:bb:cc:00:01:02") == "01-aa-bb-cc-00-01-02"


def test_a_machine_is_told_its_image_with_the_words_that_ipxe_has_and_the_hashes_of_both_roots():
    part = served(OLD)["dnsmasq"]["pxelinux"]
    roots = f"lab.root={RAM}/aaaaaaaaaaaa/root.sqfs lab.root_sha256=3"
    roots += f" lab.root_b={RAM}/bbbbbbbbbbbb/root.sqfs lab.root_b_sha256=6"

    assert set(part) == {f"01-{MAC}", "default"}
    assert part[f"01-{MAC}"].splitlines() == [
        *("SERIAL 0 115200", "DEFAULT lab", "PROMPT 0", "TIMEOUT 1200", "LABEL lab"),
        f"  LINUX {RAM}/aaaaaaaaaaaa/vmlinuz",
        f"  INITRD {RAM}/aaaaaaaaaaaa/initrd-net.img",
        f"  APPEND {WEB1} {roots}",
    ]
    assert part["default"].splitlines()[4:] == ["LABEL lab", "  LOCALBOOT 0"]


def test_one_of_a_block_is_told_its_class_and_says_itself_who_it_is():
    part = served(BLOCK)["dnsmasq"]["pxelinux"]
    text = part.pop("0A0A0096")

    assert sorted(part) == [*(f"0A0A009{digit}" for digit in "789ABCDEF"), "default"]
    assert {part[f"0A0A009{digit}"] for digit in "789ABCDEF"} == {text}
    assert "lab.id" not in text
    assert "lab.ip" not in text
    assert "$" not in text
    assert text.endswith("  SYSAPPEND 3\n")


def test_a_host_by_its_mac_boots_its_disk():
    part = served(HOST)["dnsmasq"]

    assert part["pxelinux"]["01-52-54-00-00-01-03"] == pxelinux.local()
    assert "dhcp-mac=set:pxelinux,52:54:00:00:01:03" in part["conf"].splitlines()


def test_where_the_master_has_no_image_the_machine_boots_its_disk():
    ram = Ram("10.10.0.2", "ram", [], ["quiet"])

    assert pxelinux.ram(ram) == pxelinux.local()
    assert served(OLD, stock=Stock())["dnsmasq"]["pxelinux"][f"01-{MAC}"] == pxelinux.local()


def test_a_former_version_with_another_kernel_is_no_way_back():
    other = Version("bbbbbbbbbbbb", "ram.former", "6.2", IMAGES["ram"][1].sha256)
    part = served(OLD, stock=Stock({"ram": [IMAGES["ram"][0], other]}))["dnsmasq"]["pxelinux"]

    assert "root_b" not in part[f"01-{MAC}"]


def test_dhcp_tells_them_by_their_macs_and_all_others_go_to_ipxe():
    lines = served(OLD, BLOCK)["dnsmasq"]["conf"].splitlines()
    others = [line for line in lines if line.startswith("dhcp-boot=") and "lpxelinux" not in line]

    assert [line for line in lines if "set:pxelinux" in line] == [
        f"dhcp-mac=set:pxelinux,{MAC.replace('-', ':')}",
        "dhcp-mac=set:pxelinux,52:54:00:88:*:*",
    ]
    assert "dhcp-boot=tag:lan,tag:pxelinux,tag:bios,lpxelinux.0,,10.10.0.2" in lines
    assert all("tag:!pxelinux" in line for line in others)


def test_files_are_on_the_host_of_tftp_and_packages_where_somebody_loads_it():
    three = {"netboot": {"tftp": "hv1"}, "hosts": {"hv1": {"joins": ["underlay+21", "lan+3"]}}}

    assert served(three, OLD, host="hv1")["packages"] == ["dnsmasq", "ipxe", "pxelinux", "syslinux-common"]
    assert f"01-{MAC}" in served(three, OLD, host="hv1")["dnsmasq"]["pxelinux"]
    assert "pxelinux" not in served(three, OLD)["dnsmasq"]
    assert served(three, OLD)["packages"] == ["dnsmasq", "ipxe", "nginx-light"]
    assert served(three, host="hv1")["dnsmasq"]["pxelinux"] == {}
