"""Disks, an image of a few MiB that says where it runs, and machines that the installer is given to."""

import gzip
import hashlib
import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import images
from images import manifest
from images.disk import layout
from saltext.lab.command import run
from saltext.lab.netboot import ipxe, shelf
from saltext.lab.netboot.install import ARCHIVE
from saltext.lab.plan import merge
from saltext.lab.spec import derive
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.wait import until
from tests.support import formula, netboot
from tests.support.kernel import unpack

MIB = 1 << 20
BOOT = 300  #: seconds; 4 for the installer, 8 for a boot over the network on two busy cores
MAC, IP, SERIAL = derive.mac("boot", "one", "lan"), "10.77.0.20", "WD-1234"
ATA_WWN = "0x5000c500a1b2c3d4"
#: Linux trusts no name that QEMU's NVMe has, and makes one (NVME_QUIRK_BOGUS_NID in drivers/nvme/host/pci.c).
NVME_WWN = f"nvme.1b36-{SERIAL.encode().hex()}-{b'QEMU NVMe Ctrl'.hex()}-00000001"
#: The machine `one` of the lab of these tests is installed once.
ONCE = {
    "pools": {"vms": {"type": "dir", "path": "/srv/vms"}},
    "images": {"deb": {"kind": "install"}},
    "classes": {"store": {"image": "deb", "nics": ["lan"], "boot": "install-once", "install": {"serial": SERIAL}}},
    "vms": {"one": {"class": "store", "disks": {"vda": {"pool": "vms", "size_gib": 8}}}},
}
#: QEMU's words for a disk by what it is connected with.
DEVICES = {
    "virtio": ["-device", "virtio-blk-pci,drive={drive},serial={serial},bootindex={turn}"],
    "sata": [
        *("-device", "ich9-ahci,id=ahci{drive}"),
        *("-device", f"ide-hd,bus=ahci{{drive}}.0,drive={{drive}},serial={{serial}},wwn={ATA_WWN},bootindex={{turn}}"),
    ],
    "nvme": ["-device", "nvme,drive={drive},serial={serial},bootindex={turn}"],
}
#: Code of the first sector: say a text on the first serial port, and reset the machine by its keyboard controller.
CODE = bytes.fromhex("FC 31C0 8ED8 BE1A7C BAF803 AC 84C0 7403 EE EBF8 B0FE E664 F4 EBFD")
TABLE = "label: gpt\nunit: sectors\nstart=2048, size=2048, name=lab\nstart=4096, size=8192, name=data\n"


def tiny(file, text="LOCAL\r\n"):
    """Make *file*, an image that says *text* when it boots, and starts again."""
    file.write_bytes(b"")
    with file.open("r+b") as disk:
        disk.truncate(7 * MIB)
        subprocess.run(
            ["sfdisk", "-q", "--no-reread", file],
            input=TABLE,
            text=True,
            check=True,
            timeout=20,
            stdout=subprocess.PIPE,
        )
        disk.write(CODE + text.encode() + b"\0")
        disk.seek(layout.LAB * layout.SECTOR)
        disk.write(layout.MARK)
        disk.seek(2 * MIB)
        disk.write(random.Random(1).randbytes(4 * MIB))
    return file


def blank(file, mib=32):
    """Make *file*, a disk of *mib* without anything on it."""
    with file.open("wb") as disk:
        disk.truncate(mib * MIB)
    return file


def filled(file, parts, mib=32):
    """Make *file*, a disk of *mib* with the bytes *parts* at their offsets; one below 0 is from the end."""
    blank(file, mib)
    with file.open("r+b") as disk:
        for offset, data in parts.items():
            disk.seek(offset % (mib * MIB))
            disk.write(data)
    return file


def as_installed(image, file, mib):
    """Make *file*, a disk of *mib* as the installer leaves it: *image*, its mark, and words behind that."""
    subprocess.run(["cp", "--sparse=always", image, file], check=True, timeout=60)
    with file.open("r+b") as disk:
        disk.truncate(mib * MIB)
        disk.seek(MIB)
        disk.write(mark().ljust(512, b"\0") + b"lab.id=one\nlab.master=10.77.0.2\nlab.domain=boot.example\n")
    return file


def unpacked(image, folder):
    """Return *folder*, new, with the kernel and the initrd that are in ``disk.raw`` of *image*."""
    folder.mkdir()
    root = f"{image / 'disk.raw'}?offset={layout.ROOT * layout.SECTOR}"
    version = json.loads((image / "manifest.json").read_text())["kernel"]
    for name, file in {"vmlinuz": "packed", "initrd.img": "initrd.img"}.items():
        run("debugfs", "-R", f"dump /boot/{name}-{version} {folder / file}", root)
    unpack(folder / "packed", folder / "vmlinuz")
    return folder


