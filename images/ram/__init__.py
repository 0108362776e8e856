"""
The ``ram`` image: ``vmlinuz`` and ``initrd.img``, a whole VM that needs no disk and no network to come up.

The initrd holds a busybox that loads a few modules and mounts ``root.sqfs``, which is in the initrd too, under a
tmpfs.  ``initrd-net.img`` is the same without ``root.sqfs``, which is beside it: it fetches one over HTTP.  ``init``
says what the kernel command line and QEMU's fw_cfg tell the guest; ``manifest.json`` what is inside.  A ``.sig`` is
the signature of the file that it is named after.
"""

import gzip
import hashlib
import json
import os
import shutil
from pathlib import Path

from images import cache, root, sign, venv
from images.ram import cpio, kernel
from saltext.lab.command import run

HERE = Path(__file__).parent
FILES = ("vmlinuz", "initrd.img", "initrd-net.img", "root.sqfs")
SIGNED = FILES[:3]  # what a boot loader loads; the hash of a root that is fetched is on the kernel command line
APPLETS = (  # all that init calls
    *("cat", "chroot", "hostname", "insmod", "ip", "mkdir", "mount", "nc", "reboot", "rm", "sh", "sha256sum"),
    *("sleep", "switch_root", "tail", "timeout", "wget"),
)


def make(image, workshop):
    """Make the image in directory *image*; *workshop* is for what is needed only meanwhile."""
    tree, debian = workshop / "root", workshop / "kernel"
    kernel.unpack(debian)
    _root(tree, debian)
    stage = _initramfs(workshop / "initramfs", debian)
    _pack(stage, image / "initrd-net.img", workshop)
    _squash(tree, image / "root.sqfs")
    os.link(image / "root.sqfs", stage / "root.sqfs")
    cpio.write(image / "initrd.img", stage)
    shutil.copy(kernel.file(debian), image / "vmlinuz")
    sign.files(cache.keys(), *(image / name for name in SIGNED))
    (image / "manifest.json").write_text(json.dumps(_manifest(image, tree, debian), indent=2) + "\n")


def _root(tree, debian):
    root.make(tree, HERE)
    packages = venv.make(tree, HERE / "python.txt")
    root.prune(packages, root.lines(HERE / "prune-python.txt"))
    root.prune(tree, root.lines(HERE / "prune.txt"))
    venv.compile_all(tree, "opt/salt/lib", "usr/lib/python3", "usr/lib/python3.11")
    kernel.install(debian, tree, root.lines(HERE / "modules.txt") + root.lines(HERE / "modules-spare.txt"))
    root.tidy(tree)


def _initramfs(stage, debian):
    for folder in ("bin", "dev", "lower", "modules", "new", "proc", "sys", "upper"):
        (stage / folder).mkdir(parents=True)
    kernel.stage(debian, stage / "modules", root.lines(HERE / "modules.txt"))
    shutil.copy("/bin/busybox", stage / "bin/busybox")
    for applet in APPLETS:
        (stage / "bin" / applet).symlink_to("busybox")
    shutil.copy(HERE / "files/usr/lib/lab/tell", stage / "tell")
    shutil.copy(HERE / "init", stage / "init")
    (stage / "init").chmod(0o755)
    return stage


def _pack(stage, archive, workshop):
    plain = workshop / "initrd-net.cpio"
    cpio.write(plain, stage)
    archive.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))


def _squash(tree, file):
    when = ("-mkfs-time", root.EPOCH, "-all-time", root.EPOCH)
    # lz4 is a quarter larger than zstd -19, and a second of CPU quicker to boot under emulation.
    how = ("-comp", "lz4", "-Xhc", "-no-xattrs", "-noappend")
    run("mksquashfs", tree, file, *how, *when, "-quiet", "-no-progress", timeout=900)


def _manifest(image, tree, debian):
    files = [image / name for name in FILES]
    return {
        "name": "ram",
        "debian": (tree / "etc/debian_version").read_text().strip(),
        "kernel": kernel.version(debian),
        "salt": next(tree.glob("opt/salt/lib/*/*/salt-*.dist-info")).stem.removeprefix("salt-"),
        "files": {file.name: {"size": file.stat().st_size, "sha256": _sha256(file)} for file in files},
    }


def _sha256(file):
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
