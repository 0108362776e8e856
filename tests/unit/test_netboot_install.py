"""Who is installed when: the script of a machine, what was asked and told."""

import copy
import hashlib
import json

import pytest

from images import manifest
from images.disk import bios, layout
from saltext.lab.boot.reinstall import reinstall
from saltext.lab.errors import BadWish, Refused
from saltext.lab.netboot import install
from saltext.lab.netboot.asks import Asks
from saltext.lab.netboot.versions import Stock, Version, version
from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from tests.support.labs import ONCE

MAC, IP = "52:54:00:99:00:01", "10.77.0.20"


def test_the_script_asks_the_server_before_it_asks_the_installer():
    lines = install.script(MAC, "http://10.77.0.1/images/installer", "lab.id=one").splitlines()

    assert lines[:4] == [
        "#!ipxe",
        "set generation 1",
        "chain --autofree /ask/mac-52-54-00-99-00-01.ipxe ||",
        "imgfetch --name told /told/${net0/ip}/installed-${generation} && goto local ||",
    ]
    assert lines[4].endswith("lab.id=one lab.install=${generation}")
    assert lines[-3:] == [":local", "imgfree told", "exit"]


@pytest.mark.parametrize(
    ("disk", "told"),
    [
        ({"serial": "WD-1234", "size_gib": 465}, {"disk": "serial:WD-1234", "disk_gib": 465}),
        ({"serial": "WD 1234"}, {"disk": "serial:WD1234"}),
        ({"wwn": "0x5000c500a1b2c3d4"}, {"disk": "wwn:0x5000c500a1b2c3d4"}),
        ({"name": "vda", "serial": None, "size_gib": None}, {"disk": "name:vda"}),
    ],
)
def test_the_installer_is_told_one_disk(disk, told):
    words = install.words("attic", MAC, disk, "http://10.77.0.1/images/disk/disk.raw.gz", "aa")

    rest = {"name": "attic", "mac": MAC, "image": "http://10.77.0.1/images/disk/disk.raw.gz", "image_sha256": "aa"}
    assert words == rest | told


@pytest.fixture
def asks(tmp_path):
    return Asks(tmp_path)


def tell(asks, *names):
    folder = asks.root / "told" / IP
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_the_first_installation_is_asked_for_where_nobody_asked(asks):
    assert asks.look(MAC, IP) == {"asked": 1, "done": None}
    tell(asks, "installed-1")
    assert asks.look(MAC, IP) == {"asked": 1, "done": 1}


def test_a_reinstallation_is_asked_for_once_until_it_is_done(asks):
    tell(asks, "installed-1")
    asks.ask(MAC, install.again("one", **asks.look(MAC, IP)))
    assert asks.look(MAC, IP) == {"asked": 2, "done": 1}
    with pytest.raises(Refused, match=r"generation 2 is asked for, and 1 is installed — boot one"):
        install.again("one", **asks.look(MAC, IP))
    tell(asks, "installed-2")
    assert install.again("one", **asks.look(MAC, IP)) == 3


def test_the_first_installation_is_not_asked_for_again_before_it_is_done(asks):
    with pytest.raises(Refused, match="generation 1 is asked for, and none was told of"):
        install.again("one", **asks.look(MAC, IP))


def test_a_server_that_forgot_asks_for_more_than_the_machine_has_had(asks):
    tell(asks, "installed-1", "installed-7", "installed-x", "other")
    assert install.again("one", **asks.look(MAC, IP)) == 8


def test_what_is_asked_for_is_whole_and_names_the_machine(asks):
    asks.ask(MAC, 2)
    (file,) = (asks.root / "ask").iterdir()
    assert (file.name, file.read_text()) == ("mac-52-54-00-99-00-01.ipxe", "#!ipxe\nset generation 2\n")
    assert file.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("text", ["", "#!ipxe\nset generation 0\n", "set generation -1", "set generation two"])
def test_what_is_asked_for_and_cannot_be_read_is_no_first_installation(text):
    with pytest.raises(BadWish, match="cannot be read"):
        install.asked(text)


def test_the_first_sector_finds_grub_in_its_partition_and_leaves_the_table_of_partitions():
    code = bios.first(bytes(range(256)) * 2)
    assert len(code) == 440
    assert (code[0x5C:0x64], code[0x66:0x68]) == ((4096).to_bytes(8, "little"), b"\x90\x90")
    assert code[:0x5C] + code[0x64:0x66] + code[0x68:] == bytes(
        value
        for at, value in enumerate(range(440))
        if not (0x5C <= at < 0x64 or 0x66 <= at < 0x68)
        for value in [value % 256]
    )
    core = bios.listed(bytes(2048))
    assert (core[500:508], core[:500], core[508:]) == ((4097).to_bytes(8, "little"), bytes(500), bytes(1540))


def test_the_partition_for_the_mark_is_where_the_installer_has_it_and_the_root_is_last():
    rows = [row for row in layout.table(100).splitlines() if row.startswith("start=")]
    assert rows[0].startswith("start=2048, size=2048,")
    assert rows[0].endswith("name=lab")
    places = [tuple(int(word.split("=")[1]) for word in row.split(", ")[:2]) for row in rows]
    assert all(start + size == then for (start, size), (then, _) in zip(places[:2], places[1:], strict=False))
    assert places[-1] == (67 * 2048, 100 * 2048)


