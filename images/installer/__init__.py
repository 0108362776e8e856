"""
The ``installer`` image: ``vmlinuz`` and ``initrd.img``, which write an image to the disk of a machine and reboot it.

``init`` says what the kernel command line tells it, and which disks it never writes.  The kernel is Debian's for
physical machines, which has the drivers of their disks and cards.
"""

import gzip
import shutil
from pathlib import Path

from images import manifest, root
from images.ram import cpio, kernel
from saltext.lab.command import run

HERE = Path(__file__).parent
PACKAGE = "linux-image-amd64"
APPLETS = (  # all that init calls
    *("cat", "dd", "grep", "gunzip", "head", "hexdump", "insmod", "ip", "md5sum", "mkfifo", "mount", "nc", "reboot"),
    *("sed", "sh", "sha256sum", "sleep", "sync", "tail", "tee", "timeout", "tr", "wc", "wget"),
)


def make(image, workshop):
    """Make the image in directory *image*; *workshop* is for what is needed only meanwhile."""
    debian = workshop / "kernel"
    _unpack(debian)
    stage = _stage(workshop / "initramfs", debian)
    cpio.write(workshop / "initrd.cpio", stage)
    (image / "initrd.img").write_bytes(gzip.compress((workshop / "initrd.cpio").read_bytes(), mtime=0))
    shutil.copy(kernel.file(debian), image / "vmlinuz")
    manifest.write(image, "installer", kernel.version(debian), ["vmlinuz", "initrd.img"])


def _unpack(folder):
    run(
        *("mmdebstrap", "--quiet", "--mode=root", "--variant=extract", "--format=directory"),
        *(f"--include={PACKAGE}", "--aptopt=APT::Install-Recommends false", root.SUITE, folder),
        timeout=900,
    )


def _stage(stage, debian):
    for folder in ("bin", "dev", "memory", "modules", "proc", "sys"):
        (stage / folder).mkdir(parents=True)
    kernel.stage(debian, stage / "modules", root.lines(HERE / "modules.txt"))
    shutil.copy("/bin/busybox", stage / "bin/busybox")
    for applet in APPLETS:
        (stage / "bin" / applet).symlink_to("busybox")
    shutil.copy(HERE / "init", stage / "init")
    (stage / "init").chmod(0o755)
    return stage
