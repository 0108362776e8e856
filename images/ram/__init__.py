"""
The ``ram`` image: ``vmlinuz`` and ``initrd.img``, a whole VM that needs no disk and no network to come up.

The initrd holds a busybox that loads a few modules and mounts ``root.sqfs``, which is in the initrd too, under a
tmpfs.  ``initrd-net.img`` is the same without ``root.sqfs``, which is beside it: it fetches one over HTTP.  ``init``
says what the kernel command line and QEMU's fw_cfg tell the guest; ``manifest.json`` what is inside.  A ``.sig`` is
the signature of the file that it is named after.
"""

import os
import shutil
from pathlib import Path

from images import cache, manifest, root, sign, venv
from images.ram import cpio, initramfs, kernel
from saltext.lab.images.squash import squash
from saltext.lab.netboot.versions import SERVED

HERE = Path(__file__).parent
SIGNED = SERVED[:2]  # what a boot loader loads; the hash of a root that is fetched is on the kernel command line
APPLETS = (  # all that init calls
    *("cat", "chroot", "hostname", "insmod", "ip", "mkdir", "mount", "nc", "reboot", "rm", "sh", "sha256sum"),
    *("sleep", "switch_root", "tail", "timeout", "wc", "wget"),
)


def make(image, workshop):
    """Make the image in directory *image*; *workshop* is for what is needed only meanwhile."""
    tree, debian = workshop / "root", workshop / "kernel"
    kernel.unpack(debian)
    _root(tree, debian)
    stage = initramfs.stage(workshop / "initramfs", debian, HERE, APPLETS, ("lower", "new", "upper"))
    shutil.copy(HERE / "files/usr/lib/lab/tell", stage)
    initramfs.pack(stage, image / "initrd-net.img", workshop)
    squash(tree, image / "root.sqfs", root.EPOCH)
    os.link(image / "root.sqfs", stage / "root.sqfs")
    cpio.write(image / "initrd.img", stage)
    shutil.copy(kernel.file(debian), image / "vmlinuz")
    sign.files(cache.keys(), *(image / name for name in SIGNED))
    manifest.write(image, "ram", kernel.version(debian), SERVED, **manifest.versions(tree))


def _root(tree, debian):
    root.make(tree, HERE)
    packages = venv.make(tree, HERE / "python.txt")
    root.prune(packages, root.lines(HERE / "prune-python.txt"))
    root.prune(tree, root.lines(HERE / "prune.txt"))
    venv.compile_all(tree, "opt/salt/lib", "usr/lib/python3", "usr/lib/python3.11")
    kernel.install(debian, tree, root.lines(HERE / "modules.txt") + root.lines(HERE / "modules-spare.txt"))
    root.tidy(tree)
