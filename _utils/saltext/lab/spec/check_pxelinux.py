"""The mistakes in what a spec says of PXELINUX.  Pure."""

from fnmatch import fnmatchcase

from saltext.lab.spec.netboot_facts import PXELINUX, machines, reserved
from saltext.lab.spec.pxelinux import blocks, macs, own


def owns(lab):
    """Yield machines that shall load PXELINUX and cannot."""
    for one in own(lab):
        at = f"{one.at}:loader pxelinux"
        if one.firmware not in (None, "bios"):
            yield f"{at} runs on a BIOS alone, and its `firmware` is {one.firmware}: leave one of them out"
        if one.boot not in ("ram", "local"):
            yield f"{at} knows `boot` ram and local alone: state one of these, or `loader` ipxe"
        if lab.networks[one.network].netboot and not reserved(lab, one.network):
            yield f"{at} is not told beside another server: leave out `proxy` of lab:networks:{one.network}:dhcp"


def of_blocks(lab):
    """Yield blocks that shall load PXELINUX and cannot, and machines that would and shall not."""
    for name, block in blocks(lab).items():
        if lab.classes[block.class_].firmware != "bios":
            yield f"lab:classes:{block.class_}:loader pxelinux runs on a BIOS alone: leave it out, or `firmware`"
        if not block.range:
            yield f"lab:blocks:{name} loads PXELINUX, which knows it by its addresses: state its `range`"
        for one in machines(lab):
            if one.loader != PXELINUX and fnmatchcase(one.mac, block.mac):
                yield f"{one.at}:loader ipxe has no use within lab:blocks:{name}: state pxelinux, or another MAC"


def verified(lab):
    """Yield the wish to verify what PXELINUX loads."""
    if lab.netboot and lab.netboot.verify and macs(lab):
        yield "lab:netboot:verify has GRUB refuse kernels, and PXELINUX does not: leave it out, or `loader` pxelinux"


RULES = (owns, of_blocks, verified)
