"""
A tree of control groups for one daemon of a test, gone with it.

It has a group of its own at the top of every hierarchy that a guest can be tuned by, and a cgroup namespace in which
that group is the root: the daemon sees no other and touches none.  v2 and v1 alike.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from saltext.lab.wait import until

TOP = Path("/sys/fs/cgroup")
#: What libvirt tunes a guest by.
CONTROLLERS = {"cpu", "cpuacct", "memory", "blkio"}
#: Enters the groups before "--" and becomes the command after it.
JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'


@dataclass(frozen=True)
class Hierarchy:
    """One mount of control groups."""

    at: Path
    kind: str  #: of file system
    options: str  #: which controllers, of v1

    def __str__(self):
        return f"{self.at} {self.kind} {self.options}"


def hierarchies():
    """Return those that this machine has: one of v2, or some of v1."""
    mounts = [line.split()[1:4] for line in Path("/proc/mounts").read_text().splitlines()]
    v1 = [(at, CONTROLLERS & {*options.split(",")}) for at, kind, options in mounts if kind == "cgroup"]
    found = [Hierarchy(Path(at), "cgroup", ",".join(sorted(its))) for at, its in v1 if its]
    return found or [Hierarchy(TOP, "cgroup2", "rw")]


def make(name):
    """Return the groups *name*, made in each hierarchy, with a leaf ``init``: v2 wants processes in leaves only."""
    groups = [one.at / name for one in hierarchies()]
    for group in groups:
        (group / "init").mkdir(parents=True)
    return groups


def root(groups, argv):
    """Return *argv* as a command for which *groups* are the root of all; it starts in their leaf."""
    return _in(groups, ["unshare", "--cgroup", *join(groups, argv)])


def join(groups, argv):
    """Return *argv* as a command that runs in the leaf of *groups*."""
    return _in([group / "init" for group in groups], argv)


def _in(groups, argv):
    return ["bash", "-euc", JOIN, "join", *map(str, groups), "--", *argv]


def end(groups, seconds=20):
    """Remove *groups* and all below them as soon as their last process has ended."""
    until(lambda: not any(map(_procs, groups)), seconds, f"the end of all in {groups}")
    for group in groups:
        for here, _, _ in os.walk(group, topdown=False):
            os.rmdir(here)


def _procs(group):
    return [pid for here, _, _ in os.walk(group) for pid in Path(here, "cgroup.procs").read_text().split()]
