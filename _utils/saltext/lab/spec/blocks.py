"""Numbered machines: what follows from their number.  Pure."""

from typing import NamedTuple

from saltext.lab.spec.block_model import formed, in_bytes
from saltext.lab.spec.machine_model import Vm


class Numbered(NamedTuple):
    """A machine of a block."""

    name: str
    block: str
    id: int
    mac: str
    place: str  #: network+number

    @property
    def network(self):
        """The network of its first card."""
        return self.place.split("+")[0]

    @property
    def path(self):
        """The pillar path of its number."""
        return f"lab:blocks:{self.block}:ids:{self.id}"


def patterns(lab):
    """Return ``{name: Block}`` of the blocks that know their machines by the beginning of their MACs alone, sorted."""
    return {name: block for name, block in sorted(lab.blocks.items()) if block.ids is None}


def numbered(lab, kind):
    """Return every ``Numbered`` of the blocks of *kind*, ``machine`` or ``vm``, in their order."""
    return [one for name, block in lab.blocks.items() if block.kind == kind for one in of(name, block)]


def machines(lab):
    """Return ``{name: Numbered}`` of those that somebody brings."""
    return {one.name: one for one in numbered(lab, "machine")}


def of(name, block):
    """Return every ``Numbered`` of *block*, which is called *name*, by their numbers."""
    return [one(name, block, number) for number in block.numbers()]


def one(name, block, number):
    """Return the ``Numbered`` of *block*, which is called *name*, with this *number*."""
    mac, place = in_bytes(block.mac, number), formed(block.address, number)
    return Numbered(formed(block.name, number), name, number, mac, place)


def expanded(lab):
    """
    Return *lab* with the VMs of its blocks among its ``vms``, and among those of their clusters.

    One that is stated in ``vms`` stays as it is.
    """
    its = numbered(lab, "vm")
    made = {one.name: vm(lab, one) for one in its if one.name not in lab.vms}
    if not its:
        return lab
    clusters = {name: _whole(cluster, its) for name, cluster in lab.clusters.items()}
    return lab.model_copy(update={"vms": lab.vms | made, "clusters": clusters})


def _whole(cluster, its):
    """Return *cluster* with those of *its* among its VMs whose blocks are named there."""
    names = [one.name for one in its if one.block in cluster.blocks]
    return cluster.model_copy(update={"vms": list(dict.fromkeys([*cluster.vms, *names]))})


def at(lab, name):
    """Return the pillar path at which VM *name* is stated: its own, or the numbers of its block."""
    made = (one.block for one in numbered(lab, "vm") if one.name == name and vm(lab, one).macs == lab.vms[name].macs)
    return next((f"lab:blocks:{block}:ids" for block in made), f"lab:vms:{name}")


def vm(lab, one):
    """Return the ``Vm`` that *one*, of a block of VMs, is."""
    block = lab.blocks[one.block]
    return Vm(
        **{"class": block.class_, "host": block.host, "boot": block.boot},
        **{"address": one.place, "macs": {one.network: one.mac}},
    )
