"""The mistakes in what a spec says of the disks of hosts: RAIDs, OSDs, and what is installed on.  Pure."""

from itertools import combinations

KEYS = ("serial", "wwn", "path")
LEAST = {0: 2, 1: 2, 5: 3, 6: 4, 10: 4}  #: legs, by level: md(4)


def legs(lab):
    """Yield RAIDs with too few legs, or two of them on one disk, and legs that are in two RAIDs."""
    for name, host in lab.hosts.items():
        its = []
        for raid, wish in host.raids.items():
            at = f"lab:hosts:{name}:raids:{raid}"
            if len(wish.legs) < LEAST[wish.level]:
                yield f"{at}:level {wish.level} needs {LEAST[wish.level]} legs or more: add some, or choose another"
            for (number, first), (other, second) in combinations(enumerate(wish.legs), 2):
                if first.serial == second.serial:
                    disk = f"is on the disk {second.serial} of leg {number}"
                    yield f"{at}:legs:{other} {disk}: with it both would be gone, choose another disk"
            its += [(f"{at}:legs:{number}", leg) for number, leg in enumerate(wish.legs)]
        for (path, first), (another, second) in combinations(its, 2):
            if path.rpartition(":legs:")[0] != another.rpartition(":legs:")[0] and _meet(first, second):
                yield f"{another} is on what {path} is on ({second.serial}): choose another disk or partition"


def _meet(one, other):
    whole = one.partition is None or other.partition is None
    return one.serial == other.serial and (whole or one.partition == other.partition)


def osds(lab):
    """Yield disks that are given to two OSDs, in one host or in two: a serial number or WWN is that of one disk."""
    seen: dict = {}
    for name, host in lab.hosts.items():
        for number, osd in enumerate(host.osds):
            path, of = f"lab:hosts:{name}:osds:{number}", _disk(osd)
            known = (name, *of) if of[0] == "path" else of
            if seen.setdefault(known, path) != path:
                yield f"{path} is the disk of {seen[known]} ({of[1]}): state each disk once"


def taken(lab):
    """Yield OSDs on a disk that a RAID has, and disks of either that are erased to install the host."""
    for name, host in lab.hosts.items():
        its = {leg.serial: raid for raid, wish in host.raids.items() for leg in wish.legs}
        given = [_disk(osd) for osd in host.osds]
        for number, (key, disk) in enumerate(given):
            if key == "serial" and disk in its:
                at = f"lab:hosts:{name}:osds:{number}"
                yield f"{at} has the disk {disk}, of which lab:hosts:{name}:raids:{its[disk]} is made: choose another"
        if host.install:
            key, disk = next((key, value) for key in (*KEYS, "name") if (value := getattr(host.install, key, None)))
            if (key, disk) in given or (key == "serial" and disk in its):
                yield f"lab:hosts:{name}:install:{key} {disk} is erased, and an OSD or RAID is on it: choose another"


def unused(lab):
    """Yield hosts that give disks to a Ceph cluster that there is not."""
    for name, host in lab.hosts.items():
        if host.osds and not lab.ceph:
            yield f"lab:hosts:{name}:osds is for a Ceph cluster: describe it in lab:ceph, or leave them out"


def _disk(osd):
    return next((key, value) for key in KEYS if (value := getattr(osd, key)))


RULES = (legs, osds, taken, unused)
WHOLE = (unused,)
