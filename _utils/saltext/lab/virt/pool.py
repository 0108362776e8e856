"""Read and write the storage pools of a libvirt host.  No decisions are made here."""

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import batch, document, pool_xml
from saltext.lab.virt.link import doing
from saltext.lab.virt.pool_xml import POOL

INACTIVE = libvirt.VIR_STORAGE_XML_INACTIVE
#: Types whose start may make the directory they are mounted on; for others "build" would format a disk.
BUILT = {"dir", "netfs"}


def read(here):
    """
    Return all pools by name, with the fields of ``pool_model.Pool`` that they have; what runs as it runs now.

    ``adopt`` is whether the pool is among our marks, ``defined`` what its next start would find, if that is another.
    """
    with doing(here.conn, "list the pools"):
        found = here.conn.listAllStoragePools()
        autostarted = _names(here.conn, libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART)
        active = _names(here.conn, libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE)
    ours = here.marks.all("pool")
    return {
        one.name(): known | {"running": one.name() in active, "autostart": one.name() in autostarted}
        for one in found
        if (known := _read(here.conn, one, ours))
    }


def write(here, changes):
    """
    Make *changes*: for each pool one definition with all of them, then autostart and power.

    A pool that runs is stopped and started with its new definition; where that fails it runs again as before.
    A pool that is refused does not stop the others; all refusals come in one error.
    """
    with doing(here.conn, "list the pools"):
        found = {one.name(): one for one in here.conn.listAllStoragePools()}
    batch.each("pools", changes, lambda name, its: _change(here, name, found.get(name), its))


def refresh(conn, name):
    """Look again which volumes pool *name* has; return their number.  Raises ``Refused``."""
    with doing(conn, f"refresh pool {name}"):
        pool = conn.storagePoolLookupByName(name)
        pool.refresh()
        return pool.numOfVolumes()


def named(conn, name):
    """Return pool *name* if it runs, None if there is none.  Raises ``Refused`` for one that is stopped."""
    try:
        with doing(conn, f"look for pool {name}"):
            found = conn.storagePoolLookupByName(name)
            running = found.isActive()
    except Refused as err:
        if err.__cause__.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_POOL:
            return None
        raise
    if not running:
        raise Refused(f"the volumes of pool {name} cannot be seen", "it does not run", f"state running for {name}")
    return found


def _names(conn, flag):
    return {one.name() for one in conn.listAllStoragePools(flag)}


def _read(conn, pool, ours):
    try:
        with doing(conn, f"read pool {pool.name()}"):
            known, defined = (document.read(pool.XMLDesc(flags), POOL) for flags in (0, INACTIVE))
            return known | {"adopt": pool.UUIDString() in ours} | ({} if known == defined else {"defined": defined})
    except Refused as err:
        if err.__cause__.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_POOL:
            return None  # gone since the listing
        raise


def _change(here, name, pool, changes):
    if batch.removed(changes):
        return _remove(here, name, pool)
    wish = batch.stated(changes)
    if pool is None:
        pool = _create(here, name, wish.get("type", "dir"), changes)
    elif any(change.path and change.path[0] in POOL for change in changes):
        _redefine(here.conn, name, pool, changes, wish.get("running", True))
    if "adopt" in wish:
        (here.marks.put if wish["adopt"] else here.marks.drop)("pool", pool.UUIDString())
    return _power(here.conn, name, pool, wish)


def _create(here, name, kind, changes):
    here.marks.put("pool", pool_xml.uuid(name))
    with doing(here.conn, f"define pool {name}"):
        return here.conn.storagePoolDefineXML(document.write(pool_xml.blank(kind, name), POOL, changes))


def _redefine(conn, name, pool, changes, running):
    with doing(conn, f"define pool {name}"):
        old = pool.XMLDesc(INACTIVE)
        conn.storagePoolDefineXML(document.write(old, POOL, changes))  # takes effect when a pool that runs is stopped
    if not (pool.isActive() and running):
        return
    try:
        with doing(conn, f"start pool {name} anew"):
            pool.destroy()  # stops it; the data stays
            _start(pool)
    except Refused:
        with doing(conn, f"put pool {name} back as it was"):
            conn.storagePoolDefineXML(old)
            if not pool.isActive():
                pool.create()
        raise


def _power(conn, name, pool, wish):
    if "autostart" in wish:
        with doing(conn, f"set autostart of pool {name}"):
            pool.setAutostart(wish["autostart"])
    if "running" in wish:
        with doing(conn, f"{'start' if wish['running'] else 'stop'} pool {name}"):
            if wish["running"] != bool(pool.isActive()):
                _start(pool) if wish["running"] else pool.destroy()


def _start(pool):
    kind = document.read(pool.XMLDesc(INACTIVE), POOL)["type"]
    pool.create(libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD if kind in BUILT else 0)


def _remove(here, name, pool):
    if pool is None:  # gone since it was read
        return
    with doing(here.conn, f"remove pool {name}"):
        uuid, persistent = pool.UUIDString(), pool.isPersistent()
        if pool.isActive():
            pool.destroy()
        if persistent:
            pool.undefine()
    here.marks.drop("pool", uuid)
