"""The physical machines of a lab that a person lets in.  Pure."""

from typing import NamedTuple

from saltext.lab.spec import blocks


class Entrant(NamedTuple):
    """A physical machine that a person lets in: a host, or one of a block."""

    of: str  #: which master is its own: physical or virtual
    mac: str
    uuid: str | None
    place: str
    boot: str | None


def of(lab):
    """Return ``{name: Entrant}``."""
    hosts = {name: Entrant("physical", one.mac, one.uuid, one.address, one.boot) for name, one in lab.hosts.items()}
    return hosts | {name: _of_block(lab, one) for name, one in blocks.machines(lab).items()}


def _of_block(lab, one):
    block = lab.blocks[one.block]
    return Entrant("virtual", one.mac, None, one.place, block.boot or lab.classes[block.class_].boot)
