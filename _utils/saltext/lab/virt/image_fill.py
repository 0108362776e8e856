"""Put the content of an image into a volume that was just made."""

import base64
import errno
import json
import os

import libvirt

from saltext.lab.command import run
from saltext.lab.virt import volume_find
from saltext.lab.virt.image_fetch import CONVERSION
from saltext.lab.virt.link import doing
from saltext.lab.virt.pool_xml import host_attributes

#: Port of a monitor of Ceph where none is stated.
MONITOR = "6789"


def upload(conn, name, volume, path):
    """Send the file at *path* to *volume*, its holes as holes."""
    with doing(conn, f"fill image {name}"), open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        stream = conn.newStream()
        volume.upload(stream, 0, size, libvirt.VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM)
        stream.sparseSendAll(_send, lambda _, source: _section(source, size), _skip, file)
        stream.finish()


def into_ceph(conn, name, volume, path, image_format):
    """
    Write the image at *path*, of *image_format*, to *volume* in Ceph; QEMU does it, libvirt 9.0 uploads nothing there.

    The key goes from libvirt's secret into QEMU's standard input.
    """
    with doing(conn, f"fill image {name}"):
        source = volume_find.described(volume.storagePoolLookupByVolume())["source"]
        key = _key(conn, source["auth"]["secret"]) if "auth" in source else ""
    given = ["--object", "secret,id=key,format=base64,file=/dev/stdin"] if key else []
    target = f"json:{json.dumps(_target(source, volume.name()))}"
    how = ["-f", image_format, "-O", "raw", "-n", "--target-is-zero"]
    run("qemu-img", "convert", *given, *how, path, target, stdin=key, timeout=CONVERSION)


def _key(conn, usage):
    return base64.b64encode(conn.secretLookupByUsage(libvirt.VIR_SECRET_USAGE_TYPE_CEPH, usage).value()).decode()


def _target(source, image):
    """Return how QEMU calls *image* in the pool of Ceph that *source* of a pool of libvirt says."""
    hosts = [host_attributes(host) for host in source.get("hosts", [])]
    servers = [{"host": host["name"], "port": host.get("port", MONITOR)} for host in hosts]
    login = {"user": source["auth"]["user"], "key-secret": "key"} if "auth" in source else {}
    there = {"driver": "rbd", "pool": source["name"], "image": image} | ({"server": servers} if servers else {}) | login
    return {"driver": "raw", "file": there}


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
