"""Images: volumes that are made from a verified source, for other volumes to start from."""

import errno
import os

import libvirt

from saltext.lab.errors import NotSafe
from saltext.lab.virt import batch, image_fetch, volume, volume_make, volume_xml
from saltext.lab.virt.link import doing


def read(here, wish=None):
    """
    Return all images as ``{"pool:volume": {...}}``, or those of *wish*, ``{"pool:volume": {source, …}}``.

    What an image came from is known by its hash; another place for the same content is the same image.
    Raises ``NotSafe`` if a volume of a wished name is no image of ours.
    """
    pools = None if wish is None else {name.partition(":")[0] for name in wish}
    found = volume.read(here, pools)
    for name, asked in (wish or {}).items():
        if name in found and "sha256" not in found[name]:
            raise NotSafe(f"{name} is no image of this suite", "a volume of that name is there", "use another name")
        if name in found:
            found[name] |= {key: asked[key] for key in ("source", "source_format") if key in (asked or {})}
    return {name: known for name, known in found.items() if "sha256" in known}


def write(here, changes):
    """Make *changes*; one that is refused does not stop the others, all refusals come in one error."""
    volume_make.refresh(here.conn, {change.path[0].partition(":")[0] for change in changes})
    batch.each("images", changes, lambda name, its: _change(here, name, its), fatal=())


def _change(here, name, changes):
    if batch.removed(changes):
        volume_make.remove(here, name)
    else:
        _make(here, name, batch.stated(changes))


def _make(here, name, wish):
    source_format = wish.get("source_format", "qcow2")
    target_format = wish.get("format", source_format if source_format in ("raw", "qcow2") else "qcow2")
    volume_make.home_of(here.conn, name)  # before the download
    verified = image_fetch.fetch(wish["source"], wish["sha256"], here.cache)
    with image_fetch.converted(verified, source_format, target_format) as path:
        fields = {"format": target_format, "sha256": wish["sha256"]}
        fields["size_mib"] = -(-image_fetch.size(path, target_format) // volume_xml.MIB)
        volume_make.make(here, name, fields, fill=lambda made: _upload(here.conn, name, made, path))


def _upload(conn, name, made, path):
    """Send the file at *path* to the new volume, its holes as holes."""
    with doing(conn, f"fill image {name}"), open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        stream = conn.newStream()
        made.upload(stream, 0, size, libvirt.VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM)
        stream.sparseSendAll(_send, lambda _, source: _section(source, size), _skip, file)
        stream.finish()


def _send(_, count, source):
    return source.read(count)


def _skip(_, count, source):
    source.seek(count, os.SEEK_CUR)
    return 0


def _section(source, size):
    """Return ``[is data, bytes]`` of what comes next in *source*."""
    at = source.tell()
    if at >= size:
        return [False, 0]
    try:
        data = source.seek(at, os.SEEK_DATA)
    except OSError as err:
        if err.errno != errno.ENXIO:
            raise
        data = size  # nothing but a hole up to the end
    end = source.seek(at, os.SEEK_HOLE) if data == at else data
    source.seek(at)
    return [data == at, end - at]
