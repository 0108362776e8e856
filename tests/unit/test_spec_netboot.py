"""DHCP and netboot in the spec: what the serving hosts get, and every mistake."""

import copy
import json

import pytest

from saltext.lab.errors import BadWish
from saltext.lab.netboot.versions import Stock
from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from tests.support.labs import IMAGES, PLAIN

SERVED = merge(
    PLAIN,
    {
        "networks": {
            "lan": {"netboot": True, "dhcp": {"range": "100-149", "options": {"router": "lan+1", "ntp": ["lan+2"]}}},
            "guests": {"dhcp": {"lease": 3600}},
        },
        "classes": {"web": {"boot": "ram"}},
        "vms": {"web2": {"boot": "local"}},
        "blocks": {"node": {"mac": "52:54:00:88:*:*", "network": "lan", "class": "web", "range": "150-159"}},
        "aliases": {"salt": "pi2", "www": "web1"},
        "netboot": {"dhcp": "pi2", "default": "web"},
    },
)
RAM, TOLD = "http://10.10.0.2/images/ram", "http://10.10.0.2/told/${net0/ip}"
WEB1 = "console=ttyS0 quiet lab.id=web1 lab.ip=10.10.0.21/24 lab.master=10.10.0.2 lab.domain=demo.example"
WEB1 += " lab.gw=10.10.0.1"
MAC = "52-54-00-0e-0b-67"  #: of web1


def compiled(patch=None):
    return compile(checked(merge(copy.deepcopy(SERVED), patch or {})), Stock(IMAGES, {"base": "7"}))


def served(patch=None, host="pi2"):
    return compiled(patch)[host]["netboot"]


def test_a_lab_without_these_words_has_nothing_of_it():
    assert "netboot" not in json.dumps(compile(checked(PLAIN)))


def test_only_the_serving_host_gets_it_and_the_formula():
    slices = compiled()

    assert [name for name, part in slices.items() if "netboot" in part] == ["pi2"]
    assert slices["pi2"]["roles"] == ["openvswitch", "salt-master", "netboot", "salt-minion"]


def test_each_machine_in_a_network_with_dhcp_has_its_reservation():
    assert served()["dnsmasq"]["hosts"] == {
        "web1": "52:54:00:0e:0b:67,10.10.0.21,web1,infinite\n",
        "web2": "52:54:00:f2:1b:b5,10.10.0.22,web2,infinite\n",
        "web3": "52:54:00:ca:2b:75,10.10.0.23,web3,infinite\n",
    }


def test_the_hosts_directory_sets_no_tag_which_would_kill_dnsmasq_at_sighup():
    assert "set:" not in "".join(served()["dnsmasq"]["hosts"].values())


def test_options_are_those_of_the_network_and_what_follows_from_the_server():
    assert served()["dnsmasq"]["options"] == {
        "lan": "tag:lan,option:router,10.10.0.1\ntag:lan,option:ntp-server,10.10.0.2\n"
        "tag:lan,option:dns-server,10.10.0.2\ntag:lan,option:domain-name,demo.example\n",
        "guests": "tag:guests,option:router\n"
        "tag:guests,option:dns-server,10.20.0.2\ntag:guests,option:domain-name,demo.example\n",
    }


def test_dns_has_every_machine_with_all_its_addresses_and_its_aliases():
    names = served()["dnsmasq"]["names"]

    assert sorted(names) == ["hv1", "hv2", "pi1", "pi2", "web1", "web2", "web3"]
    assert names["web1"] == "10.10.0.21 web1.demo.example web1 www.demo.example www\n"
    assert "10.10.0.2 pi2.demo.example pi2 salt.demo.example salt\n" in names["pi2"]


