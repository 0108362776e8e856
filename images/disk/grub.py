"""GRUB for one firmware: its modules, and where it finds the rest."""

from images.disk import layout
from saltext.lab.command import run

MODULES = ("configfile", "echo", "ext2", "linux", "ls", "normal", "part_gpt", "search_fs_uuid", "test")


def make(file, platform, workshop, more=()):
    """Make *file*, the GRUB of *platform* such as ``i386-pc``; it goes on with ``/boot/grub/grub.cfg`` of the root."""
    config = workshop / "grub.cfg"
    config.write_text(f"search.fs_uuid {layout.IDS['fs']} root\nset prefix=($root)/boot/grub\n")
    run("grub-mkimage", "-O", platform, "-o", file, "-c", config, "-p", "/boot/grub", *MODULES, *more)
