"""The formula `netboot`, compiled by Salt itself: what it keeps is what the slice says, and in which order."""

from pathlib import Path

import pytest

from saltext.lab.netboot import dnsmasq, nginx
from saltext.lab.netboot.versions import Stock, Version
from tests.support import netboot
from tests.support.formula import low

BLOCK = {"blocks": {"node": {"mac": "52:54:00:88:*:*", "network": "lan", "class": "web"}}}


def needs(chunk, kind="require"):
    return {name for one in chunk.get(kind, []) for name in one.values()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    part = netboot.slice_of(BLOCK)
    part["nginx"]["cloud"] = {"deb1": {"user-data": "#cloud-config\n{}\n", "vendor-data": ""}}
    return part, low(tmp_path_factory.mktemp("whole"), part)


def test_each_file_of_the_slice_is_kept_as_it_is_and_others_in_its_directory_go(whole):
    part, chunks = whole
    trees = {
        dnsmasq.HOSTS: part["dnsmasq"]["hosts"],
        dnsmasq.OPTIONS: part["dnsmasq"]["options"],
        dnsmasq.NAMES: part["dnsmasq"]["names"],
        f"{nginx.ROOT}/boot/lan": part["nginx"]["boot"]["lan"],
        f"{nginx.ROOT}/cloud/deb1": part["nginx"]["cloud"]["deb1"],
    }

    for folder, files in trees.items():
        assert chunks["file", folder]["clean"] is True
        assert {f"{folder}/{name}" for name in files} <= needs(chunks["file", folder])
        for name, text in files.items():
            assert chunks["file", f"{folder}/{name}"]["contents"] == text
    assert chunks["file", "/etc/dnsmasq.d/saltext-lab.conf"]["contents"] == part["dnsmasq"]["conf"]


def test_pxelinux_is_there_while_somebody_loads_it_and_its_files_are_those_of_the_slice_alone(whole, tmp_path):
    part = netboot.slice_of({"vms": {"one": {"loader": "pxelinux"}}})
    chunks, without, folder = low(tmp_path, part), whole[1], f"{dnsmasq.TFTP}/pxelinux.cfg"

    assert (chunks["file", folder]["clean"], without["file", folder]["clean"]) == (True, True)
    for name, text in part["dnsmasq"]["pxelinux"].items():
        assert f"{folder}/{name}" in needs(chunks["file", folder])
        assert chunks["file", f"{folder}/{name}"]["contents"] == text
    for name in ("lpxelinux.0", "ldlinux.c32"):
        assert Path(chunks["file", f"{dnsmasq.TFTP}/{name}"]["source"]).is_file()
        assert without["file", f"{dnsmasq.TFTP}/{name}"]["fun"] == "absent"


def test_only_the_configuration_restarts_dnsmasq_and_all_else_makes_it_read_again(whole):
    part, chunks = whole

    assert needs(chunks["service", "dnsmasq-running"], "watch") == {"/etc/dnsmasq.d/saltext-lab.conf"}
    assert "reload" not in chunks["service", "dnsmasq-running"]
    assert chunks["service", "dnsmasq-reread"]["reload"] is True
    hosts = chunks["file", dnsmasq.HOSTS], chunks["file", f"{dnsmasq.HOSTS}/one"]
    assert [needs(one, "watch_in") for one in hosts] == [{"dnsmasq-reread"}] * 2


@pytest.mark.parametrize(
    ("role", "there", "missing"),
    [
        ("tftp", {"dnsmasq-running"}, {"nginx", "saltext-lab-seen"}),
        ("http", {"nginx"}, {"dnsmasq-running", "saltext-lab-seen"}),
    ],
)
def test_a_host_of_one_role_runs_only_what_that_needs(tmp_path, role, there, missing):
    other = {"mac": "52:54:00:00:01:02", "address": "mgmt+2", "joins": ["lan+2"], "uplinks": {"trunk0": ["lan"]}}
    part = netboot.slice_of({"netboot": {role: "other"}, "hosts": {"other": other}}, "other")
    services = {name for state, name in low(tmp_path, part) if state == "service"}

    assert there <= services
    assert not missing & services


def test_each_image_is_served_by_the_files_that_it_has_and_by_signatures_where_they_are_verified(tmp_path):
    """An image that is installed has other files than one that is booted."""
    ram = Version("1" * 12, "ram", "6.1", dict.fromkeys(("vmlinuz", "initrd-net.img", "root.sqfs"), "a" * 64))
    installer = Version("2" * 12, "installer", "6.1", dict.fromkeys(("vmlinuz", "initrd.img"), "b" * 64))
    disk = Version("3" * 12, "deb", "6.1", {"disk.raw.gz": "c" * 64})
    patch = {
        "images": {"deb": {"kind": "install"}},
        "pools": {"vms": {"type": "dir", "path": "/srv/vms"}},
        "classes": {
            "nas": {
                **{"image": "deb", "nics": ["lan"], "boot": "install-once", "install": {"name": "vda"}},
                "disks": {"vda": {"pool": "vms", "size_gib": 1}},
            }
        },
        "vms": {"two": {"class": "nas"}},
        "netboot": {"verify": True},
    }
    part = netboot.slice_of(patch, stock=Stock({"ram": [ram], "installer": [installer], "deb": [disk]}))
    images = f"{nginx.ROOT}/images/"
    files = {name.removeprefix(images) for state, name in low(tmp_path, part) if name.startswith(images)}

    assert files - {"ram", "installer", "deb"} == {
        *(f"ram/111111111111/{name}" for name in ("vmlinuz", "initrd-net.img", "root.sqfs")),
        *(f"ram/111111111111/{name}.sig" for name in ("vmlinuz", "initrd-net.img")),
        *(f"installer/222222222222/{name}" for name in ("vmlinuz", "initrd.img")),
        "deb/333333333333/disk.raw.gz",
    }