@pytest.mark.parametrize(
    ("patch", "line"),
    [
        ({}, "dhcp-range=set:lan,10.10.0.100,10.10.0.149,255.255.255.0,infinite"),
        ({}, "dhcp-range=set:guests,10.20.0.0,static,255.255.255.0,3600"),
        ({}, "dhcp-range=tag:block-node,10.10.0.150,10.10.0.159,255.255.255.0,infinite"),
        ({}, "dhcp-boot=tag:lan,tag:!pxelinux,tag:ipxe,tag:block-node,http://10.10.0.2/boot/lan/block-node.ipxe"),
        ({}, "interface=lan"),
        (
            {"blocks": None, "networks": {"lan": {"dhcp": {"proxy": True, "range": None}}}},
            "dhcp-range=set:lan,10.10.0.0,proxy,255.255.255.0",
        ),
        ({"netboot": {"tftp": "pi1"}, "hosts": {"pi1": {"joins": ["lan+3"]}}}, None),
    ],
)
def test_the_configuration_says(patch, line):
    if line is None:
        with pytest.raises(BadWish, match="pi1 needs lan"):
            compiled(patch)
    else:
        assert line in served(patch)["dnsmasq"]["conf"].splitlines()


def test_nobody_has_a_reservation_where_another_server_gives_the_addresses():
    part = served({"blocks": None, "networks": {"lan": {"dhcp": {"proxy": True, "range": None}}}})

    assert (part["dnsmasq"]["hosts"], list(part["dnsmasq"]["options"])) == ({}, ["guests"])


def test_the_three_roles_may_be_on_three_hosts():
    joined = {"uplinks": {"trunk0": ["underlay"]}, "datapath": "netdev"}
    hosts = {"hv1": {"joins": ["underlay+21", "lan+3"]}, "hv2": {"joins": ["underlay+22", "lan+4"]}}
    slices = compiled({"netboot": {"tftp": "hv1", "http": "hv2"}, "hosts": hosts | {"pi1": joined}})
    parts = {name: part["netboot"] for name, part in slices.items() if "netboot" in part}

    assert {name: part["packages"] for name, part in parts.items()} == {
        "pi2": ["dnsmasq"],
        "hv1": ["dnsmasq", "ipxe"],
        "hv2": ["ipxe", "nginx-light"],
    }
    loads = "dhcp-boot=tag:lan,tag:!pxelinux,tag:bios,tag:!ipxe,undionly.kpxe,,10.10.0.3"
    assert loads in parts["pi2"]["dnsmasq"]["conf"]
    assert "http://10.10.0.4/boot/lan/boot.ipxe" in parts["pi2"]["dnsmasq"]["conf"]
    assert "port=0" in parts["hv1"]["dnsmasq"]["conf"].splitlines()
    assert "dhcp" not in parts["hv1"]["dnsmasq"]["conf"]
    assert "listen 10.10.0.4:80;" in parts["hv2"]["nginx"]["conf"]


def test_a_machine_boots_what_it_says_else_what_its_class_says():
    scripts = served()["nginx"]["boot"]["lan"]

    assert scripts[f"mac-{MAC}.ipxe"].splitlines() == [
        "#!ipxe",
        ":version0",
        "set try 1",
        f"imgfetch {TOLD}/healthy-aaaaaaaaaaaa && goto boot0 ||",
        f"imgfetch {TOLD}/tried-1-aaaaaaaaaaaa && set try 2 ||",
        f"imgfetch {TOLD}/tried-2-aaaaaaaaaaaa && goto version1 ||",
        ":boot0",
        "imgfree",
        f"kernel {RAM}/aaaaaaaaaaaa/vmlinuz initrd=initrd-net.img {WEB1} lab.root={RAM}/aaaaaaaaaaaa/root.sqfs"
        f" lab.root_sha256=3 lab.root_b={RAM}/bbbbbbbbbbbb/root.sqfs lab.root_b_sha256=6 lab.told={TOLD}"
        " lab.version=aaaaaaaaaaaa lab.try=${try} || goto version1",
        f"initrd {RAM}/aaaaaaaaaaaa/initrd-net.img || goto version1",
        "boot || goto version1",
        ":version1",
        "set try 1",
        f"imgfetch {TOLD}/healthy-bbbbbbbbbbbb && goto boot1 ||",
        f"imgfetch {TOLD}/tried-1-bbbbbbbbbbbb && set try 2 ||",
        f"imgfetch {TOLD}/tried-2-bbbbbbbbbbbb && goto version2 ||",
        ":boot1",
        "imgfree",
        f"kernel {RAM}/bbbbbbbbbbbb/vmlinuz initrd=initrd-net.img {WEB1} lab.root={RAM}/bbbbbbbbbbbb/root.sqfs"
        f" lab.root_sha256=6 lab.told={TOLD} lab.version=bbbbbbbbbbbb lab.try=${{try}} || goto version2",
        f"initrd {RAM}/bbbbbbbbbbbb/initrd-net.img || goto version2",
        "boot || goto version2",
        ":version2",
        "echo lab: no version of this image is right",
        "exit",
    ]
    assert scripts["mac-52-54-00-f2-1b-b5.ipxe"] == "#!ipxe\nexit\n"


