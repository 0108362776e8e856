"""Write the stick of a lab: stage what is the lab's own, squash it, and make one file that any PC boots."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from saltext.lab.command import run
from saltext.lab.errors import BadWish, NotSafe
from saltext.lab.images import secret
from saltext.lab.images.squash import squash
from saltext.lab.netboot import nginx, shelf
from saltext.lab.netboot.versions import SERVED
from saltext.lab.spec.check import checked
from saltext.lab.stick import files, grub

EPOCH = "1748736000"  #: every stick is from 2025-06-01: the same lab makes the same stick
TREE = "srv/lab"  #: where a master has the suite
IMAGES, HTTP = shelf.ROOT.lstrip("/"), nginx.ROOT.lstrip("/")
SUITE = ("_*", "pillar", "salt", "seed")  #: what a master needs of it
BOOTS = ("vmlinuz", "initrd.img")


def write(file, spec, sls, tree, image):
    """
    Make the new *file*, the stick of the lab *spec* in the pillar SLS *sls*, and return its size in bytes.

    *tree* is the directory of the suite, *image* a function that returns the directory of an image by its name.
    Raises ``BadWish`` for a spec that no stick can start, ``NotSafe`` for a file that is there, or a secret.
    """
    file, lab = Path(file), checked(spec)
    minion = (tree / "salt/salt-minion/lab.conf.j2").read_text(encoding="utf-8")
    texts = files.texts(lab, sls, minion)
    own, common = {name: image(name) for name in files.images(lab)}, image("stick")
    _new(file)
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as work:
        disk = _room(Path(work) / "disk/boot")
        _pack(_stage(Path(work) / "lab", tree, texts, own), Path(work) / "lab.sqfs", disk / "lab.img")
        for name in BOOTS:
            os.symlink((common / name).resolve(), disk / name)
        _image(disk.parent, Path(work), Path(work) / "stick")
        os.link(Path(work) / "stick", file)  # fails where somebody has made it meanwhile
    return file.stat().st_size


def _new(file):
    if Path("/dev") in file.absolute().parents:
        raise NotSafe(f"{file} is where devices are", "", "name a new file, and bring it onto a stick with dd")
    if file.exists() or file.is_symlink():
        raise NotSafe(f"{file} is there already", "", "name a new file, and bring it onto a stick with dd")
    if not file.parent.is_dir():
        raise BadWish(f"there is no directory {file.parent}", "", "make it, or name another file")


def _stage(stage, tree, texts, own):
    """Return *stage*, filled with what lies over the root."""
    for part in (part for pattern in SUITE for part in sorted(tree.glob(pattern)) if part.is_dir()):
        _copy(part, stage / TREE / part.name)
    for name, folder in own.items():
        _room(stage / IMAGES / name)
        for file in ("manifest.json", *SERVED):
            shutil.copy(folder / file, stage / IMAGES / name)
    _serve(stage, shelf.read(own, (), stage / IMAGES).images)
    for path, text in texts.items():
        _room((stage / path).parent)
        (stage / path).write_text(text, encoding="utf-8")
    return stage


def _serve(stage, versions):
    """Put *versions* where the formula netboot would copy them, so that they are in memory once."""
    for name, (one,) in versions.items():
        folder = _room(stage / HTTP / "images" / name / one.id)
        for file in one.sha256:
            os.link(stage / IMAGES / name / file, folder / file)


def _copy(source, target):
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))


def _pack(stage, file, target):
    """Make *target*, an initramfs with nothing but *file* in it, which is *stage* as a squashfs."""
    names = [str(path.relative_to(stage)) for path in stage.rglob("*") if not path.is_dir()]
    if found := secret.among(stage, names):
        told = ", ".join(f"{name}: {what}" for name, what in found.items())
        raise NotSafe("secrets would be on the stick", told, "take them out of the suite's directory")
    for path in (stage, *stage.rglob("*")):
        if not path.is_symlink():  # whatever the umask of whoever checked it out
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    squash(stage, file, EPOCH)
    os.utime(file, (int(EPOCH), int(EPOCH)))
    # GRUB 2.06 could wrap it itself (`initrd newc:NAME:FILE`), but the kernel says of that: name without nulterm.
    pack = ("cpio", "--quiet", "-o", "-H", "newc", "--reproducible", "-R", "0:0", "-D", file.parent, "-O", target)
    run(*pack, stdin=f"{file.name}\n", timeout=120)


def _image(disk, work, target):
    """Make *target* of directory *disk*: what BIOS finds in its first sector, and UEFI in its second partition."""
    mark = _digest(disk / "boot/lab.img")[:16]
    (disk / "boot" / mark).touch()
    text = grub.config(f"/boot/{mark}")
    grub.core("i386-pc-eltorito", text, disk / "boot/bios.img")
    grub.core("x86_64-efi", text, work / "uefi.efi")
    grub.esp(work / "uefi.efi", disk / "boot/efi.img", EPOCH)
    bios = ("-b", "boot/bios.img", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info")
    efi = ("--efi-boot", "boot/efi.img", "-efi-boot-part", "--efi-boot-image", "--protective-msdos-label")
    run(
        *("xorriso", "-as", "mkisofs", "-quiet", "-follow-links", "-r", "-iso-level", "3", "-V", "SALTEXT-LAB"),
        *("--set_all_file_dates", f"={EPOCH}"),
        *("--grub2-mbr", "/usr/lib/grub/i386-pc/boot_hybrid.img", *bios, *efi, "-o", target, disk),
        env=os.environ | {"SOURCE_DATE_EPOCH": EPOCH},
        timeout=600,
    )


def _digest(file):
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _room(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder
