"""
A stick starts a lab where nothing is: one machine boots from it, and a blank one boots from that machine.

Needs root for network namespaces, qemu-system-x86_64, grub-mkimage and xorriso; no KVM.  Builds the images first where
they are missing (minutes).
"""

import hashlib

import pytest

import images
from images.__main__ import main
from saltext.lab.wait import until
from tests.support import netboot
from tests.support.stick import PROMPT, START, blank, seed

MAC = "52:54:00:00:03:01"  # of pillar/stick.sls
OTHER = "52:54:00:99:00:01"
SERVICES = ("salt-master", "salt-minion", "dnsmasq", "nginx", "saltext-lab-seen")
PENDING = "/etc/salt/pki/master/minions_pre"


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
    """The machine that BIOS started from the stick, which was pulled before systemd had done anything."""
    with seed(wire, "seed", MAC, stick) as machine:
        machine.wait("lab: the stick may be pulled", START)
        machine.pull()
        machine.wait(PROMPT, START)
        yield machine


def test_the_same_lab_makes_the_same_stick(stick, tmp_path, capsys):
    assert main(["stick", "stick", str(tmp_path / "again.img")]) == 0
    assert sha256(tmp_path / "again.img") == sha256(stick)
    assert main(["stick", "stick", str(stick)]) == 1
    assert f"{stick} is there already" in capsys.readouterr().err


def test_a_machine_with_uefi_and_another_card_starts_from_it_too(stick, tmp_path):
    with (
        netboot.wire("uefi") as wire,
        seed(wire, "uefi", "52:54:00:00:03:02", stick, tmp_path / "variables") as machine,
    ):
        machine.wait(f"lab: no card has the MAC {MAC}, so the first one is taken", START)  # it has nothing but UEFI


def test_a_bare_machine_becomes_the_first_master_and_serves(first):
    seeded = "systemctl show --property ActiveState --value lab-seed"
    until(lambda: first.run(seeded) != "activating", START, "the end of its state.apply", longest=5)

    assert first.run(seeded) == "active", first.run("journalctl --unit lab-seed --lines 40")
    assert first.run(f"systemctl is-active {' '.join(SERVICES)}").split() == ["active"] * len(SERVICES)
    assert first.run("systemctl --failed --plain --no-legend") == ""
    assert first.run("ls /sys/block | grep -v loop") == "", "the stick is still in it"


def test_a_blank_machine_boots_from_it_into_memory_and_knocks_at_its_master(first, wire):
    with blank(wire, OTHER) as other:
        other.wait("LABMARK minion", START)
        until(lambda: OTHER.replace(":", "-") in first.run(f"ls {PENDING}").split(), START, "its key")

    assert [mark for mark in ("initramfs", "fetched", "root", "userspace") if f"LABMARK {mark}" not in other.said] == []


def test_its_own_minion_is_admitted_by_itself(first):
    until(lambda: first.run("ls /etc/salt/pki/master/minions") == "stick", START, "its admission")

    accepted = 'grep -c \'"id": "stick", "act": "accept"\' /var/log/saltext-lab/admission.log'
    until(lambda: first.run(accepted) == "1", START, "the line about it")
