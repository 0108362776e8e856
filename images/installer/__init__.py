"""
The ``installer`` image: ``vmlinuz`` and ``initrd.img``, which write an image to the disk of a machine and reboot it.

``init`` says what the kernel command line tells it, and which disks it never writes.  The kernel is Debian's for
physical machines, which has the drivers of their disks and cards.
"""

import shutil
from pathlib import Path

from images import manifest
from images.ram import initramfs, kernel

HERE = Path(__file__).parent
PACKAGE = "linux-image-amd64"
APPLETS = (  # all that init calls
    *("cat", "dd", "grep", "gunzip", "head", "hexdump", "insmod", "ip", "md5sum", "mkfifo", "mount", "nc", "reboot"),
    *("sed", "sh", "sha256sum", "sleep", "sync", "tail", "tee", "timeout", "tr", "wc", "wget"),
)


def make(image, workshop):
    """Make the image in directory *image*; *workshop* is for what is needed only meanwhile."""
    debian = workshop / "kernel"
    kernel.unpack(debian, PACKAGE)
    stage = initramfs.stage(workshop / "initramfs", debian, HERE, APPLETS, ("memory",))
    initramfs.pack(stage, image / "initrd.img", workshop)
    shutil.copy(kernel.file(debian), image / "vmlinuz")
    manifest.write(image, "installer", kernel.version(debian), ["vmlinuz", "initrd.img"])
