"""
A stick starts a lab where nothing is: one machine boots from it, and a blank one boots from that machine.

Needs qemu-system-x86_64, grub-mkimage, xorriso and network namespaces; no KVM.  Builds its images where they are missing
(minutes).
"""

import hashlib
import json
import re

import pytest

import images
from images.__main__ import main
from tests.support import netboot
from tests.support.ram_guest import BOOT
from tests.support.stick import PROMPT, START, blank, seed

MAC = "52:54:00:00:03:01"  # of pillar/stick.sls
OTHER = "52:54:00:99:00:01"
SERVICES = ("salt-master", "salt-minion", "dnsmasq", "nginx", "saltext-lab-seen", "lab-enrol")
CALL = 120  # seconds for one command of Salt; 5 on a machine with nothing else to do


def sha256(file):
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


@pytest.fixture(scope="module")
def stick(tmp_path_factory):
    images.build("ram")
    file = tmp_path_factory.mktemp("stick") / "stick.img"
    assert main(["stick", "stick", str(file)]) == 0
    return file


@pytest.fixture(scope="module")
def wire():
    with netboot.wire("stick") as wire:
        yield wire


@pytest.fixture(scope="module")
def first(wire, stick):
    """The machine that was started from the stick, by BIOS; the stick was pulled before it did anything."""
    with seed(wire, MAC, stick) as machine:
        machine.wait("Linux version|systemd", START)
        machine.pull()
        machine.wait(PROMPT, START)
        yield machine


def test_the_same_lab_makes_the_same_stick(stick, tmp_path, capsys):
    assert main(["stick", "stick", str(tmp_path / "again.img")]) == 0
    assert sha256(tmp_path / "again.img") == sha256(stick)
    assert main(["stick", "stick", str(stick)]) == 1
    assert f"{stick} is there already" in capsys.readouterr().err


def test_a_bare_machine_becomes_the_first_master_and_serves(first):
    first.wait(r"Summary for stick\r\n-+\r\nSucceeded: (\d+) \(changed=\d+\)\r\nFailed: +0\r\n", START)
    said = first.run(f"systemctl is-active --wait {' '.join(SERVICES)}", CALL).split()
    assert said == ["active"] * len(SERVICES)
    assert first.run("systemctl --failed --plain --no-legend") == ""
    assert first.run("cat /proc/partitions | grep -c sd") == "0"


def test_a_blank_machine_boots_into_memory_and_knocks_at_its_master(first, wire):
    with blank(wire, OTHER) as other:
        other.wait("LABMARK minion", BOOT)
        name = OTHER.replace(":", "-")
        pending = "busybox true; salt-key --out=json --list=unaccepted"
        while name not in json.loads(first.run(pending, CALL))["minions_pre"]:
            pass
    assert re.search(r"lab.id=|LABMARK root", other.said)
