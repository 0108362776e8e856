"""Questions about who boots what and from whom, for the check and the compilation.  Pure."""

import hashlib
import ipaddress
from typing import NamedTuple

from saltext.lab.spec import blocks, derive, facts
from saltext.lab.spec.netboot_model import Install

INSTALLER = "installer"  #: the image that installs others
ONCE = "install-once"
PXELINUX = "pxelinux"


class Machine(NamedTuple):
    """A machine that the lab names, by the card that it boots from."""

    name: str
    at: str  #: its pillar path
    of: str  #: which master is its own: physical or virtual
    place: str  #: network+number
    mac: str
    boot: str | None
    image: str | None
    overlays: tuple[str, ...]
    install: Install | None
    firmware: str | None  #: of a VM
    loader: str

    @property
    def network(self):
        """The network of that card."""
        return self.place.split("+")[0]


def servers(lab):
    """Return ``{"dhcp", "tftp", "http": host}``, or nothing for a lab that serves none."""
    wish = lab.netboot
    return {"dhcp": wish.dhcp, "tftp": wish.tftp or wish.dhcp, "http": wish.http or wish.dhcp} if wish else {}


def networks(lab, kind):
    """Return the networks with *kind*, ``dhcp`` or ``netboot``, sorted: another order would restart their servers."""
    return sorted(name for name, network in lab.networks.items() if getattr(network, kind))


def reserved(lab, network):
    """Return whether ours is the server that gives the addresses in *network*."""
    return bool((dhcp := lab.networks[network].dhcp) and not dhcp.proxy)


def machines(lab):
    """Return every ``Machine`` that the lab names, in its order."""
    brought = [_numbered(lab, one) for one in blocks.numbered(lab, "machine")]
    return [_host(lab, name) for name in lab.hosts] + [_vm(lab, name) for name in facts.addressed(lab)] + brought


def installed(lab):
    """Return the machines that are installed once."""
    return [one for one in machines(lab) if one.boot == ONCE]


def images_of(machine):
    """Return the images that *machine* is served."""
    return {"ram": [machine.image], ONCE: [machine.image, INSTALLER]}.get(machine.boot, [])


def images(lab):
    """Return the names of all images that the lab may use."""
    return [*lab.images, *([INSTALLER] if installed(lab) else [])]


def _host(lab, name):
    host = lab.hosts[name]
    over = _over(lab, host)
    told = (host.address, host.mac, host.boot, host.image, over, host.install, None, host.loader)
    return Machine(name, f"lab:hosts:{name}", "physical", *told)


def _vm(lab, name):
    vm, place = lab.vms[name], facts.vm_place(lab, name)
    kind, mac = lab.classes[vm.class_], facts.vm_mac(lab, name, place.split("+")[0])
    boot, install = vm.boot or kind.boot, vm.install or kind.install
    firmware, loader = vm.firmware or kind.firmware, vm.loader or kind.loader
    told = (place, mac, boot, kind.image, _over(lab, kind, vm), install, firmware, loader)
    return Machine(name, f"lab:vms:{name}", "virtual", *told)


def _numbered(lab, one):
    kind = lab.classes[lab.blocks[one.block].class_]
    told = (one.place, one.mac, lab.blocks[one.block].boot or kind.boot, kind.image, _over(lab, kind), kind.install)
    return Machine(one.name, one.path, "virtual", *told, None, kind.loader)


def _over(lab, *of):
    """Return the overlays of a machine in the order in which they are laid: everybody's, then those of each of *of*."""
    return tuple(name for one in (lab.netboot, *of) if one for name in one.overlays)


def class_overlays(lab, name):
    """Return the overlays of a machine of class *name* that the lab does not name."""
    return _over(lab, lab.classes[name])


def overlays(lab):
    """Return the names of all overlays."""
    every = (lab.netboot, *lab.classes.values(), *lab.hosts.values(), *lab.vms.values())
    return sorted({name for one in every if one for name in one.overlays})


def numbers(lab, network, text):
    """Return the first and the last address of *text*, such as ``100-199``, in *network*; None for no text."""
    if text is None:
        return None
    first, last = (derive.address(lab.networks, f"{network}+{number}")[1].ip for number in text.split("-"))
    return first, last


def block_range(lab, name):
    """Return the addresses of block *name*, as ``numbers`` does."""
    return numbers(lab, lab.blocks[name].network, lab.blocks[name].range)


def ranges(lab):
    """Yield ``(pillar path, network, text)`` of every range of addresses."""
    for name in networks(lab, "dhcp"):
        if lab.networks[name].dhcp.range:
            yield f"lab:networks:{name}:dhcp:range", name, lab.networks[name].dhcp.range
    for name, block in blocks.patterns(lab).items():
        if block.range:
            yield f"lab:blocks:{name}:range", block.network, block.range


def prefix(lab, network):
    """Return the server's ``IPv6Interface`` in *network*: a unique local one (RFC 4193) that follows from the names."""
    digest = hashlib.sha256(f"{lab.name}/prefix/{network}".encode()).digest()
    return ipaddress.IPv6Interface((b"\xfd" + digest[:7] + bytes(7) + b"\x01", 64))


def address(lab, host, network):
    """Return *host*'s address in *network*, or None."""
    found = facts.address_in(lab, host, network)
    return found.ip if found else None
