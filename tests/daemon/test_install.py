"""
Machines that are installed once: real QEMU, dnsmasq and nginx, and what their disks have afterwards.

Needs root and qemu-system-x86_64; no KVM.  Builds the images `installer` and `disk` first where they are missing.
"""

import itertools
import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

import images
from images.disk import layout
from saltext.lab.wait import until
from tests.support import install as disks
from tests.support import netboot
from tests.support.install import BOOT, IP, MIB, SERIAL, Machine, drives, filled, mark, read, read_mark, sha256

REPOSITORY = Path(__file__).parents[2]
NUMBERS = itertools.count()
WRITTEN = "/etc/salt/minion.d/10-id.conf /etc/hosts"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A wire with a server on it that has the installer and an image of a few MiB, as a spec says."""
    with netboot.wire("i") as wire:
        server = netboot.Server(wire.space, tmp_path_factory.mktemp("srv"))
        server.part = disks.serve(server)
        with server.dnsmasq(), server.nginx():
            server.wire = wire
            yield server


@pytest.fixture
def told(site):
    """The directory of what the machine has told, empty; nothing is asked of it either."""
    for folder in ("told", "ask"):
        shutil.rmtree(site.home / "http" / folder, ignore_errors=True)
    return site.home / "http/told" / IP


def words(site, **changes):
    """Return the words that the spec has for the installer with *changes*; None takes one away."""
    found = dict(word.removeprefix("lab.").split("=", 1) for word in disks.kernel(site) if word.startswith("lab."))
    found |= {"install": 1} | changes
    return [f"lab.{word}={value}" for word, value in found.items() if value is not None]


def machine(site, log, more, told=None, **how):
    """Return a machine with QEMU's words *more*, to which the installer is given with the words *told*."""
    return Machine(site.wire, f"i{next(NUMBERS)}", log, more, words=told, installer=site.direct, **how)


def refusals(site, home, cases):
    """Return what consoles said of machines that all refuse: *cases* has ``(QEMU's words, changed words)`` of each."""

    def refusal(number, found, changes):
        mac, at = f"52:54:00:99:01:{number}", {"ip": f"10.77.0.{number}/24", **changes}
        with machine(site, home / str(number), found, words(site, mac=mac, **at), mac=mac) as one:
            return one.says(r"lab: disk (.* refused: .*)\nlab: starts again in 120 s, Enter")[1]

    with ThreadPoolExecutor(4) as pool:  # each waits for two seconds whether more disks come
        said = pool.map(refusal, itertools.count(50), *zip(*cases.values(), strict=True))
        return dict(zip(cases, said, strict=True))


