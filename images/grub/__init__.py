"""
The ``grub`` image: ``lab.0`` for BIOS and ``lab.efi`` for UEFI, a GRUB that loads only what this cache's key signed.

The key and ``grub.cfg``, which says what to load and what to do when a file is refused, are inside of both.  iPXE
starts them, because Debian's iPXE cannot verify what it loads.
"""

import io
import shutil
import tarfile
from pathlib import Path

from images import cache, sign
from saltext.lab.command import run

HERE = Path(__file__).parent
HOME = "/boot/grub"  # of grub.cfg inside; with none, GRUB looks for it where the firmware loaded GRUB from
MODULES = (
    *("memdisk", "tar", "normal", "test", "echo", "sleep", "reboot", "http", "loadenv", "linux"),
    *("pgp", "gcry_rsa", "gcry_sha256"),  # what a signature by images/sign.py needs
)
#: The format, and what this firmware needs besides: a way to its network card and to its console.
KINDS = {
    "lab.0": ("i386-pc-pxe", ("pxe", "serial", "terminal")),
    "lab.efi": ("x86_64-efi", ("efinet", "efi_gop")),
}


def make(image, workshop):
    """Make the image in directory *image*; *workshop* is for what is needed only meanwhile."""
    key, disk = image / sign.PUBLIC, workshop / "memdisk.tar"
    shutil.copy(cache.keys() / sign.PUBLIC, key)
    key.chmod(0o644)
    _pack(disk)
    for name, (kind, modules) in KINDS.items():
        run(
            *("grub-mkimage", "--format", kind, "--output", image / name, "--pubkey", key, "--memdisk", disk),
            *("--prefix", f"(memdisk){HOME}", "--disable-shim-lock", *MODULES, *modules),
        )


def _pack(disk):
    text = (HERE / "grub.cfg").read_bytes()
    with tarfile.open(disk, "w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo(f"{HOME}/grub.cfg")  # nobody's and from 1970: the same text makes the same archive
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
