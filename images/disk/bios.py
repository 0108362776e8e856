"""
GRUB for BIOS: ``boot.img`` in the first sector loads the first sector of ``core.img``, which loads the rest of it.

Where that is stands in both as grub-install writes it: ``GRUB_BOOT_MACHINE_KERNEL_SECTOR`` and the list of blocks at
the end of ``diskboot.img`` (include/grub/i386/pc/boot.h and grub-core/boot/i386/pc/diskboot.S of GRUB 2.06).
"""

import struct
from pathlib import Path

from images.disk import grub, layout

BOOT = Path("/usr/lib/grub/i386-pc/boot.img")
CODE = 440  #: bytes of the first sector before the disk's signature and the table of partitions
KERNEL_SECTOR = 0x5C
DRIVE_CHECK = 0x66  #: two bytes that grub-install makes no operation on a hard disk, for BIOSes that tell no drive
BLOCK_LIST = layout.SECTOR - 12  #: the first entry: sector, how many, segment


def make(disk, workshop):
    """Put GRUB for BIOS on the file *disk*."""
    core = workshop / "core.img"
    grub.make(core, "i386-pc", workshop, ("biosdisk",))
    with disk.open("r+b") as file:
        file.write(first(BOOT.read_bytes()))
        file.seek(layout.BIOS * layout.SECTOR)
        file.write(listed(core.read_bytes()))


def first(boot):
    """Return the code of the first sector, made of *boot*, which is ``boot.img``."""
    code = bytearray(boot[:CODE])
    struct.pack_into("<Q", code, KERNEL_SECTOR, layout.BIOS)
    code[DRIVE_CHECK : DRIVE_CHECK + 2] = b"\x90\x90"
    return bytes(code)


def listed(core):
    """Return *core*, which is ``core.img``, with the place of all but its first sector in it."""
    placed = bytearray(core)
    struct.pack_into("<Q", placed, BLOCK_LIST, layout.BIOS + 1)
    return bytes(placed)
