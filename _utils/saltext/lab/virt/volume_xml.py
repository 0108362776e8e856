"""What the XML of a volume is called in a wish, and what a change of it means.  Pure."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any
from xml.etree import ElementTree as ET

from saltext.lab.plan import LIVE, RECREATE
from saltext.lab.virt import batch, document, element
from saltext.lab.virt.document import Group
from saltext.lab.virt.element import Value

MIB = 1 << 20
FIXED = {"format", "backing", "clone_of", "sha256"}
#: Rounded down: a volume of 9.5 MiB is smaller than 10.
BYTES_AS_MIB: dict[str, Any] = {"load": lambda size: int(size) // MIB, "dump": lambda mib: str(mib * MIB)}
VOLUME: dict[str, Any] = {
    "size_mib": Value("capacity", **BYTES_AS_MIB),
    "format": Value("target/format", "type"),
    "backing": Group({"path": Value("backingStore/path"), "format": Value("backingStore/format", "type")}),
}
#: Pools whose raw volumes are files with holes; in a logical pool no allocation would mean a snapshot (lvcreate -s).
SPARSE = {"dir", "fs", "netfs"}


def blank(name, pool_type, fields):
    """Return the XML of a volume *name* with *fields*, for a pool of *pool_type*."""
    root = ET.Element("volume")
    ET.SubElement(root, "name").text = name
    if pool_type in SPARSE:
        ET.SubElement(root, "allocation").text = "0"
    for key, value in fields.items():
        if isinstance(VOLUME.get(key), Value):
            VOLUME[key].set(root, value)
    for key, value in fields.get("backing", {}).items():
        VOLUME["backing"].table[key].set(root, value)
    return ET.tostring(root, encoding="unicode")


def read(text):
    """Return the volume XML *text* as a dict, and the path it has on the host."""
    return document.read(text, VOLUME), element.load(ET.fromstring(text), {"path": Value("target/path")}).get(
        "path", ""
    )


def impact(change, actual):
    """Return ``recreate`` for what a volume keeps for life, and a smaller size: it would lose data; else ``live``."""
    name, *rest = change.path
    if name not in actual or not rest:
        return LIVE
    smaller = rest == ["size_mib"] and change.old is not None and change.new < change.old
    return RECREATE if rest[0] in FIXED or smaller else LIVE


def flat(wish):
    """Return *wish*, ``{pool: {volume: …}}``, as ``{"pool:volume": …}``; what is no mapping stays, to be refused."""
    return {
        f"{pool}:{name}" if name else str(pool): part
        for pool, its in wish.items()
        for name, part in (its.items() if isinstance(its, Mapping) else [("", its)])
    }


def pools(names):
    """Return the pools of the volumes *names*, in order."""
    return sorted({name.partition(":")[0] for name in names})


def full(name, reference):
    """Return *reference*, made by volume *name*, as ``pool:volume``."""
    return reference if ":" in reference else f"{name.partition(':')[0]}:{reference}"


def in_order(changes):
    """Return *changes* so that a volume is made after what it starts from, and removed before that."""
    grouped = batch.by_name(changes)
    order = TopologicalSorter({name: set() for name in grouped})
    for name, its in grouped.items():
        for below in _below(name, its) & grouped.keys():
            order.add(*((below, name) if batch.removed(its) else (name, below)))
    try:
        places = {name: place for place, name in enumerate(order.static_order())}
    except CycleError:
        return changes  # libvirt says which is missing
    return sorted(changes, key=lambda change: places[change.path[0]])


def _below(name, its):
    """Return the volumes that *its* changes make volume *name* start from, or that it started from when it goes."""
    if batch.removed(its):
        known = its[0].old or {}
        found = [known.get("clone_of"), known.get("backing", {}).get("volume")]
    else:
        found = [change.new for change in its if change.path in (("clone_of",), ("backing", "volume"))]
    return {full(name, reference) for reference in found if reference}


def as_asked(actual, wish):
    """
    Return *actual* in the words of *wish*, where both mean the same.

    A backing volume may be called by its path, its name or ``pool:name``.  Where nothing is known about what a volume
    was cloned from (it was adopted), the wish is believed.  One that is half made is only there to be removed.
    """
    known = {name: one for name, one in actual.items() if not one.get("unfinished") or wish.get(name, {}) is None}
    return {name: one | _as_asked(name, one, wish.get(name) or {}) for name, one in known.items()}


def _as_asked(name, known, asked):
    same = {}
    backing, stated = known.get("backing") or {}, asked.get("backing") or {}
    if "volume" in stated and backing.get("volume") == full(name, stated["volume"]):
        same["backing"] = backing | {"volume": stated["volume"]}
    if stated := asked.get("clone_of"):
        known_as = known.get("clone_of", full(name, stated))
        same["clone_of"] = stated if known_as == full(name, stated) else known_as
    return same