def salt_call(site, home, function, *arguments):
    """Return what ``salt-call lab_netboot.FUNCTION`` says on the server, or its error."""
    config = {"id": "srv", "file_client": "local", "root_dir": str(home), "log_level_logfile": "quiet"}
    config |= {"module_dirs": [str(REPOSITORY / "salt")], "enable_fqdns_grains": False, "enable_gpu_grains": False}
    config["lab"] = {"netboot": {"http": str(site.home / "http"), "installs": site.part["installs"]}}
    (home / "minion").write_text(yaml.safe_dump(config))
    argv = [Path(sys.executable).parent / "salt-call", "-c", home, "--local", "--out=json", "-l", "error"]
    done = subprocess.run(
        [*argv, f"lab_netboot.{function}", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return json.loads(done.stdout)["local"] if done.returncode == 0 else done.stderr


def test_it_is_installed_once_over_three_boots_and_once_more_when_that_is_asked_for(site, told, tmp_path):
    disk, salt = disks.blank(tmp_path / "disk"), tmp_path / "salt"
    salt.mkdir()
    with machine(site, tmp_path / "console", drives(disk)) as one:
        one.says("LOCAL", 2)
        assert one.said.count("writing generation") == 1
        assert salt_call(site, salt, "installs") == {"one": {"asked": 1, "done": 1}}
        assert salt_call(site, salt, "reinstall", "one") == 2
        assert "generation 2 is asked for, and 1 is installed" in salt_call(site, salt, "reinstall", "one")
        one.says("told 10.77.0.1: installed-2")
        before = one.said.count("LOCAL")
        one.says("LOCAL", before + 1)
        assert re.findall(r"writing generation (\d)", one.said) == ["1", "2"]
        assert salt_call(site, salt, "installs") == {"one": {"asked": 2, "done": 2}}
    assert read_mark(disk) == ["saltext-lab-mark", "installed", "boot", "one", "2"]


SATA, NVME = {"disk": f"wwn:{disks.ATA_WWN}"}, {"disk": f"wwn:{disks.NVME_WWN}"}
FOREIGN = {  # what is on the disk, what it is connected with, words, and why it is refused
    "a table of partitions": (
        *({0x1BE: b"\x80" + bytes(15), 510: b"\x55\xaa"}, "virtio", {}),
        "vda refused: it is not blank, and no lab has",
    ),
    "something in its second MiB": ({2 * MIB - 1: b"\x01"}, "sata", {}, "sda refused: it is not blank, and no lab has"),
    "something in its last MiB": ({-MIB: b"EFI PART"}, "nvme", {}, "nvme0n1 refused: it is not blank, and no lab has"),
    "another machine's mark": ({MIB: mark(node="two")}, "sata", SATA, "sda refused: it is of two in lab boot"),
    "another lab's mark": ({MIB: mark(lab="attic")}, "nvme", NVME, "nvme0n1 refused: it is of one in lab attic"),
    "our mark, and other partitions": (
        *({0: b"\x01", MIB: mark()}, "virtio", {}),
        "vda refused: it has a mark, and other partitions than when it was installed",
    ),
    "our mark, and no generation": (
        {MIB: mark(generation="x")},
        "virtio",
        {},
        "vda refused: its mark has no generation",
    ),
}


def test_a_disk_that_is_not_ours_is_left_as_it_is_whatever_the_server_has_forgotten_or_asks_for(site, told, tmp_path):
    files = {name: filled(tmp_path / f"disk{n}", FOREIGN[name][0]) for n, name in enumerate(FOREIGN)}
    before = {name: sha256(disk) for name, disk in files.items()}
    cases = {
        name: (drives(files[name], bus=bus), {"install": 2} | changes) for name, (_, bus, changes, _) in FOREIGN.items()
    }
    said = refusals(site, tmp_path, cases)

    assert {name: why for name, (*_, why) in FOREIGN.items() if not said[name].startswith(why)} == {}, said
    assert {name: sha256(disk) for name, disk in files.items()} == before
    assert not told.parent.exists()


WRONG = {
    "another serial": ({"disk": "serial:WD-9999"}, "no disk is that; there are: vda WD-1234"),
    "an empty serial": ({"disk": "serial:"}, "no disk is that"),
    "another size": ({"disk_gib": 20}, "it has 0 GiB, not 20"),
    "no generation": ({"install": 0}, "lab.install is '0', not a generation"),
    "nobody's": ({"id": None}, "lab.name or lab.id is not on the kernel command line"),
    "no hash": ({"image_sha256": None}, "no lab.image_sha256 on the kernel command line"),
    "a tampered image": ({"image_sha256": "0" * 64}, "disk.raw.gz has sha256 "),
}


def test_a_blank_disk_is_left_as_it_is_where_one_word_is_wrong_or_the_image_is_another(site, told, tmp_path):
    files = {name: disks.blank(tmp_path / f"disk{n}") for n, name in enumerate(WRONG)}
    said = refusals(site, tmp_path, {name: (drives(files[name]), change) for name, (change, _) in WRONG.items()})

    assert {name: why for name, (_, why) in WRONG.items() if why not in said[name]} == {}, said
    assert [name for name, disk in files.items() if not is_blank(disk)] == []
    assert not told.parent.exists()


def is_blank(disk):
    return not disk.read_bytes().strip(b"\0")


def test_of_two_disks_that_are_meant_none_is_written_nor_one_that_is_too_small(site, told, tmp_path):
    both = [disks.blank(tmp_path / name) for name in ("a", "b")]
    small = disks.blank(tmp_path / "small", 5)
    said = refusals(site, tmp_path, {"two": (drives(*both), {}), "small": (drives(small), {})})

    several = f"serial:{SERIAL} refused: several disks are that: vda vdb"
    assert said == {"two": several, "small": "vda refused: the image needs 7 MiB, it has 5"}
    assert all(is_blank(disk) for disk in (*both, small))


def test_a_server_that_has_forgotten_all_is_told_and_nothing_is_written(site, told, tmp_path):
    disk = filled(tmp_path / "disk", {0: site.image.read_bytes(), MIB: mark(generation=3)})
    before = sha256(disk)
    with machine(site, tmp_path / "console", drives(disk, bus="nvme"), words(site, **NVME)) as one:
        assert "writing" not in one.ends()
    assert sha256(disk) == before
    assert {path.name for path in told.iterdir()} == {"installed-1", "installed-3"}


def test_after_a_power_cut_in_the_middle_of_writing_it_is_installed_whole(site, told, tmp_path):
    image = site.image.read_bytes()
    disk = filled(tmp_path / "disk", {0: image[:MIB], MIB: mark(), 2 * MIB: b"former" * MIB})
    slow = drives(disk, more=",throttling.bps-write=1000000")
    with machine(site, tmp_path / "console", slow, words(site, install=2)):
        until(lambda: read(disk, 2 * MIB, 4096) == image[2 * MIB :][:4096], BOOT, "the writing", longest=0.05)
    assert read(disk, 6 * MIB, 6) in b"formerformer"
    assert not read(disk, 0, MIB).strip(b"\0")
    assert not told.exists()
    with machine(site, tmp_path / "again", drives(disk, bus="sata"), words(site, install=2, **SATA)) as one:
        assert "told 10.77.0.1: installed-2" in one.ends()
    assert disks.is_image(disk, site.image)
    assert read_mark(disk)[1:] == ["installed", "boot", "one", "2"]


def test_the_image_of_a_disk_boots_to_its_minion_as_who_it_was_installed_and_fills_its_disk(site, told, tmp_path):
    disk = disks.as_installed(images.build("disk") / "disk.raw", tmp_path / "disk", 4096)
    told.mkdir(parents=True)
    (told / "installed-1").touch()
    with machine(site, tmp_path / "console", drives(disk), memory=512) as one:
        said = one.says(r"lab: (\w+) runs from its disk, root (\d+) MiB")
        assert said[1] == "one"
        assert int(said[2]) > 3800
        one.says("Started .*The Salt Minion")  # nothing of it waits for a master, which there is not
    assert read_mark(disk)[1:] == ["installed", "boot", "one", "1"]


def test_the_image_of_a_disk_that_nobody_installed_is_who_its_hypervisor_says(site, tmp_path):
    image = images.build("disk")
    boot = disks.unpacked(image, tmp_path / "boot")
    shell = f'root=UUID={layout.IDS["fs"]} rw panic=-1 init=/bin/sh -- -c "/usr/lib/lab/boot; cat {WRITTEN}"'
    more = [*drives(image / "disk.raw", more=",snapshot=on"), *disks.words_for_vm()]
    with Machine(site.wire, "vm", tmp_path / "console", more, words=[shell], installer=boot, memory=512) as one:
        said = f"\n{one.ends()}"

    for line in ("lab: one runs from its disk", "id: one", "10.77.0.20 one.boot.example one", "10.77.0.1 salt"):
        assert f"\n{line}" in said
