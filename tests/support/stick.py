"""Machines that have nothing: one that boots from a USB stick, and one that boots from its card, on one wire."""

import shutil

from tests.support.ram_guest import Console

START = 600  # seconds until the stick is a master; 3 minutes on two cores with nothing else to do
PROMPT = r"root@stick:~# "


class Machine(Console):
    """A machine on *wire*, with its card *nic* of kind *card*, and *devices* besides."""

    def __init__(self, wire, name, mac, memory, *devices, card="virtio-net-pci"):
        tap = f"tap,id=n0,ifname={wire.tap(f't-{name}')},script=no,downscript=no"
        super().__init__(
            [
                *("ip", "netns", "exec", wire.space, "qemu-system-x86_64", "-machine", "q35"),
                *("-nodefaults", "-display", "none"),
                *("-accel", "tcg", "-cpu", "qemu64,+rdrand", "-m", memory, "-no-reboot"),
                *("-chardev", "stdio,id=c0,mux=on", "-serial", "chardev:c0", "-mon", "chardev=c0"),
                *("-netdev", tap, "-device", f"{card},netdev=n0,mac={mac}", *devices),
            ]
        )

    def monitor(self, command):
        """Have QEMU itself do *command*."""
        self.type(f"\x01c{command}\n\x01c")

    def pull(self):
        """Pull the USB stick."""
        self.monitor("device_del stick")


def seed(wire, name, mac, file, uefi=None):
    """Return a ``Machine`` with the USB stick *file* in it; *uefi* is a file for its variables, instead of a BIOS."""
    drive = f"if=none,id=drive,format=raw,readonly=on,file={file}"
    usb = ("-device", "qemu-xhci", "-drive", drive, "-device", "usb-storage,id=stick,drive=drive,bootindex=1")
    return Machine(wire, name, mac, "2048", *usb, *_firmware(uefi), card="e1000e,romfile=")


def blank(wire, mac):
    """Return a ``Machine`` that has a card and nothing else."""
    return Machine(wire, "blank", mac, "640")


def _firmware(variables):
    if variables is None:
        return ()
    shutil.copy("/usr/share/OVMF/OVMF_VARS_4M.fd", variables)
    code = "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"
    return ("-drive", code, "-drive", f"if=pflash,format=raw,file={variables}")
