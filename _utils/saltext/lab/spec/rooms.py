"""How full the hypervisors are while VMs are placed, and what speaks against one.  Pure but for its own sums."""

from collections import Counter, defaultdict
from typing import NamedTuple

from saltext.lab.spec import demand, facts


class Against(NamedTuple):
    """Why a VM is not on a host: said of one host, and of several."""

    one: str
    many: str


NO_HYPERVISOR = Against("is no hypervisor", "are no hypervisors")
NO_CAPACITY = Against("states no capacity", "state no capacity")
OFF = Against("is off", "are off")
ZONE = Against("is in another zone", "are in another zone")
MASTER = Against("is its master, which it would not reach", "are its master, which it would not reach")
APART = Against("has a VM that it is kept apart from", "have a VM that it is kept apart from")
MEMORY = Against("lacks memory", "lack memory")
VCPUS = Against("lacks processors", "lack processors")
KEPT = Against("keeps the rest for production", "keep the rest for production")


class Rooms:
    """
    The hypervisors of *lab* and who is on each: ``on``, VMs by name.

    Hosts in *off* are off for now, those in *resting* as long as the active profile says.
    """

    def __init__(self, lab, off, resting):
        self.lab, self.off, self.resting = lab, {*off, *resting}, resting
        limits = {name: _limits(host.capacity) for name, host in lab.hosts.items() if host.capacity}
        self.memory = {name: limits[name][0] for name in limits}  #: what is left, MiB
        self.vcpus = {name: limits[name][1] for name in limits}
        self.on: dict = defaultdict(dict)
        self.words: Counter = Counter()  #: VMs by host and the word that keeps them apart
        self.open = {name for name in lab.hosts if self._ever(name) is None}
        self.spare = sum(self.memory[name] for name in self.open) - demand.kept(lab)
        self._asked: dict = {}

    def take(self, one, host):
        """Put *one*, a ``Demand``, on *host*, whether there is room or not."""
        self._count(one, host, 1)
        self.on[host][one.name] = one

    def give(self, one, host):
        """Take it away again."""
        self._count(one, host, -1)
        del self.on[host][one.name]

    def ever(self, one):
        """Return ``{host: what speaks against it for one, however empty it is; or None}``."""
        key = one.networks, one.zones
        if key not in self._asked:
            self._asked[key] = {host: self._ever(host) or self._never(one, host) for host in self.lab.hosts}
        return self._asked[key]

    def now(self, one, host):
        """Return what speaks against *host*, where *one* could be if it were empty; or None."""
        if one.apart and self.words[host, one.apart]:
            return APART
        if one.memory > self.memory[host]:
            return MEMORY
        if one.vcpus > self.vcpus[host]:
            return VCPUS
        return KEPT if one.experimental and one.memory > self.spare else None

    def against(self, one, host):
        """Return what speaks against *host* for *one* as things are, or None."""
        return self.ever(one)[host] or self.now(one, host)

    def best(self, one, but=None):
        """Return the host for *one*: that with most memory left, of those alike the first by name; or None."""
        roomy = [(-left, host) for host, left in self.memory.items() if left >= one.memory and host != but]
        free = [(left, host) for left, host in roomy if self.against(one, host) is None]
        return min(free)[1] if free else None

    def _count(self, one, host, sign):
        if host in self.memory:
            self.memory[host] -= sign * one.memory
            self.vcpus[host] -= sign * one.vcpus
            self.spare -= sign * one.memory * (host in self.open)
        if one.apart:
            self.words[host, one.apart] += sign

    def _ever(self, host):
        if "hypervisor" not in self.lab.hosts[host].roles:
            return NO_HYPERVISOR
        if self.lab.hosts[host].capacity is None:
            return NO_CAPACITY
        return OFF if host in self.off else None

    def _never(self, one, host):
        if one.zones and self.lab.hosts[host].zone not in one.zones:
            return ZONE
        first = one.networks[:1]
        if host == self.lab.masters.virtual and any(self.lab.networks[name].attach == "macvtap" for name in first):
            return MASTER
        lost = [network for network in one.networks if not facts.reaches(self.lab, host, network)]
        return Against(f"has no way into {lost[0]}", f"have no way into {lost[0]}") if lost else None


def _limits(capacity):
    """Return memory (MiB) and processors that may be promised."""
    return int(capacity.memory_mib * capacity.memory_ratio), int(capacity.vcpus * capacity.vcpu_ratio)
