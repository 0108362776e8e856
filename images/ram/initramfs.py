"""The directory that becomes an initrd: a busybox, modules, and an ``init`` that loads them."""

import gzip
import shutil

from images import root
from images.ram import cpio, kernel


def stage(folder, debian, recipe, applets, folders):
    """
    Make directory *folder* with empty *folders* in it, and return it.

    The modules are those of ``modules.txt`` in directory *recipe*, from the kernel in *debian*; ``init`` is there too.
    """
    for name in ("bin", "dev", "modules", "proc", "sys", *folders):
        (folder / name).mkdir(parents=True)
    kernel.stage(debian, folder / "modules", root.lines(recipe / "modules.txt"))
    shutil.copy("/bin/busybox", folder / "bin/busybox")
    for applet in applets:
        (folder / "bin" / applet).symlink_to("busybox")
    shutil.copy(recipe / "init", folder / "init")
    (folder / "init").chmod(0o755)
    return folder


def pack(folder, archive, workshop):
    """Write all of *folder* into the new file *archive*, compressed; *workshop* is for what is needed meanwhile."""
    plain = workshop / "initrd.cpio"
    cpio.write(plain, folder)
    archive.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
