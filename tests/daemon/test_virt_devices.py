"""What a guest finds of its model: told by a real one on its serial port, or by its firmware there."""

from pathlib import Path

import libvirt_qemu
import pytest

from saltext.lab.virt import host
from saltext.lab.wait import until
from tests.support import domains, guest
from tests.support.domains import BASE, NIC

CARD, OTHER_CARD = "52:54:00:00:00:07", "52:54:00:00:00:08"
WATCHDOG, XHCI = "8086:25ab", "1b36:000d"
#: Kinds of virtio devices (virtio 1.2, section 5).
RNG, BALLOON, NINEP, VIRTIOFS = "0x0004", "0x0005", "0x0009", "0x001a"
#: A device of the host that is not there: what is there is not ours to give away.
NO_CARD, NO_STICK = "pci:0000:7f:1f.7", "usb:dead:beef"


def log(name):
    return f"/var/log/libvirt/qemu/{name}-console.log"


@pytest.fixture(scope="module")
def home(daemon):
    """A directory with kernel, initrd, disks, a share and a file that is nobody else's to read."""
    home = guest.furnished(daemon.home / "guest")
    (home / "share").mkdir()
    (home / "seed").touch(mode=0o600)
    (home / "seed").write_text("s3cret")
    return home


@pytest.fixture(scope="module")
def guests(daemon, home):
    """Three guests: one with all there is, one with UEFI that boots from the network, one that checks signatures."""
    wish = {"vm1": _full(home)}
    wish["net"] = BASE | {"firmware": "uefi", "boot": ["network", "hd"], "nics": {OTHER_CARD: NIC}}
    wish["secure"] = BASE | {"firmware": "secure", "memory_mib": 128}
    for name in ("net", "secure"):
        wish[name] |= {"serial_log": log(name), "running": True}
    wish["net"]["memory_mib"] = 128
    with host.connect(daemon.uri) as conn:
        domains.done_by(domains.bring_by(conn), conn)(wish)
    return wish


def _full(home):
    disk = {"bus": "virtio", "format": "raw"}
    return {
        **{
            "type": "qemu",
            "machine": "q35",
            "memory_mib": 192,
            "vcpus": 1,
            "vcpus_max": 2,
            "cpuset": "0",
            "iothreads": 1,
        },
        **{"kernel": str(home / "vmlinuz"), "initrd": str(home / "initrd.img"), "cmdline": "console=ttyS0 quiet tell"},
        **{"cpu_model": "EPYC", "cpu_features": {"svm": "require", "avx2": "disable"}, "serial_log": log("vm1")},
        **{"tpm": "2.0", "watchdog": "poweroff", "rng": True, "balloon": True, "shared_memory": True, "running": True},
        "disks": {
            "vda": disk | {"file": str(home / "vda"), "serial": "WD-1"},
            "vdb": disk | {"file": str(home / "vdb"), "readonly": True},
        },
        "nics": {CARD: {"bridge": "br-lab", "model": "usb-net"}},
        "filesystems": {
            "share": {"source": str(home / "share"), "driver": "virtiofs"},
            "old": {"source": str(home / "share"), "driver": "path"},
        },
        "smbios": {
            "bios": {"vendor": "attic"},
            "system": {"manufacturer": "lab", "serial": "SN 1"},
            "chassis": {"asset": "rack 1"},
        },
        "oem_strings": ["role=web", "zone a"],
        "fw_cfg": {"opt/lab/color": {"value": "blue"}, "opt/lab/seed": {"file": str(home / "seed")}},
    }


@pytest.fixture(scope="module")
def told(daemon, guests):
    """What the guest with everything told of itself."""
    return until(lambda: guest.told(f"{daemon.home}{log('vm1')}"), 120, "what vm1 has to tell")


def said(daemon, name):
    return Path(f"{daemon.home}{log(name)}").read_text(errors="replace")


def test_the_smbios_is_read_in_the_guest(told):
    smbios = {"bios_vendor": "attic", "sys_vendor": "lab", "product_serial": "SN 1", "chassis_asset_tag": "rack 1"}

    assert told.items() >= smbios.items()
    assert told["oem"] == "role=web|zone a||"


def test_fw_cfg_is_read_in_the_guest_also_from_a_file_that_is_nobody_elses(told, home):
    assert (told["opt/lab/color"], told["opt/lab/seed"]) == ("blue", "s3cret")
    assert (home / "seed").stat().st_mode & 0o777 == 0o600


def test_the_machine_is_the_family_that_was_asked_for(told, conn):
    assert told["product_version"].startswith("pc-q35-")
    assert told["product_version"] == host.read(conn)["vm1"]["machine"]


def test_the_cpu_is_the_model_with_the_features_that_were_asked_for(told):
    flags = told["flags"].split()

    assert told["model name"] == "AMD EPYC Processor"
    assert ("svm" in flags, "avx2" in flags, "avx" in flags) == (True, False, True)


def test_cpus_that_it_can_be_given_are_foreseen_and_run_where_they_may(told, conn):
    assert told["possible"] == "0-1"
    assert conn.lookupByName("vm1").vcpus()[1] == [(True, False)]
    assert len(conn.lookupByName("vm1").ioThreadInfo()) == 1


def test_a_disk_has_its_serial_number_and_one_is_read_only(told):
    assert (told["vda"], told["vdb"]) == ("0,WD-1", "1,")


def test_small_devices_are_there(told):
    assert told["rng"].strip() == "virtio_rng.0"
    assert {WATCHDOG, XHCI} <= set(told["pci"].split())
    assert {RNG, BALLOON, NINEP, VIRTIOFS} <= set(told["virtio"].split())


def test_a_usb_card_is_plugged_in(told, conn):
    monitor = libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP

    assert "USB Network" in libvirt_qemu.qemuMonitorCommand(conn.lookupByName("vm1"), "info usb", monitor)


def test_a_tpm_is_there_and_its_state_goes_with_the_domain(told, daemon, bring, conn):
    states = daemon.home / "var/lib/libvirt/swtpm"
    state = states / conn.lookupByName("vm1").UUIDString() / "tpm2/tpm2-00.permall"

    assert told["tpm"] == "2"
    assert state.exists()
    bring({"vm1": {"running": False}})
    assert state.exists()
    bring({"vm1": None})
    assert list(states.iterdir()) == []


def test_uefi_boots_from_the_network_first(daemon, guests):
    until(lambda: "Start PXE over IPv4" in said(daemon, "net"), 120, "PXE by UEFI")

    assert (daemon.home / "var/lib/libvirt/qemu/nvram/net_VARS.fd").exists()


def test_secure_boot_starts_nothing_unsigned_and_its_variables_go_with_the_domain(daemon, guests, bring):
    """The shell in the firmware itself is not signed."""
    until(lambda: "Security Violation" in said(daemon, "secure"), 120, "the refusal of what is not signed")
    variables = daemon.home / "var/lib/libvirt/qemu/nvram/secure_VARS.fd"
    bring({"secure": {"running": False}})
    assert variables.stat().st_size > 100_000

    bring({"secure": None})
    assert not variables.exists()


@pytest.mark.parametrize(("device", "why"), [(NO_CARD, "pci"), (NO_STICK, "usb")])
def test_a_device_that_the_host_does_not_have_is_an_error_when_the_guest_starts(device, why, bring):
    defined = bring({"host": BASE | {"hostdevs": {device: {}}}})
    started = bring({"host": {"running": True}})
    bring({"host": None})

    assert (defined["result"], started["result"], started["changes"]) == (True, False, {})
    assert "libvirt refused to start domain host" in started["comment"]
    assert why in started["comment"].lower()
