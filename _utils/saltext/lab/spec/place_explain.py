"""Why a VM is where it is, and not elsewhere.  Pure."""

from typing import NamedTuple

from saltext.lab.spec import demand
from saltext.lab.spec.rooms import Rooms
from saltext.lab.spec.standing import NOTHING


class Reason(NamedTuple):
    """What is to be said of one host."""

    host: str
    state: str  #: chosen, possible or against
    why: str
    memory_mib: int | None  #: what it has left beside the VM, None where it states no capacity
    vcpus: int | None


def explain(lab, name):
    """
    Return a ``Reason`` for each host of the ``Settled`` *lab*: where VM *name* is, where it could be, and the others.

    All other VMs are taken to be where they are.  A VM for which there is no place is none too.
    """
    vms = lab.unplaced | lab.vms
    rooms = Rooms(lab, lab.standing.off, lab.resting)
    loose = lab.model_copy(update={"vms": vms | {name: vms[name].model_copy(update={"host": None})}})
    wished = demand.of(loose, NOTHING)
    for other, vm in lab.vms.items():
        if other != name:
            rooms.take(wished[other], vm.host)
    chosen = lab.vms[name].host if name in lab.vms else None
    found = [_reason(rooms, wished[name], host, lab.why[name] if host == chosen else None) for host in lab.hosts]
    return sorted(found, key=lambda reason: (STATES.index(reason.state), -(reason.memory_mib or 0), reason.host))


STATES = ("chosen", "possible", "against")


def _reason(rooms, one, host, why):
    left = rooms.memory.get(host), rooms.vcpus.get(host)
    against = rooms.against(one, host)
    if why:
        return Reason(host, "chosen", f"{why}; {against.one}" if against else why, *left)
    return Reason(host, "against", against.one, *left) if against else Reason(host, "possible", "", *left)
