"""
One control group per rack and, below it, one per host: what is in it can be ended as a whole.

Without its own, ``systemd-nspawn --keep-unit`` puts every host into the same group ``payload``.  There a systemd finds
processes of other hosts in the groups of its units, and cannot even list them: "Failed to kill control group
/system.slice/same.service, ignoring: Input/output error", and what was to be stopped goes on.
"""

import os
import select
import time
from pathlib import Path

from saltext.lab.errors import Refused, Unreachable

MOUNTS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))  # all is v2; v2 beside v1
MIRROR = Path("/sys/fs/cgroup/systemd")  # beside v1, nspawn makes the same groups here too
OURS = "saltext-lab-rack"


def path(instance, *host):
    """Return the directory of the group of *instance*, or of one *host* in it; raises ``Unreachable`` without v2."""
    for mount in MOUNTS:
        if (mount / "cgroup.controllers").exists():
            return mount.joinpath(OURS, instance, *host)
    raise Unreachable("hosts cannot be kept apart", "no cgroup v2 is mounted", f"mount -t cgroup2 cgroup2 {MOUNTS[1]}")


def make(group):
    """Return the file that takes the pid of who enters *group*; the group is made when it is not there."""
    group.mkdir(parents=True, exist_ok=True)
    return group / "cgroup.procs"


def kill(group, seconds=20):
    """Kill all that is in *group* and below at once; raises ``Refused`` if that takes too long."""
    if group.exists():
        (group / "cgroup.kill").write_text("1")
        _wait_empty(group, seconds)


def end(group):
    """Kill all that is in *group* and below, and remove it; nobody may enter it meanwhile."""
    kill(group)
    for here in (group, MIRROR / group.relative_to(_mount(group))):
        _remove(here)


def _wait_empty(group, seconds):
    deadline = time.monotonic() + seconds
    with (group / "cgroup.events").open() as events:
        changed = select.poll()
        changed.register(events, select.POLLPRI)
        while "populated 1" in events.read():
            if time.monotonic() > deadline:
                raise Refused(f"processes in {group} do not end", "they were killed and are still there", "see ps")
            changed.poll(1000)
            events.seek(0)


def _remove(group):
    for here, _, _ in os.walk(group, topdown=False):
        os.rmdir(here)
    if group.parent.name == OURS and group.parent.exists() and not any(one.is_dir() for one in group.parent.iterdir()):
        group.parent.rmdir()


def _mount(group):
    return next(mount for mount in reversed(MOUNTS) if group.is_relative_to(mount))