def test_a_former_version_with_another_kernel_is_booted_with_that():
    former = IMAGES["ram"][1]._replace(kernel="6.2")
    script = compile(checked(SERVED), Stock({"ram": [IMAGES["ram"][0], former]}))["pi2"]["netboot"]["nginx"]["boot"][
        "lan"
    ]

    assert "root_b" not in script[f"mac-{MAC}.ipxe"]


def test_an_image_that_the_master_lacks_is_named():
    part = compile(checked(SERVED))["pi2"]["netboot"]["nginx"]

    assert (part["images"], part["missing"]) == ({}, ["image ram"])


def test_overlays_are_laid_in_the_order_of_everybodys_the_classs_and_its_own():
    patch = {"netboot": {"overlays": ["base"]}, "classes": {"web": {"overlays": ["www"]}}}
    part = served(patch | {"vms": {"web1": {"overlays": ["web1"]}}})["nginx"]
    words = [word for word in part["boot"]["lan"][f"mac-{MAC}.ipxe"].split() if word.startswith("lab.overlay=")]

    assert words[:3] == [
        f"lab.overlay=http://10.10.0.2/overlays/{of}" for of in ("base.tar.gz,7", "www.tar.gz,", "web1.tar.gz,")
    ]
    assert part["overlays"] == {"base": "7"}
    assert part["missing"] == ["overlay web1", "overlay www"]
    assert "base.tar.gz,7 lab.overlay=http://10.10.0.2/overlays/www.tar.gz," in part["boot"]["lan"]["class-web.ipxe"]


def test_one_that_the_lab_does_not_name_gets_its_blocks_class_or_the_menu():
    scripts = served()["nginx"]["boot"]["lan"]

    assert scripts["boot.ipxe"].endswith("chain mac-${net0/mac:hexhyp}.ipxe || chain default.ipxe\n")
    assert scripts["block-node.ipxe"].endswith("chain mac-${net0/mac:hexhyp}.ipxe || chain class-web.ipxe\n")
    assert "lab.id=${net0/mac:hexhyp} lab.ip=${net0/ip}/24" in scripts["class-web.ipxe"]
    assert "choose --timeout 5000 --default web what || goto local" in scripts["default.ipxe"]


def test_without_a_default_the_menu_ends_at_its_own_disk():
    assert "--default local" in served({"netboot": {"default": None}})["nginx"]["boot"]["lan"]["default.ipxe"]


def test_a_secret_of_the_spec_is_not_in_it():
    secret = {"secrets": {"client.x": {"cluster": "attic", "value": "hush"}}}

    assert "hush" not in json.dumps(served(secret))


def test_a_vm_boots_from_the_network_or_its_disk_when_it_says_so_and_else_a_file_of_its_host():
    domains = compiled()["hv1"]["virt"]["domains"]
    third = compile(checked(PLAIN))["hv2"]["virt"]["domains"]["web3"]

    assert (domains["web1"]["boot"], domains["web2"]["boot"]) == (["network"], ["hd"])
    assert not {"kernel", "initrd", "cmdline"} & (set(domains["web1"]) | set(domains["web2"]))
    assert ("boot" in third, "kernel" in third) == (False, True)
