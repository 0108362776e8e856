"""Make and remove one volume."""

import libvirt

from saltext.lab.errors import NotSafe, Refused
from saltext.lab.virt import volume_use, volume_xml
from saltext.lab.virt.link import doing
from saltext.lab.virt.volume_find import described, home_of, is_ours, listed, lookup, marked, short
from saltext.lab.virt.volume_xml import MIB

#: What the mark of a volume says beside its path.
KEPT = ("clone_of", "sha256")


def make(here, name, fields, *, origin=None, fill=None):
    """
    Make volume *name* with *fields*.

    *origin* is the volume to clone, *fill* a function that puts the content into it.  Until that is done its mark
    says unfinished, and another run starts it anew.
    """
    home, last = home_of(here.conn, name), short(name)
    there = described(home)
    record = {key: value for key, value in fields.items() if key in KEPT} | {"path": f"{_below(there)}/{last}"}
    _clear(here, home, name)
    if found := listed(home).get(last):  # libvirt has only now seen it
        if not is_ours(here.marks.get(marked(home), last), found.path()):
            raise NotSafe(f"{name} was not made by this suite", "it is there already", "state `adopt: true` there")
        return
    here.marks.put(marked(home), last, record | ({"unfinished": True} if origin or fill else {}))
    try:
        made = _create(here.conn, home, name, volume_xml.blank(last, there["type"], fields), origin)
    except Refused:
        here.marks.drop(marked(home), last)  # else what somebody puts there later would be taken for ours
        raise
    if origin:
        # libvirt 9.0 clones a qcow2 into a qcow2 by copying the file, whatever size was asked for.
        volume_use.grow(here.conn, name, made, fields.get("size_mib", 0) * MIB)
    if fill:
        fill(made)
    if origin or fill:
        here.marks.put(marked(home), last, record)


def _create(conn, home, name, text, origin):
    """Return the new volume *text*; libvirt leaves nothing of one that it refuses."""
    with doing(conn, f"make volume {name}"):
        return home.createXMLFrom(text, origin) if origin else home.createXML(text)


def remove(here, name):
    """Remove volume *name* with its data and its snapshots.  Raises ``NotSafe`` if it is not ours, or is used."""
    home, last = home_of(here.conn, name), short(name)
    if (found := listed(home).get(last)) is None:  # gone since it was read
        return
    if not is_ours(here.marks.get(marked(home), last), found.path()):
        raise NotSafe(f"{name} was not made by this suite", "its data would be lost", "remove it by hand")
    volume_use.refuse(here.conn, name, found, _clones(here, home, name))
    _delete(here.conn, home, name, found)
    here.marks.drop(marked(home), last)


def mark(here, name, ours):
    """Take volume *name* over, or let go of it; what is known about how it was made stays."""
    home, last = home_of(here.conn, name), short(name)
    path = lookup(here.conn, name).path()
    if not ours:
        here.marks.drop(marked(home), last)
    elif not is_ours(here.marks.get(marked(home), last), path):
        here.marks.put(marked(home), last, {"path": path})


def _clear(here, home, name):
    """Remove what a killed run left of *name*."""
    record = here.marks.get(marked(home), short(name)) or {}
    old = listed(home).get(short(name)) if record.get("unfinished") else None
    if old and is_ours(record, old.path()):
        _delete(here.conn, home, name, old)


def _clones(here, home, name):
    """Return the clones in Ceph of volume *name*, which go on needing it; those in a directory are copies."""
    if described(home)["type"] != "rbd":
        return []
    there, records = listed(home), here.marks.all(marked(home))
    return sorted(one for one, record in records.items() if one in there and record.get("clone_of") == name)


def _delete(conn, home, name, volume):
    """Delete *volume*, in Ceph with its snapshots: libvirt makes one to clone from.  Files have theirs inside."""
    with doing(conn, f"remove volume {name}"):
        volume.delete(libvirt.VIR_STORAGE_VOL_DELETE_WITH_SNAPSHOTS if described(home)["type"] == "rbd" else 0)


def _below(there):
    """Return what the path of a volume in this pool starts with: its directory, or for rbd the pool of Ceph."""
    return there.get("path") or there["source"]["name"]