def words_for_vm():
    """Return what the domain of the machine `one` has in its fw_cfg of who it is, as QEMU takes it."""
    domain = compile(checked(merge(netboot.SPEC, ONCE)))["srv"]["virt"]["domains"]["one"]
    return ["-fw_cfg", f"name=opt/saltext-lab/words,string={domain['fw_cfg']['opt/saltext-lab/words']['value']}"]


def mark(state="installed", lab="boot", node="one", generation=1):
    """Return the mark that the installer leaves."""
    return f"saltext-lab-mark {state} {lab} {node} {generation}\n".encode()


def read_mark(file):
    """Return the words of the mark on disk *file*."""
    return read(file, MIB, 512).rstrip(b"\0").decode().split()


def read(file, offset, size):
    """Return *size* bytes at *offset* of *file*."""
    with file.open("rb") as disk:
        disk.seek(offset)
        return disk.read(size)


def is_image(disk, image):
    """Return whether *disk* has *image*, but for its place of the mark."""
    one, other = (file.read_bytes()[: image.stat().st_size] for file in (disk, image))
    return one[:MIB] == other[:MIB] and one[2 * MIB :] == other[2 * MIB :]


def sha256(file):
    """Return the hash of *file*."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def serve(server):
    """Have *server* hand out the installer and a tiny image as the spec says; return the slice that it has of that."""
    stored = server.home / "images"
    (stored / "deb").mkdir(parents=True)
    (stored / "installer").symlink_to(images.build("installer"))
    server.image = tiny(server.home / "tiny")
    (stored / "deb" / ARCHIVE).write_bytes(gzip.compress(server.image.read_bytes(), 1, mtime=0))
    manifest.write(stored / "deb", "deb", "6.1", [ARCHIVE])
    part = netboot.slice_of(ONCE, stock=shelf.read(["deb", "installer"], (), stored))
    formula.files(server.home / "salt", part, stored, server.here)
    server.announces(part)
    for name, of in {"dnsmasq.conf": "dnsmasq.d", "lab.nginx": "nginx/conf.d"}.items():
        shutil.copy(server.home / f"salt/etc/{of}/saltext-lab.conf", server.home / name)
    server.direct = server.home / "direct"
    server.direct.mkdir()
    unpack(stored / "installer/vmlinuz", server.direct / "vmlinuz")
    shutil.copy(stored / "installer/initrd.img", server.direct)
    return part


def kernel(server):
    """Return the words of the kernel command line in the script of the machine, the generation left to fill in."""
    text = (server.home / "http/boot/lan" / ipxe.file(MAC)).read_text()
    line = next(line for line in text.splitlines() if line.startswith("kernel "))
    return line.split()[3:]


def drives(*disks, serial=SERIAL, more="", bus="virtio"):
    """Return QEMU's words for *disks* on *bus*, all with *serial*, to boot from behind the card."""
    words = []
    for number, disk in enumerate(disks):
        words += ["-drive", f"if=none,id=d{number},file={disk},format=raw,cache=unsafe{more}"]
        words += [word.format(drive=f"d{number}", serial=serial, turn=number + 2) for word in DEVICES[bus]]
    return words


class Machine:
    """A machine on *wire* with *disks*; *words* is the kernel command line of *installer*, or None for the network."""

    def __init__(self, wire, name, log, more, mac=MAC, installer=None, words=None, firmware="bios", memory=256):
        direct = ["-no-reboot", "-kernel", installer / "vmlinuz", "-initrd", installer / "initrd.img"] if words else []
        direct += ["-append", " ".join(["console=ttyS0", "quiet", *words])] if words else []
        self.log, self.how = log, netboot.guest(wire, name, mac, log, firmware, memory, [*more, *direct])

    def __enter__(self):
        self.process = self.how.__enter__()
        return self

    def __exit__(self, *why):
        self.how.__exit__(*why)

    @property
    def said(self):
        """What its console has said so far."""
        return self.log.read_text(errors="replace").replace("\r", "") if self.log.exists() else ""

    def says(self, pattern, times=1):
        """Wait until its console has said *pattern* that many *times*; return the last match."""
        return until(lambda: self._times(pattern, times), BOOT, f"{pattern} on {self.log}")

    def _times(self, pattern, times):
        runs = self.process.poll() is None
        seen = list(re.finditer(pattern, self.said))
        assert runs or seen, f"it ended without saying {pattern}: {self.said[-1000:]}"
        return seen[-1] if len(seen) >= times else None

    def ends(self):
        """Wait until it has switched itself off or reset itself; return what it said."""
        self.process.communicate(timeout=BOOT)
        return self.said
