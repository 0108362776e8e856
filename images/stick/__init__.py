"""
The ``stick`` image: what every first seed has, whichever lab it starts.

In ``initrd.img`` is Debian with a master and all that netboot serves.  It runs from memory, with the lab's own part
over it, which ``saltext.lab.stick`` makes, as it does the stick.
"""

import json
import shutil
from pathlib import Path

from images import root, venv
from images.ram import cpio, kernel
from saltext.lab.command import run
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
    stage = _initramfs(workshop / "initramfs", debian)
    squash(tree, stage / "root.sqfs", root.EPOCH)
    cpio.write(image / "initrd.img", stage)
    shutil.copy(kernel.file(debian), image / "vmlinuz")
    (image / "manifest.json").write_text(json.dumps(_manifest(tree, debian), indent=2) + "\n")


def _root(tree, debian):
    root.make(tree, HERE)
    packages = venv.make(tree, HOST / "python.txt")
    root.prune(packages, (line for line in root.lines(RAM / "prune-python.txt") if line.startswith(FOREIGN)))
    for files in (HOST / "files", HERE / "files"):
        root.copy(files, tree)
    root.prune(tree, root.lines(HERE / "prune.txt"))
    venv.compile_all(tree, "opt/salt/lib", "usr/lib/python3", "usr/lib/python3.11")
    kernel.install(debian, tree, sorted(_modules(debian)))
    run("systemctl", f"--root={tree}", "mask", "--quiet", *root.lines(HERE / "masked.txt"))
    run("systemctl", f"--root={tree}", "preset-all", "--quiet")
    run("systemctl", f"--root={tree}", "set-default", "--quiet", "multi-user.target")
    root.tidy(tree)
    for updated in ("etc/.updated", "var/.updated"):  # else each boot is the first, and rebuilds ld's cache
        (tree / updated).touch()


def _modules(debian):
    """Return the names of all modules that the root has."""
    home = debian / "lib/modules" / kernel.version(debian) / "kernel"
    wanted = root.lines(HERE / "modules.txt") + root.lines(HERE / "modules-spare.txt")
    below = {path.stem for word in wanted if "/" in word for path in (home / word).rglob("*.ko")}
    return below | {word for word in wanted if "/" not in word}


def _initramfs(stage, debian):
    for folder in ("bin", "dev", "lab", "modules", "new", "proc", "root", "sys", "upper"):
        (stage / folder).mkdir(parents=True)
    kernel.stage(debian, stage / "modules", root.lines(HERE / "modules.txt"))
    shutil.copy("/bin/busybox", stage / "bin/busybox")
    for applet in APPLETS:
        (stage / "bin" / applet).symlink_to("busybox")
    shutil.copy(HERE / "init", stage / "init")
    (stage / "init").chmod(0o755)
    return stage


def _manifest(tree, debian):
    return {
        "name": "stick",
        "debian": (tree / "etc/debian_version").read_text().strip(),
        "kernel": kernel.version(debian),
        "salt": next(tree.glob("opt/salt/lib/*/*/salt-*.dist-info")).stem.removeprefix("salt-"),
    }