IMAGES = {
    "installer": [Version("aaaaaaaaaaaa", "installer", "6.1", {"vmlinuz": "1", "initrd.img": "2"})],
    "deb": [Version("bbbbbbbbbbbb", "deb", "6.1", {"disk.raw.gz": "ff"})],
}


def served(patch=None, built=IMAGES):
    return compile(checked(merge(copy.deepcopy(ONCE), patch or {})), Stock(built))["pi2"]["netboot"]


def test_a_machine_that_is_installed_once_is_given_the_installer_and_its_server_knows_it():
    part = served()
    (name, mac), *_ = ((path, path[4:-5].replace("-", ":")) for path in part["nginx"]["boot"]["lan"] if "mac-" in path)
    kernel = part["nginx"]["boot"]["lan"][name].splitlines()[4]

    assert part["installs"] == {"web1": {"mac": mac, "ip": "10.10.0.21"}}
    assert kernel.startswith("kernel http://10.10.0.2/images/installer/aaaaaaaaaaaa/vmlinuz initrd=initrd.img ")
    assert kernel.endswith(
        f"lab.id=web1 lab.ip=10.10.0.21/24 lab.name=demo lab.mac={mac} lab.disk=serial:S1 lab.disk_gib=8"
        " lab.image=http://10.10.0.2/images/deb/bbbbbbbbbbbb/disk.raw.gz lab.image_sha256=ff"
        " lab.master=10.10.0.2 lab.domain=demo.example lab.install=${generation}"
    )
    assert {image: [one["id"] for one in of] for image, of in part["nginx"]["images"].items()} == {
        "deb": ["bbbbbbbbbbbb"],
        "installer": ["aaaaaaaaaaaa"],
    }


@pytest.mark.parametrize("missing", IMAGES)
def test_without_an_image_a_machine_boots_its_disk_and_the_image_is_named(missing):
    part = served(built={name: of for name, of in IMAGES.items() if name != missing})
    script = next(text for name, text in part["nginx"]["boot"]["lan"].items() if "mac-" in name)

    assert part["nginx"]["missing"] == [f"image {missing}"]
    assert "kernel" not in script
    assert script.splitlines()[-1] == "exit"


def test_an_image_says_which_of_its_files_are_served(tmp_path):
    for name in ("disk.raw", "disk.raw.gz"):
        (tmp_path / name).write_text(name)
    manifest.write(tmp_path, "disk", "6.1", ["disk.raw.gz"])
    made = version("deb", json.loads((tmp_path / "manifest.json").read_text()))

    assert (made.at, made.kernel, list(made.sha256)) == ("deb", "6.1", ["disk.raw.gz"])
    assert made.sha256["disk.raw.gz"] == hashlib.sha256(b"disk.raw.gz").hexdigest()


def test_a_vm_that_is_installed_once_boots_from_its_card_and_then_from_its_disk():
    host = ONCE["vms"]["web1"]["host"]
    slices = compile(checked(ONCE), Stock(IMAGES))

    assert slices[host]["virt"]["domains"]["web1"]["boot"] == ["network", "hd"]


@pytest.mark.parametrize(
    ("patch", "mistake"),
    [
        ({"classes": {"store": {"install": None}}, "vms": {"web1": {"install": None}}}, "needs `install`, the disk"),
        ({"classes": {"store": {"image": "ram"}}}, "needs an `image` of kind install"),
        ({"vms": {"web1": {"install": {"name": "vda"}}}}, "state one of serial, wwn and name"),
        ({"classes": {"store": {"install": {"name": None}}}}, "state one of serial, wwn and name"),
        ({"vms": {"web1": {"install": {"serial": "WD 1"}}}}, "lab:vms:web1:install:serial"),
        ({"classes": {"store": {"disks": None}}, "vms": {"web1": {"disks": None}}}, "install-once needs a disk"),
        ({"classes": {"store": {"boot": None}}}, "which is installed: state `boot` install-once"),
        ({"images": {"installer": {"kind": "install"}}}, "lab:images:installer is the name of the image that installs"),
        ({"images": {"deb": {"sha256": "0" * 64}}}, "of kind install is built by the suite"),
    ],
)
def test_a_machine_that_cannot_be_installed_is_a_mistake(patch, mistake):
    with pytest.raises(BadWish, match=mistake):
        checked(merge(copy.deepcopy(ONCE), patch))


def test_only_a_machine_that_is_installed_once_is_asked_to_be_installed_anew():
    asked = []

    class Fleet:
        @staticmethod
        def call(*words, timeout):
            asked.append(words)
            return 2

    assert reinstall(checked(ONCE), Fleet, "web1") == 2
    with pytest.raises(BadWish, match=r"web2 is not installed once in lab demo \(did you mean web1\?\)"):
        reinstall(checked(ONCE), Fleet, "web2")
    assert asked == [("pi2", "lab_netboot.reinstall", "web1")]
