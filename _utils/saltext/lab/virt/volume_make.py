"""Make, find and remove one volume."""

import libvirt

from saltext.lab.errors import NotSafe, Refused
from saltext.lab.virt import document, pool, pool_xml, volume_use, volume_xml
from saltext.lab.virt.link import doing
from saltext.lab.virt.volume_xml import MIB

#: What the mark of a volume says beside its path.
KEPT = ("clone_of", "sha256")


def make(here, name, fields, *, origin=None, fill=None):
    """
    Make volume *name* with *fields*.

    *origin* is the volume to clone, *fill* a function that puts the content into it.  Until that is done its mark
    says unfinished, and another run starts it anew.
    """
    home, last = home_of(here.conn, name), _last(name)
    there = document.read(home.XMLDesc(), pool_xml.POOL)
    record = {key: value for key, value in fields.items() if key in KEPT} | {"path": f"{_below(there)}/{last}"}
    _clear(here, home, name)
    here.marks.put(marked(home), last, record | ({"unfinished": True} if origin or fill else {}))
    with doing(here.conn, f"make volume {name}"):
        text = volume_xml.blank(last, there["type"], fields)
        made = home.createXMLFrom(text, origin) if origin else home.createXML(text)
        # libvirt 9.0 clones a qcow2 into a qcow2 by copying the file, whatever size was asked for.
        if origin and made.info()[1] < fields.get("size_mib", 0) * MIB:
            made.resize(fields["size_mib"] * MIB)
    if fill:
        fill(made)
    if origin or fill:
        here.marks.put(marked(home), last, record)


def remove(here, name):
    """Remove volume *name* with its data.  Raises ``NotSafe`` if it is not ours, or is used."""
    home, last = home_of(here.conn, name), _last(name)
    if (found := listed(home).get(last)) is None:  # gone since it was read
        return
    if not is_ours(here.marks.get(marked(home), last), found.path()):
        raise NotSafe(f"{name} was not made by this suite", "its data would be lost", "remove it by hand")
    volume_use.refuse(here.conn, name, found)
    with doing(here.conn, f"remove volume {name}"):
        found.delete()
    here.marks.drop(marked(home), last)


def mark(here, name, ours):
    """Take volume *name* over, or let go of it; what is known about how it was made stays."""
    home, last = home_of(here.conn, name), _last(name)
    path = lookup(here.conn, name).path()
    if not ours:
        here.marks.drop(marked(home), last)
    elif not is_ours(here.marks.get(marked(home), last), path):
        here.marks.put(marked(home), last, {"path": path})


def is_ours(record, path):
    """Return whether the volume at *path* is the one that *record* was written for; a pool can be moved."""
    return record is not None and record.get("path") == path


def running(conn):
    """Return the names of the pools that run, in order."""
    with doing(conn, "list the pools"):
        return sorted(one.name() for one in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE))


def refresh(conn, pools):
    """Have libvirt look again at *pools*: what somebody put beside our volumes must not be written over."""
    for name in sorted(pools):
        if (home := pool.named(conn, name)) is not None:
            with doing(conn, f"refresh pool {name}"):
                home.refresh()


def home_of(conn, name):
    """Return the pool of volume *name*.  Raises ``Refused`` if it is not there or does not run."""
    first = name.partition(":")[0]
    if (home := pool.named(conn, first)) is None:
        raise Refused(f"there is no pool {first} for {name}", "", f"state pool {first} first")
    return home


def lookup(conn, name):
    """Return volume *name*, ``pool:volume``.  Raises ``Refused`` if there is none."""
    home = home_of(conn, name)
    with doing(conn, f"find volume {name}"):
        return home.storageVolLookupByName(_last(name))


def called(conn, path):
    """Return the volume at *path* as ``pool:volume``, or None."""
    try:
        volume = conn.storageVolLookupByPath(path)
        return f"{volume.storagePoolLookupByVolume().name()}:{volume.name()}"
    except libvirt.libvirtError:
        return None


def listed(home):
    """Return the volumes of a pool by name."""
    with doing(home.connect(), f"list the volumes of pool {home.name()}"):
        return {one.name(): one for one in home.listAllVolumes()}


def marked(home):
    """Return where the marks of the volumes of a pool are."""
    return f"volume/{home.UUIDString()}"


def _clear(here, home, name):
    """Remove what a killed run left of *name*."""
    record = here.marks.get(marked(home), _last(name)) or {}
    old = listed(home).get(_last(name)) if record.get("unfinished") else None
    if old and is_ours(record, old.path()):
        with doing(here.conn, f"remove the unfinished volume {name}"):
            old.delete()


def _below(there):
    """Return what the path of a volume in this pool starts with: its directory, or for rbd the pool of Ceph."""
    return there.get("path") or there["source"]["name"]


def _last(name):
    return name.partition(":")[2]
