"""
What PXELINUX is told to do, for machines that iPXE does not run on: files below ``pxelinux.cfg``.  Pure.

Their names and words are those of https://wiki.syslinux.org/wiki/index.php?title=PXELINUX and ``syslinux.txt``.
"""

import ipaddress

LOCAL = "LOCALBOOT 0"  #: the next device of the BIOS
ETHERNET = "01"  #: the type of the card's address, as ARP has it


def file(mac):
    """Return the name of the file of the machine with *mac*, which it asks for first."""
    return f"{ETHERNET}-{mac.lower().replace(':', '-')}"


def files(network):
    """
    Return the names of the file for all machines with an address in *network*, such as ``10.77.0.0/24``.

    PXELINUX asks for its address in capital hex, then for ever less of it: a /22 has four names.
    """
    network = ipaddress.IPv4Network(network)
    length = -(-network.prefixlen // 4) * 4
    return [f"{int(part.network_address):08X}"[: length // 4] for part in network.subnets(new_prefix=length)]


def local():
    """Return the file of a machine that boots its own disk."""
    return _text("lab", LOCAL)


def ram(image, cmdline):
    """Return the file of a machine that boots *image*, a path below the TFTP root, with the command line *cmdline*."""
    return _text("lab", f"KERNEL /{image}/vmlinuz", f"INITRD /{image}/initrd.img", f"APPEND {cmdline}")


def _text(label, *lines):
    return "\n".join([f"DEFAULT {label}", "PROMPT 0", f"LABEL {label}", *(f"  {line}" for line in lines), ""])
