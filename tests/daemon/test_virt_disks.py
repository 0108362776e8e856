"""Disks of every source and bus, which start with real QEMU, and how each of them grows.  V6 is a row of old faults."""

import os
import socket
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from saltext.lab.outcome import Things, converge
from saltext.lab.virt import host, link, pool, pool_xml
from saltext.lab.virt.here import Here
from saltext.lab.virt.marks import Marks
from saltext.lab.virt.pool_model import Pools
from saltext.lab.wait import until
from tests.support import guest, storage
from tests.support.ceph import network_of
from tests.support.libvirtd import libvirtd

LOG = "/var/log/libvirt/qemu/a-console.log"
MIB = 1 << 20
BUSES = {
    "virtio": ("vda", "q35"),
    "scsi": ("sda", "q35"),
    "usb": ("sda", "q35"),
    "sata": ("sda", "q35"),
    "ide": ("hda", "pc"),
}


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        (daemon.home / "var/log/libvirt/qemu").mkdir(exist_ok=True)
        yield daemon


@pytest.fixture
def home(daemon):
    """A directory where QEMU gets through."""
    home = daemon.home / "disks"
    home.mkdir(mode=0o755)
    yield home
    subprocess.run(["rm", "-r", home], check=True)


@pytest.fixture
def here(daemon, tmp_path):
    with link.connect(daemon.uri) as conn:
        yield Here(conn, Marks(tmp_path / "marks"))
        storage.clean(conn)


@pytest.fixture
def states(here):
    def pools(_):
        return Things("p", Pools, partial(pool.read, here), partial(pool.write, here), pool_xml.impact)

    return {**storage.states(here), "pools": pools}


@pytest.fixture
def bring(states):
    return lambda kind, wish, test=False: converge(states[kind](wish), wish, test)


@pytest.fixture
def done(bring, here):
    """A function that brings things of a kind to a wish: as told under test, which touched nothing, and only once."""
    return lambda kind, wish: storage.done_by(partial(bring, kind), partial(storage.everything, here.conn))(wish)


@pytest.fixture
def has(done, here):
    """A function that brings domain a to one disk; with more, to that of it too."""

    def has(disk, dev="vda", **more):
        return done("domains", {"a": more | {"disks": {dev: disk}}})

    return has


@pytest.fixture
def sizes(here):
    """A function that returns the size of a disk in MiB, as the guest that runs is told and as it is known."""

    def sizes(dev="vda"):
        told = here.conn.lookupByName("a").blockInfo(dev)[0]
        return told / MIB, host.read(here.conn)["a"]["disks"][dev].get("size_mib")

    return sizes


RUNS = {"type": "qemu", "memory_mib": 64, "machine": "q35", "pcie_ports": 8, "running": True}
OFF = RUNS | {"running": False}


def file(path, mib=8, kind="raw"):
    subprocess.run(["qemu-img", "create", "-q", "-f", kind, path, f"{mib}M"], check=True)
    return {"file": str(path), "bus": "virtio", "format": kind}


def size(path, kind="raw"):
    """The size in MiB of the disk that a file holds."""
    told = subprocess.run(
        ["qemu-img", "info", "-U", "-f", kind, path], check=True, capture_output=True, text=True
    ).stdout
    return int(told.partition("virtual size:")[2].partition("(")[2].split()[0]) // MIB


