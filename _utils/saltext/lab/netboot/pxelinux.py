"""
What PXELINUX is told to do, for machines that iPXE does not run on: files below ``pxelinux.cfg``.  Pure.

Their names and words are those of https://wiki.syslinux.org/wiki/index.php?title=PXELINUX and ``syslinux.txt``.
"""

import ipaddress

from saltext.lab.netboot import ipxe

PACKAGES = ["pxelinux", "syslinux-common"]  #: Debian's: ``lpxelinux.0``, and the ``ldlinux.c32`` that it loads
LOADER = "lpxelinux.0"  #: unlike ``pxelinux.0`` it loads by HTTP
DEFAULT = "default"  #: the file that is asked for last
#: Speak on the first serial port too, which has to come first; where a file cannot be loaded, try again in 120 s.
HEAD = ("SERIAL 0 115200", "DEFAULT lab", "PROMPT 0", "TIMEOUT 1200", "LABEL lab")
LOCAL = "LOCALBOOT 0"  #: the next device of the BIOS
ETHERNET = "01"  #: the type of the card's address, as ARP has it
#: To the command line come ``ip=ADDRESS:SERVER:ROUTER:MASK`` and ``BOOTIF=01-MAC``, which images/ram/init knows.
OWN = "SYSAPPEND 3"


def file(mac):
    """Return the name of the file of the machine with *mac*, which it asks for first."""
    return f"{ETHERNET}-{mac.lower().replace(':', '-')}"


def files(first, last):
    """
    Return the names of the file for all machines with an address from *first* to *last*, both ``IPv4Address``.

    PXELINUX asks for its address in capital hex, then for ever less of it: a /24 has one name, a /22 four.
    """
    parts = [part for network in ipaddress.summarize_address_range(first, last) for part in _digits(network)]
    return [f"{int(part.network_address):08X}"[: part.prefixlen // 4] for part in parts]


def local():
    """Return the file of a machine that boots its own disk."""
    return _text(LOCAL)


def ram(boots):
    """
    Return the file of a machine that boots the current version of what *boots*, an ``ipxe.Ram``.

    Where a word of it is for iPXE to complete, PXELINUX says who the machine is.  Nothing counts how often it tried.
    """
    if not boots.versions:
        return local()
    path, roots = boots._replace(told=False).plain(0)
    known = [word for word in boots.words if "${" not in word]
    at = f"http://{boots.site}{path}"
    own = [] if known == boots.words else [OWN]
    return _text(f"LINUX {at}/vmlinuz", f"INITRD {at}/{ipxe.INITRD}", f"APPEND {' '.join([*known, *roots])}", *own)


def _digits(network):
    """Return *network* as networks that end at a digit of their hex."""
    return network.subnets(new_prefix=-(-network.prefixlen // 4) * 4)


def _text(*lines):
    return "\n".join([*HEAD, *(f"  {line}" for line in lines), ""])
