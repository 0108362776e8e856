"""Who loads PXELINUX, and what that is told.  Pure."""

from saltext.lab.netboot import pxelinux
from saltext.lab.spec import blocks as numbered
from saltext.lab.spec import boot_scripts
from saltext.lab.spec.netboot_facts import PXELINUX, block_range, machines


def macs(lab):
    """Return the MACs of those who load PXELINUX: of machines, and the patterns of blocks."""
    return sorted(one.mac for one in own(lab)) + [block.mac for block in blocks(lab).values()]


def files(lab, stock):
    """Return ``{file: text}`` below ``pxelinux.cfg``; one that finds no file of its own boots its disk."""
    found: dict = {}
    for name, block in blocks(lab).items():
        text = pxelinux.ram(boot_scripts.of_class(lab, block.network, stock, block.class_))
        found |= dict.fromkeys(pxelinux.files(*block_range(lab, name)), text)
    found |= {pxelinux.file(one.mac): _own(lab, stock, one) for one in own(lab)}
    return found | {pxelinux.DEFAULT: pxelinux.local()} if found else {}


def _own(lab, stock, one):
    return pxelinux.ram(boot_scripts.of_machine(lab, stock, one)) if one.boot == "ram" else pxelinux.local()


def own(lab):
    """Return each ``Machine`` that loads PXELINUX."""
    return [one for one in machines(lab) if one.loader == PXELINUX]


def blocks(lab):
    """Return the blocks whose machines load PXELINUX."""
    return {
        name: block for name, block in numbered.patterns(lab).items() if lab.classes[block.class_].loader == PXELINUX
    }
