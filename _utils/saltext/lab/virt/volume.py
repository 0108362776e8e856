"""Read and write the volumes of a libvirt host.  No decisions are made here."""

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import batch, pool, volume_find, volume_make, volume_use, volume_xml
from saltext.lab.virt.link import doing
from saltext.lab.virt.volume_xml import MIB

#: What libvirt says of a volume whose file is gone since it looked at the pool last.
GONE = {libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_SYSTEM_ERROR}


def read(here, pools=None):
    """
    Return the volumes of the named *pools*, or of all that run, as ``{"pool:volume": {...}}``.

    Each has the fields of ``volume_model.Volume`` it has a value for, its ``path``, and ``adopt``, whether this suite
    made it; ``unfinished`` marks one that a killed run left half made.  Raises ``Refused`` if a named pool is stopped.
    """
    found: dict[str, dict] = {}
    for name in volume_find.running(here.conn) if pools is None else sorted(pools):
        if (home := pool.named(here.conn, name)) is not None:
            found |= _read_pool(here, home)
    paths = {known["path"]: name for name, known in found.items()}
    for known in found.values():
        if path := known.get("backing", {}).get("path"):
            known["backing"] |= {"volume": paths.get(path) or volume_find.called(here.conn, path)}
    return found


def write(here, changes):
    """Make *changes*; one that is refused does not stop the others, all refusals come in one error."""
    volume_find.refresh(here.conn, {change.path[0].partition(":")[0] for change in changes})
    batch.each("volumes", volume_xml.in_order(changes), lambda name, its: _change(here, name, its))


def _read_pool(here, home):
    known = {}
    records = here.marks.all(volume_find.marked(home))
    for name, volume in volume_find.listed(home).items():
        try:
            with doing(here.conn, f"read volume {home.name()}:{name}"):
                fields, path = volume_xml.read(volume.XMLDesc())
        except Refused as err:
            if err.__cause__.get_error_code() in GONE:
                continue
            raise
        ours = volume_find.is_ours(records.get(name), path)
        known[f"{home.name()}:{name}"] = fields | {"path": path, "adopt": ours} | (records[name] if ours else {})
    return known


def _change(here, name, changes):
    wish = batch.stated(changes)
    if batch.removed(changes):
        volume_make.remove(here, name)
    elif changes[0].path == () and changes[0].old is None:
        _create(here, name, wish, {change.path[1]: change.new for change in changes if len(change.path) == 2})
    else:
        if "size_mib" in wish:
            volume_use.grow(here.conn, name, volume_find.lookup(here.conn, name), wish["size_mib"] * MIB)
        if "adopt" in wish:
            volume_make.mark(here, name, wish["adopt"])


def _create(here, name, wish, backing):
    if wish.get("adopt") and volume_find.is_there(here, name):  # libvirt has only now seen it
        volume_make.mark(here, name, True)
        return
    fields = {key: value for key, value in wish.items() if key not in ("backing", "clone_of", "adopt")}
    origin = None
    if "volume" in backing:
        known, path = volume_xml.read(_below(here, volume_xml.full(name, backing["volume"])).XMLDesc())
        backing = {"path": path, "format": backing.get("format", known.get("format", "raw"))}
    if backing:
        fields = {"format": "qcow2"} | fields | {"backing": backing}
    if "clone_of" in wish:
        fields["clone_of"] = volume_xml.full(name, wish["clone_of"])
        origin = _origin(here, name, fields["clone_of"], fields.get("size_mib"))
        fields.setdefault("format", volume_xml.read(origin.XMLDesc())[0].get("format", "raw"))
    volume_make.make(here, name, fields, origin=origin)
    if wish.get("adopt") is False:
        volume_make.mark(here, name, False)


def _origin(here, name, of, mib):
    """Return volume *of*, to clone *name* from.  Raises ``Refused`` where libvirt 9.0 would make another one."""
    homes = {part: volume_find.home_of(here.conn, part) for part in (name, of)}
    kinds = {volume_find.described(home)["type"] for home in homes.values()}
    # It clones the image in Ceph that is called like the origin, and does not ask in which pool that is.
    if homes[name].name() != homes[of].name() and "rbd" in kinds:
        raise Refused(f"{name} is not cloned from {of}", "in Ceph a clone is in the pool of its origin", "use an image")
    found = _below(here, of)
    with doing(here.conn, f"read volume {of}"):
        size = found.info()[1]
    if mib and mib * MIB < size:
        raise Refused(f"{name} is not cloned from {of}", f"{mib} MiB are less than that has", "state a bigger size_mib")
    return found


def _below(here, name):
    """Return volume *name*, to start another from.  Raises ``Refused`` if it is not there, or half made."""
    if volume_find.is_half_made(here, name):
        raise Refused(f"nothing can start from {name}", "it is not finished", f"state {name} first")
    return volume_find.lookup(here.conn, name)
