"""What each VM needs of the hypervisor that it runs on.  Pure."""

from typing import NamedTuple

from saltext.lab.spec import facts

#: Types of pools that are the same pool on every hypervisor.
SHARED = ("rbd", "netfs")


class Demand(NamedTuple):
    """A VM as placement sees it."""

    name: str
    memory: int  #: MiB
    vcpus: int
    networks: tuple[str, ...]  #: of its cards; its master is in the first
    zones: tuple[str, ...]  #: none for all
    apart: str | None
    experimental: bool
    priority: int
    fixed: str | None  #: the host that it is on whatever else is there
    stands: str | None  #: the host where it was placed before

    @property
    def rank(self):
        """Who is placed first; of two alike, the bigger one, for which there are fewer places."""
        return self.experimental, self.priority, -self.memory, -self.vcpus, self.name


def of(lab, standing):
    """Return ``{VM: Demand}`` of *lab*, by rank."""
    experimental = {name for of in lab.clusters.values() if of.kind == "experimental" for name in of.vms}
    wished = [_of(lab, name, name in experimental, standing) for name in lab.vms]
    return {one.name: one for one in sorted(wished, key=lambda one: one.rank)}


def kept(lab):
    """Return the memory (MiB) that clusters of production reserve beyond what their VMs have."""
    return sum(
        max(0, (of.reserve_mib or 0) - sum(memory(lab, name) for name in of.vms if name in lab.vms))
        for of in lab.clusters.values()
        if of.kind == "production"
    )


def memory(lab, name):
    """Return the memory (MiB) of VM *name*; 0 of one that others made where nobody says."""
    return facts.of_vm(lab, name, "memory_mib") or 0


def local_disks(lab, name):
    """Return the disks of VM *name* that are on one hypervisor alone, sorted."""
    alone = {pool for host in lab.hosts.values() for pool in host.pools}
    alone |= {pool for pool, wish in lab.pools.items() if wish.type not in SHARED}
    return sorted(of for of, disk in facts.disks(lab, name).items() if disk.pool in alone)


def _of(lab, name, experimental, standing):
    vm = lab.vms[name]
    stands = standing.places.get(name)
    stays = stands if stands and local_disks(lab, name) else None
    return Demand(
        name,
        memory(lab, name),
        facts.of_vm(lab, name, "vcpus") or 0,
        tuple(facts.vm_nics(lab, vm)),
        tuple(facts.of_vm(lab, name, "zones") or ()),
        facts.of_vm(lab, name, "apart"),
        experimental,
        facts.priority(lab, name),
        vm.host or stays,
        stands,
    )
