"""Disks, an image of a few MiB that says where it runs, and machines that the installer is given to."""

import gzip
import hashlib
import random
import re
import subprocess
from pathlib import Path

from images.disk import layout
from saltext.lab.spec import derive
from saltext.lab.wait import until
from tests.support import netboot

MIB = 1 << 20
BOOT = 300  #: seconds; 5 for the installer, 8 for a boot over the network on two busy cores
MAC, IP, SERIAL = derive.mac("boot", "one", "lan"), "10.77.0.20", "WD-1234"
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


def serve(server, image):
    """Have *server* hand out *image*, a raw disk; return its URL and the hash of it."""
    archive = server.home / f"http/images/{image.stem}/disk.raw.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(gzip.compress(image.read_bytes(), 1, mtime=0))
    return f"http://10.77.0.1/images/{image.stem}/disk.raw.gz", sha256(archive)


def drives(*disks, serial=SERIAL, more=""):
    """Return QEMU's words for *disks*, all with *serial*, to boot from behind the card."""
    words = []
    for number, disk in enumerate(disks):
        words += ["-drive", f"if=none,id=d{number},file={disk},format=raw,cache=unsafe{more}"]
        words += ["-device", f"virtio-blk-pci,drive=d{number},serial={serial},bootindex={number + 2}"]
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
