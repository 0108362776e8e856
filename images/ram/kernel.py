"""Debian's kernel for virtual machines, unpacked and not installed, and the few of its modules that are used."""

import shutil

from images import root
from saltext.lab.command import run

PACKAGE = "linux-image-cloud-amd64"


def unpack(folder, package=PACKAGE):
    """Unpack the kernel *package* and what it needs into *folder*."""
    run(
        *("mmdebstrap", "--quiet", "--mode=root", "--variant=extract", "--format=directory"),
        *(f"--include={package}", "--aptopt=APT::Install-Recommends false", root.SUITE, folder),
        timeout=900,
    )


def version(folder):
    """Return the kernel's version, such as ``6.1.0-56-cloud-amd64``."""
    return next((folder / "lib/modules").iterdir()).name


def file(folder):
    """Return the kernel's own file."""
    return folder / "boot" / f"vmlinuz-{version(folder)}"


def stage(folder, target, names):
    """Copy the modules *names* and what they need to *target*, with their order of loading in its file ``order``."""
    order = _needed(folder, names)
    for module in order:
        _copy(module, target / module.name)
    (target / "order").write_text("".join(f"{module.name}\n" for module in order))


def install(folder, tree, names):
    """Put the modules *names* and what they need where modprobe finds them in root directory *tree*."""
    home = tree / "lib/modules" / version(folder)
    source = folder / "lib/modules" / version(folder)
    for module in _needed(folder, names):
        target = home / module.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(module, target)
    for index in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(source / index, home)
    run("depmod", "-b", tree, version(folder))


def _needed(folder, names):
    if not (folder / "lib/modules" / version(folder) / "modules.dep.bin").exists():
        run("depmod", "-b", folder, version(folder))
    shown = [run("modprobe", "-d", folder, "-S", version(folder), "--show-depends", name) for name in names]
    words = [line.split() for text in shown for line in text.splitlines()]
    return list(dict.fromkeys(folder / word[1].removeprefix(f"{folder}/") for word in words if word[0] == "insmod"))


def _copy(module, target):
    run("strip", "--strip-debug", "-o", target, module)