@contextmanager
def nbd(daemon, path):
    """Serve the file at *path* as export ``one`` on loopback; yield the address."""
    with network_of(daemon.pid):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        argv = ["setpriv", "--pdeathsig", "KILL", "qemu-nbd", "-f", "raw", "-b", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen([*argv, "-x", "one", "-e", "4", "--persistent", path])
        try:
            until(lambda: _answers(port), 20, "qemu-nbd")
            yield f"127.0.0.1:{port}"
        finally:
            server.kill()
            server.wait(20)


def _answers(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except ConnectionRefusedError:
        return False


@pytest.mark.parametrize("bus", BUSES)
def test_a_disk_on_each_bus_starts_and_grows_under_its_guest(bus, has, home, sizes):
    dev, machine = BUSES[bus]
    has(file(home / "disk") | {"bus": bus}, dev, type="qemu", memory_mib=64, machine=machine, running=True)
    assert has({"size_mib": 16}, dev) == {f"a.disks.{dev}.size_mib": {"old": 8, "new": 16}}

    assert (sizes(dev), size(home / "disk")) == ((16, 16), 16)


def test_a_disk_of_an_nbd_server_starts_is_plugged_in_and_cannot_grow(has, bring, home, daemon, here, sizes):
    file(home / "disk")
    with nbd(daemon, home / "disk") as server:
        disk = {"protocol": "nbd", "name": "one", "hosts": [server], "bus": "virtio", "format": "raw"}
        has(disk, **RUNS)
        has(disk, "vdb")
        assert (sizes(), sizes("vdb")) == ((8, 8), (8, 8))
        refused = bring("domains", {"a": {"disks": {"vda": {"size_mib": 16}}}})
        here.conn.lookupByName("a").destroy()

    assert (refused["result"], refused["changes"]) == (False, {})
    assert "Cannot grow NBD nodes" in refused["comment"]


def test_a_block_device_starts_and_its_guest_sees_what_it_has_grown_to(has, bring, home, daemon, here, sizes):
    file(home / "disk")
    with storage.loop(daemon, home / "disk") as device:
        has({"block": device, "bus": "virtio", "format": "raw"}, **RUNS)
        early = bring("domains", {"a": {"disks": {"vda": {"size_mib": 16}}}})
        os.truncate(home / "disk", 16 * MIB)
        subprocess.run(["losetup", "--set-capacity", device], check=True)
        has({"size_mib": 16})
        assert sizes() == (16, 16)
        has({}, running=False)
        late = bring("domains", {"a": {"disks": {"vda": {"size_mib": 32}}}})

    assert "Cannot grow device files" in early["comment"]
    assert "vda of domain a cannot be resized" in late["comment"]
    assert (early["result"], late["result"]) == (False, False)


@pytest.mark.parametrize("kind", ["raw", "qcow2"])
def test_v6_a_file_in_no_pool_grows_while_its_guest_is_off_and_never_shrinks(kind, has, bring, home):
    has(file(home / "disk", kind=kind), **OFF)
    changes = has({"size_mib": 16})
    refused = bring("domains", {"a": {"disks": {"vda": {"size_mib": 8}}}})

    assert changes == {"a.disks.vda.size_mib": {"old": 8, "new": 16}}
    assert "a.disks.vda.size_mib cannot change" in refused["comment"]
    assert size(home / "disk", kind) == 16


@pytest.mark.parametrize("kind", ["raw", "qcow2"])
@pytest.mark.parametrize("power", [RUNS, OFF], ids=["runs", "off"])
def test_v6_a_volume_and_its_disk_agree_on_one_size(power, kind, has, done, bring, home):
    done("pools", {"vms": {"path": str(home), "running": True}})
    done("volumes", {"vms:v": {"size_mib": 8, "format": kind}})
    has({"pool": "vms", "volume": "v", "bus": "virtio", "format": kind, "size_mib": 8}, **power)
    done("volumes", {"vms:v": {"size_mib": 16}})
    assert has({"size_mib": 16}) == {}
    assert has({"size_mib": 24}) == {"a.disks.vda.size_mib": {"old": 16, "new": 24}}
    assert done("volumes", {"vms:v": {"size_mib": 24}}) == {}

    for kind_of, wish in (
        ("volumes", {"vms:v": {"size_mib": 8}}),
        ("domains", {"a": {"disks": {"vda": {"size_mib": 8}}}}),
    ):
        told, refused = (bring(kind_of, wish, test=test) for test in (True, False))
        assert (told["result"], refused["result"], refused["changes"]) == (False, False, {})
        assert "size_mib cannot change" in refused["comment"]
    assert size(home / "v", kind) == 24


def test_a_volume_whose_file_is_gone_hides_no_domain(has, done, home, here):
    done("pools", {"vms": {"path": str(home), "running": True}})
    done("volumes", {"vms:v": {"size_mib": 8}})
    has({"pool": "vms", "volume": "v", "bus": "virtio", "format": "raw"}, **OFF)
    assert host.read(here.conn)["a"]["disks"]["vda"]["size_mib"] == 8
    (home / "v").unlink()

    assert "size_mib" not in host.read(here.conn)["a"]["disks"]["vda"]


def test_v6_a_guest_sees_from_inside_what_its_volumes_have_grown_to(has, done, home, daemon):
    guest.make(home)
    done("pools", {"vms": {"path": str(home / "pool"), "running": True}})
    done("volumes", {"vms:v": {"size_mib": 8}, "vms:w": {"size_mib": 8, "format": "qcow2"}})
    boot = {"kernel": str(home / "vmlinuz"), "initrd": str(home / "initrd.img"), "cmdline": "console=ttyS0 quiet"}
    more = RUNS | boot | {"memory_mib": 128, "serial_log": LOG}
    by_path = {"file": str(home / "pool/w"), "bus": "virtio", "format": "qcow2"}
    done("domains", {"a": more | {"disks": {"vda": {"pool": "vms", "volume": "v", "bus": "virtio"}, "vdb": by_path}}})
    sees = partial(guest.seen, Path(f"{daemon.home}{LOG}"))
    until(lambda: sees().items() >= {"vda": "8", "vdb": "8"}.items(), 60, "the guest")
    done("volumes", {"vms:v": {"size_mib": 16}, "vms:w": {"size_mib": 24}})

    until(lambda: sees().items() >= {"vda": "16", "vdb": "24"}.items(), 60, "the new sizes in the guest")


def test_the_disc_of_a_cdrom_is_changed_and_taken_out_under_its_guest(has, home, here):
    first, second = (file(home / name) | {"device": "cdrom", "bus": "sata", "readonly": True} for name in "ab")
    has(first, "sda", **RUNS)
    changes = has({"file": second["file"]}, "sda")
    assert changes == {"a.disks.sda.file": {"old": first["file"], "new": second["file"]}}
    assert second["file"] in here.conn.lookupByName("a").XMLDesc()
    has({"file": None}, "sda")
    assert str(home) not in here.conn.lookupByName("a").XMLDesc()
    has({"file": first["file"]}, "sda")
    assert first["file"] in here.conn.lookupByName("a").XMLDesc()
