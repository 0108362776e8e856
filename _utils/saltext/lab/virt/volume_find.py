"""Find the volumes of a libvirt host, and which of them are ours."""

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import document, pool, pool_xml
from saltext.lab.virt.link import doing


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


def described(home):
    """Return a pool as ``pool_model.Pool`` has it."""
    with doing(home.connect(), f"read pool {home.name()}"):
        return document.read(home.XMLDesc(), pool_xml.POOL)


def lookup(conn, name):
    """Return volume *name*, ``pool:volume``.  Raises ``Refused`` if there is none."""
    home = home_of(conn, name)
    with doing(conn, f"find volume {name}"):
        return home.storageVolLookupByName(short(name))


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


def is_there(here, name):
    """Return whether there is a volume *name*, and not only what a killed run left of one."""
    return short(name) in listed(home_of(here.conn, name)) and not is_half_made(here, name)


def is_half_made(here, name):
    """Return whether a run of ours began volume *name* and did not end."""
    record = here.marks.get(marked(home_of(here.conn, name)), short(name)) or {}
    return record.get("unfinished", False)


def marked(home):
    """Return where the marks of the volumes of a pool are."""
    return f"volume/{home.UUIDString()}"


def is_ours(record, path):
    """Return whether the volume at *path* is the one that *record* was written for; a pool can be moved."""
    return record is not None and record.get("path") == path


def short(name):
    """Return the name of volume *name*, ``pool:volume``, in its pool."""
    return name.partition(":")[2]
