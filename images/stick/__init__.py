"""
The ``stick`` image: what every first seed has, whichever lab it starts.

In ``initrd.img`` is Debian with a master and all that netboot serves.  It runs from memory, with the lab's own part
over it, which ``saltext.lab.stick`` makes, as it does the stick.
"""

import shutil
from pathlib import Path

from images import manifest, root, venv
from images.ram import cpio, initramfs, kernel
from saltext.lab.images.squash import squash

HERE = Path(__file__).parent
HOST = HERE.parent / "host"  # what is the same on every host: Salt, its units, the journal
RAM = HERE.parent / "ram"
FOREIGN = ("salt/modules/", "salt/states/", "salt/grains/")  # what Salt has for other systems: each is looked at often
PACKAGE = "linux-image-amd64"  # that of machines: the one of the VMs has no drivers of their cards
APPLETS = ("insmod", "mkdir", "mount", "sh", "switch_root")  # all that init calls


def make(image, workshop):
    """Make the image in directory *image*; *workshop* is for what is needed only meanwhile."""
    tree, debian = workshop / "root", workshop / "kernel"
    kernel.unpack(debian, PACKAGE)
    _root(tree, debian)
    folders = ("lab", "new", "root", "upper")
    stage = initramfs.stage(workshop / "initramfs", debian, HERE, APPLETS, folders)
    squash(tree, stage / "root.sqfs", root.EPOCH)
    cpio.write(image / "initrd.img", stage)
    shutil.copy(kernel.file(debian), image / "vmlinuz")
    manifest.write(image, "stick", kernel.version(debian), ["vmlinuz", "initrd.img"], **manifest.versions(tree))


def _root(tree, debian):
    root.make(tree, HERE)
    packages = venv.make(tree, HOST / "python.txt")
    root.prune(packages, (line for line in root.lines(RAM / "prune-python.txt") if line.startswith(FOREIGN)))
    for files in (HOST / "files", HERE / "files"):
        root.copy(files, tree)
    root.prune(tree, root.lines(HERE / "prune.txt"))
    venv.compile_all(tree, "opt/salt/lib", "usr/lib/python3", "usr/lib/python3.11")
    kernel.install(debian, tree, sorted(_modules(debian)))
    root.tidy(tree)
    root.systemd(tree, root.lines(HERE / "masked.txt"))


def _modules(debian):
    """Return the names of all modules that the root has."""
    home = debian / "lib/modules" / kernel.version(debian) / "kernel"
    wanted = root.lines(HERE / "modules.txt") + root.lines(HERE / "modules-spare.txt")
    below = {path.stem for word in wanted if "/" in word for path in (home / word).rglob("*.ko")}
    return below | {word for word in wanted if "/" not in word}
