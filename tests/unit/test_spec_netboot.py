"""DHCP and netboot in the spec: what the serving hosts get, and every mistake."""

import copy
import json

import pytest

from saltext.lab.errors import BadWish, Unreachable
from saltext.lab.netboot.versions import Stock
from saltext.lab.plan import merge
from saltext.lab.spec import slices
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


def test_a_manifest_that_is_broken_is_only_in_the_way_of_the_host_that_serves_it():
    def broken(images, overlays):
        raise Unreachable("ram/manifest.json cannot be understood")

    assert slices.of(SERVED, "hv1", ["physical"], broken)["id"] == "hv1"
    with pytest.raises(Unreachable, match="cannot be understood"):
        slices.of(SERVED, "pi2", ["physical"], broken)


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


MISTAKES = {
    "no server": ({"netboot": None}, "lab:networks:lan:dhcp needs a server: name it in lab:netboot:dhcp"),
    "a server that is not there": (
        {"netboot": {"http": "hv1"}},
        "lab:netboot:http hv1 is not in lan: add it to lab:hosts:hv1:joins",
    ),
    "a server in no lab": ({"netboot": {"dhcp": "pi3"}}, "lab:netboot:dhcp names 'pi3' (did you mean pi2?)"),
    "servers of nothing": (
        {"networks": {"lan": {"dhcp": None}, "guests": {"dhcp": None}}},
        "lab:netboot serves nothing: state `dhcp` of a network in lab:networks",
    ),
    "a TFTP server of nothing": (
        {"networks": {"lan": {"netboot": False}}, "netboot": {"tftp": "pi2"}},
        "lab:netboot names hosts of tftp or http for nothing",
    ),
    "netboot without dhcp": (
        {"networks": {"lan": {"dhcp": None}}, "blocks": None},
        "lab:networks:lan:netboot needs lab:networks:lan:dhcp",
    ),
    "a range beyond": ({"networks": {"lan": {"dhcp": {"range": "200-300"}}}}, "range 200-300 is beyond 10.10.0.0/24"),
    "a range backwards": ({"networks": {"lan": {"dhcp": {"range": "149-100"}}}}, "149-100 is no range of hosts'"),
    "a range with the broadcast address": (
        {"networks": {"lan": {"dhcp": {"range": "200-255"}}}},
        "200-255 is no range of hosts' addresses",
    ),
    "ranges that meet": (
        {"blocks": {"node": {"range": "149-159"}}},
        "lab:blocks:node:range overlaps lab:networks:lan:dhcp:range: choose other numbers",
    ),
    "a range over the server": (
        {"networks": {"lan": {"dhcp": {"range": "2-90"}}}},
        "lab:hosts:pi2:joins lan+2 is in lab:networks:lan:dhcp:range, and no reservation keeps it",
    ),
    "a range that is none": ({"networks": {"lan": {"dhcp": {"range": "10"}}}}, "lab:networks:lan:dhcp:range is '10'"),
    "a lease too short": ({"networks": {"lan": {"dhcp": {"lease": 60}}}}, "lab:networks:lan:dhcp:lease"),
    "proxy with a range": (
        {"networks": {"lan": {"dhcp": {"proxy": True}}}, "blocks": None},
        "lab:networks:lan:dhcp:range is for another server to give",
    ),
    "proxy for nothing": (
        {"networks": {"guests": {"dhcp": {"proxy": True}}}},
        "lab:networks:guests:dhcp:proxy does nothing without lab:networks:guests:netboot",
    ),
    "a host that boots no image": (
        {"networks": {"mgmt": {"dhcp": {}, "netboot": True}}, "hosts": {"hv1": {"boot": "ram"}}},
        "lab:hosts:hv1:boot ram needs an `image` of kind ram",
    ),
    "a host that boots where nothing is served": (
        {"hosts": {"hv1": {"boot": "local"}}},
        "lab:hosts:hv1:boot local needs lab:networks:mgmt:netboot, the network of its first card",
    ),
    "a mode that there is not": ({"classes": {"web": {"boot": "disk"}}}, "lab:classes:web:boot is 'disk'"),
    "a default that boots nothing": (
        {"classes": {"web": {"boot": None}}, "blocks": None},
        "lab:netboot:default web does not boot over the network: state lab:classes:web:boot ram",
    ),
    "a default that there is not": (
        {"netboot": {"default": "wbe"}},
        "lab:netboot:default names 'wbe' (did you mean web",
    ),
    "classes where their master is not": (
        {"masters": {"virtual": "hv1"}},
        "lab:networks:lan:netboot boots classes, and their master is not there: add it to lab:hosts:hv1:joins",
    ),
    "a machine whose master is not there": (
        {"masters": {"virtual": "hv1"}},
        "lab:vms:web1:boot ram in lan, where its master hv1 is not: add it to lab:hosts:hv1:joins",
    ),
    "a block in a network without netboot": (
        {"blocks": {"node": {"network": "guests"}}},
        "lab:blocks:node:network guests needs `netboot`, and `dhcp` without `proxy`",
    ),
    "a block of no class": ({"blocks": {"node": {"class": "x"}}}, "lab:blocks:node:class names 'x'"),
    "a block whose MACs are none": ({"blocks": {"node": {"mac": "52:54:*:01"}}}, "lab:blocks:node:mac is '52:54:*:01'"),
    "an alias of a machine": ({"aliases": {"web2": "web1"}}, "lab:aliases:web2 is the name of a machine"),
    "an alias of nobody": ({"aliases": {"w": "web9"}}, "lab:aliases:w names 'web9' (did you mean web"),
    "an option beyond": (
        {"networks": {"lan": {"dhcp": {"options": {"router": "lan+999"}}}}},
        "lab:networks:lan:dhcp:options:router lan+999 is beyond its subnet",
    ),
    "an option nowhere": (
        {"networks": {"lan": {"dhcp": {"options": {"ntp": ["lam+1"]}}}}},
        "lab:networks:lan:dhcp:options:ntp names 'lam' (did you mean lan?)",
    ),
}


@pytest.mark.parametrize(("patch", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_path_and_what_would_be_right(patch, words):
    with pytest.raises(BadWish) as caught:
        compiled(patch)

    assert words in str(caught.value)


def test_a_vm_boots_from_the_network_or_its_disk_when_it_says_so_and_else_a_file_of_its_host():
    domains = compiled()["hv1"]["virt"]["domains"]
    third = compile(checked(PLAIN))["hv2"]["virt"]["domains"]["web3"]

    assert (domains["web1"]["boot"], domains["web2"]["boot"]) == (["network"], ["hd"])
    assert not {"kernel", "initrd", "cmdline"} & (set(domains["web1"]) | set(domains["web2"]))
    assert ("boot" in third, "kernel" in third) == (False, True)
