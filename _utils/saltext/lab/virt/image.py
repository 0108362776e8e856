"""Images: volumes that are made from a verified source, for other volumes to start from."""

from functools import partial

from saltext.lab.errors import NotSafe
from saltext.lab.virt import batch, image_fetch, image_fill, volume, volume_find, volume_make, volume_xml


def read(here, wish=None):
    """
    Return all images as ``{"pool:volume": {...}}``, or those of *wish*, ``{"pool:volume": {source, …}}``.

    What an image came from is known by its hash; another place for the same content is the same image.
    Raises ``NotSafe`` if a volume of a wished name is no image of ours.
    """
    pools = None if wish is None else {name.partition(":")[0] for name in wish}
    found = volume_xml.as_asked(volume.read(here, pools), wish or {})
    for name, asked in (wish or {}).items():
        if name in found and "sha256" not in found[name]:
            raise NotSafe(f"{name} is no image of this suite", "a volume of that name is there", "use another name")
        if name in found:
            found[name] |= {key: asked[key] for key in ("source", "source_format") if key in (asked or {})}
    return {name: known for name, known in found.items() if "sha256" in known}


def write(here, changes):
    """Make *changes*; one that is refused does not stop the others, all refusals come in one error."""
    volume_find.refresh(here.conn, {change.path[0].partition(":")[0] for change in changes})
    batch.each("images", changes, lambda name, its: _change(here, name, its), fatal=())


def _change(here, name, changes):
    if batch.removed(changes):
        volume_make.remove(here, name)
    else:
        _make(here, name, batch.stated(changes))


def _make(here, name, wish):
    kind = volume_find.described(volume_find.home_of(here.conn, name))["type"]  # before the download
    source_format = wish.get("source_format", "qcow2")
    target_format = held = wish.get("format", _format(kind, source_format))
    fill = image_fill.upload
    if kind == "rbd":
        fill, held = partial(image_fill.into_ceph, image_format=source_format), source_format
    verified = image_fetch.fetch(wish["source"], wish["sha256"], here.cache)
    with image_fetch.converted(verified, source_format, held) as path:
        fields = {"format": target_format, "sha256": wish["sha256"]}
        fields["size_mib"] = -(-image_fetch.size(path, held) // volume_xml.MIB)
        volume_make.make(here, name, fields, fill=lambda made: fill(here.conn, name, made, path))


def _format(kind, source_format):
    if kind not in volume_xml.SPARSE:
        return "raw"
    return source_format if source_format in ("raw", "qcow2") else "qcow2"
