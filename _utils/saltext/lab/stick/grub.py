"""
GRUB for a stick that every PC boots: the text that it is told, and its two cores for BIOS and UEFI.

What it is told is inside the cores, so that there is nothing to find and nothing to choose but the stick itself.
"""

import os

from saltext.lab.command import run

DISK = ("part_msdos", "part_gpt", "iso9660", "search", "search_fs_file")
BOOTS = ("linux", "boot", "echo", "minicmd", "normal", "terminal", "serial")
MODULES = {
    "i386-pc-eltorito": ("biosdisk", *DISK, *BOOTS),
    # Without a video driver the kernel has no console on a machine without a serial port.
    "x86_64-efi": ("efi_gop", "efi_uga", "all_video", *DISK, *BOOTS),
}
#: The card is called eth0 on any machine; the last console is the one that init speaks on.
WORDS = "net.ifnames=0 quiet console=tty0 console=ttyS0,115200"


def config(mark):
    """
    Return what GRUB is told on the stick that has the file *mark*.

    It has the firmware read all that is ever needed into memory, the kernel and two initramfs.
    """
    return (
        f"search --file --set=root {mark}\n"
        "serial --unit=0 --speed=115200\n"
        "terminal_output console serial\n"
        'echo "lab: reading the stick into memory"\n'
        f"linux /boot/vmlinuz {WORDS}\n"
        "initrd /boot/initrd.img /boot/lab.img\n"
        "boot\n"
    )


def core(kind, text, file):
    """Make *file*, the core of GRUB of *kind*, a key of ``MODULES``, which does what *text* says."""
    told = file.with_suffix(".cfg")
    told.write_text(text, encoding="utf-8")
    run("grub-mkimage", "-O", kind, "-o", file, "-p", "/boot", "-c", told, *MODULES[kind])


def esp(core, file, epoch):
    """Make *file*, a FAT file system that UEFI looks for, with *core* as what it boots."""
    os.utime(core, (int(epoch), int(epoch)))
    env = os.environ | {"SOURCE_DATE_EPOCH": epoch, "TZ": "UTC"}
    sectors = max(2880, core.stat().st_size // 512 + 512)
    run("mformat", "-i", file, "-C", "-T", sectors, "-h", 2, "-s", 18, "-N", "1ab51ab5", "::", env=env)
    run("mmd", "-i", file, "::/EFI", "::/EFI/BOOT", env=env)
    run("mcopy", "-m", "-i", file, core, "::/EFI/BOOT/BOOTX64.EFI", env=env)
