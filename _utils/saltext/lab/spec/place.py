"""
On which hypervisor each VM runs.  Pure.

Those that state a host are there, and so are those whose disks are on one hypervisor alone.  Who stood somewhere that
is still possible stays.  The others come one by one, by rank, to where most memory is left; where none fits, room is
made by moving as few as possible.  See docs/placement.md.
"""

from collections import Counter, defaultdict
from typing import NamedTuple

from saltext.lab.spec import demand
from saltext.lab.spec.place_repair import make_room
from saltext.lab.spec.rooms import NO_HYPERVISOR, ZONE, Rooms

ENOUGH = 10  #: times that room was made in vain until none is made any more: the spec has to change anyway
ELSEWHERE = "give one of them another host"


class Placement(NamedTuple):
    """Where VMs are, for whom there is no place, and what is wrong with it."""

    vms: dict  #: ``{name: Vm}`` of those that have a host
    why: dict[str, str]
    unplaced: dict
    mistakes: list[str]


def placed(lab, standing, resting=frozenset()):
    """
    Return the ``Placement`` of the VMs of *lab*, the same whatever its order.

    *standing* is where they were; hosts in *resting* are off.
    """
    rooms, where, lost = spread(lab, standing, resting)
    vms = {name: _at(vm, where[name]) for name, vm in lab.vms.items() if name in where}
    why = {name: _why(lab.vms[name], rooms.on[host][name], host) for name, host in where.items()}
    mistakes = [*_overfull(rooms), *_crowded(lab, rooms), *(_nowhere(rooms, one) for one in lost)]
    return Placement(vms, why, {one.name: lab.vms[one.name] for one in lost}, mistakes)


def spread(lab, standing, resting=frozenset()):
    """Return ``(Rooms, {VM: host}, [Demand, …])``: how full all is, who is where, and for whom there is no room."""
    rooms, wished = Rooms(lab, standing.off, resting), demand.of(lab, standing)
    where = {name: one.fixed for name, one in wished.items() if one.fixed in lab.hosts}
    for name, host in where.items():
        rooms.take(wished[name], host)
    astray = [one for one in wished.values() if one.fixed and one.name not in where]
    free = [one for one in wished.values() if not one.fixed]
    for one in free:
        if one.stands in lab.hosts and not rooms.against(one, one.stands):
            _put(rooms, where, one, one.stands)
    return rooms, where, astray + _bring(rooms, where, [one for one in free if one.name not in where])


def _bring(rooms, where, waiting):
    """Bring those *waiting* to their places, and return those for whom there is none."""
    lost, vain, waiting = [], 0, list(waiting)
    while waiting:
        one = waiting.pop(0)
        host = rooms.best(one)
        if host is None and vain < ENOUGH:
            host, out = make_room(rooms, where, one)
            vain += host is None or bool(out)
            waiting = sorted([*waiting, *out], key=lambda other: other.rank)
        if host is None:
            lost.append(one)
        else:
            _put(rooms, where, one, host)
    return lost


def _put(rooms, where, one, host):
    rooms.take(one, host)
    where[one.name] = host


def _at(vm, host):
    return vm if vm.host == host else vm.model_copy(update={"host": host})


def _why(vm, one, host):
    if one.fixed:
        return "it is stated" if vm.host else "its disks are there"
    return "it was there before" if one.stands == host else "most memory was left there"


def _overfull(rooms):
    """Yield hosts that promise more than they have: only to those that cannot be elsewhere."""
    for what, left, unit in (("memory_mib", rooms.memory, "MiB"), ("vcpus", rooms.vcpus, "processors")):
        for host in sorted(host for host in left if left[host] < 0):
            who = ", ".join(sorted(rooms.on[host]))
            yield (
                f"lab:hosts:{host}:capacity:{what} is promised to VMs that cannot be elsewhere ({who}), and"
                f" {-left[host]} {unit} are missing: {ELSEWHERE}, or less"
            )


def _crowded(lab, rooms):
    """Yield VMs that state a host where they may not be."""
    for host, its in sorted(rooms.on.items()):
        together = defaultdict(list)
        for name, one in sorted(its.items()):
            together[one.apart].append(name)
            if host in rooms.resting:
                yield f"lab:vms:{name}:host {host} rests in the active profile: have {name} rest too, or `place` it"
            if one.zones and lab.hosts[host].zone not in one.zones:
                yield f"lab:vms:{name}:host {host} {ZONE.one} than {', '.join(one.zones)}: give it another host"
        for word, names in together.items():
            if word and len(names) > 1:
                one, other = names[:2]
                yield f"lab:vms:{other}:host {host} has {one}, `apart` by the same word {word}: {ELSEWHERE}"


def _nowhere(rooms, one):
    at = f"lab:vms:{one.name}"
    if one.fixed:
        return f"{at} has disks on {one.fixed}, which is no host any more: state a `host` to have it made anew there"
    found = Counter(rooms.against(one, host) for host in rooms.lab.hosts)
    del found[NO_HYPERVISOR]
    told = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    why = ", ".join(_counted(number, against) for against, number in told)
    return f"{at} cannot be placed: {why or 'there is no hypervisor'}: state its `host`, or add capacity"


def _counted(number, against):
    return f"1 host {against.one}" if number == 1 else f"{number} hosts {against.many}"
