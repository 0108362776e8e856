"""
The ``disk`` image: a Debian that is kept, for VMs ``disk.raw`` and ``disk.qcow2``, for the installer ``disk.raw.gz``.

It boots by BIOS and by UEFI, and fills its disk when it boots first.  Who it is stands in QEMU's fw_cfg, or in the
partition ``lab`` where the installer has left it: see ``files/usr/lib/lab/boot``.
"""

import gzip
import shutil
from pathlib import Path

from images import manifest, root, venv
from images.disk import bios, filesystem, initramfs, layout, uefi
from saltext.lab.command import run

HERE = Path(__file__).parent
SERVICES = ("lab-identity", "salt-minion", "systemd-networkd", "systemd-resolved")


def make(image, workshop):
    """Make the image in directory *image*; *workshop* is for what is needed only meanwhile."""
    tree, disk = workshop / "root", image / "disk.raw"
    _root(tree, workshop)
    layout.make(disk, filesystem.mib(tree))
    filesystem.make(disk, tree)
    bios.make(disk, workshop)
    uefi.make(disk, workshop)
    _pack(disk, image / "disk.raw.gz")
    how = ("-c", "-o", "compression_type=zstd", "-f", "raw", "-O", "qcow2")
    version = next((tree / "usr/lib/modules").iterdir()).name
    manifest.write(image, "disk", version, ["disk.raw.gz"])
    run("qemu-img", "convert", *how, disk, image / "disk.qcow2", timeout=900)


def _root(tree, workshop):
    root.make(tree, HERE)
    venv.make(tree, HERE / "python.txt")
    root.prune(tree, root.lines(HERE / "prune.txt"))
    venv.compile_all(tree, "opt/salt/lib", "usr/lib/python3", "usr/lib/python3.11")
    run("systemctl", f"--root={tree}", "enable", "--quiet", *SERVICES)
    run("systemctl", f"--root={tree}", "disable", "--quiet", "systemd-networkd-wait-online.service")
    initramfs.make(tree)
    root.tidy(tree)


def _pack(disk, archive):
    with (
        disk.open("rb") as plain,
        archive.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed, 1 << 20)
