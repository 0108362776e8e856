"""GRUB for UEFI: the file that firmware boots from a disk it knows nothing of, in a FAT."""

import os

from images.disk import grub, layout
from images.root import EPOCH
from saltext.lab.command import run

SERIAL = "6c616221"  #: of the FAT


def make(disk, workshop):
    """Put GRUB for UEFI into the partition for it in the file *disk*."""
    grub.make(workshop / "BOOTX64.EFI", "x86_64-efi", workshop, ("fat", "efi_gop", "efi_uga"))
    fat, env = f"{disk}@@{layout.ESP * layout.SECTOR}", os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    sectors = layout.ROOT - layout.ESP
    run("mformat", "-i", fat, "-F", "-T", sectors, "-h", 16, "-s", 32, "-N", SERIAL, "-H", layout.ESP, "::", env=env)
    run("mmd", "-i", fat, "::/EFI", "::/EFI/BOOT", env=env)
    run("mcopy", "-i", fat, workshop / "BOOTX64.EFI", "::/EFI/BOOT/BOOTX64.EFI", env=env)
