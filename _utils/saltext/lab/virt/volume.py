"""Read and write the volumes of a libvirt host.  No decisions are made here."""

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import batch, pool, volume_make, volume_use, volume_xml
from saltext.lab.virt.link import doing
from saltext.lab.virt.volume_xml import MIB

#: What libvirt says of a volume whose file is gone since it looked at the pool last.
GONE = {libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_SYSTEM_ERROR}


def read(here, pools=None):
    """
    Return the volumes of the named *pools*, or of all that run, as ``{"pool:volume": {...}}``.

    Each has the fields of ``volume_model.Volume`` it has a value for, its ``path``, and ``adopt``, whether this suite
    made it.  One that a killed run left half made is not there.  Raises ``Refused`` for a named pool that is stopped.
    """
    found: dict[str, dict] = {}
    for name in volume_make.running(here.conn) if pools is None else sorted(pools):
        if (home := pool.named(here.conn, name)) is not None:
            found |= _read_pool(here, home)
    paths = {known["path"]: name for name, known in found.items()}
    for known in found.values():
        if path := known.get("backing", {}).get("path"):
            known["backing"] |= {"volume": paths.get(path) or volume_make.called(here.conn, path)}
    return {name: known for name, known in found.items() if not known.pop("unfinished", False)}


def write(here, changes):
    """Make *changes*; one that is refused does not stop the others, all refusals come in one error."""
    volume_make.refresh(here.conn, {change.path[0].partition(":")[0] for change in changes})
    batch.each("volumes", changes, lambda name, its: _change(here, name, its))


def _read_pool(here, home):
    known = {}
    records = here.marks.all(volume_make.marked(home))
    for name, volume in volume_make.listed(home).items():
        try:
            with doing(here.conn, f"read volume {home.name()}:{name}"):
                fields, path = volume_xml.read(volume.XMLDesc())
        except Refused as err:
            if err.__cause__.get_error_code() in GONE:
                continue
            raise
        ours = volume_make.is_ours(records.get(name), path)
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
            volume_use.grow(here.conn, name, volume_make.lookup(here.conn, name), wish["size_mib"] * MIB)
        if "adopt" in wish:
            volume_make.mark(here, name, wish["adopt"])


def _create(here, name, wish, backing):
    fields = {key: value for key, value in wish.items() if key not in ("backing", "clone_of", "adopt")}
    origin = None
    if "volume" in backing:
        below = volume_make.lookup(here.conn, volume_xml.full(name, backing["volume"]))
        known, path = volume_xml.read(below.XMLDesc())
        backing = {"path": path, "format": backing.get("format", known.get("format", "raw"))}
    if backing:
        fields = {"format": "qcow2"} | fields | {"backing": backing}
    if "clone_of" in wish:
        origin = volume_make.lookup(here.conn, volume_xml.full(name, wish["clone_of"]))
        fields["clone_of"] = volume_xml.full(name, wish["clone_of"])
        fields.setdefault("format", volume_xml.read(origin.XMLDesc())[0].get("format", "raw"))
    volume_make.make(here, name, fields, origin=origin)
    if wish.get("adopt") is False:
        volume_make.mark(here, name, False)
