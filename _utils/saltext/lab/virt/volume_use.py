"""Who uses a volume."""

from xml.etree import ElementTree as ET

import libvirt

from saltext.lab.errors import NotSafe
from saltext.lab.virt import volume_xml
from saltext.lab.virt.link import doing

#: Where the source of a disk has the path of its volume: file, block device, image in Ceph.
SOURCES = (("source", "file"), ("source", "dev"), ("source[@protocol='rbd']", "name"))


def grow(conn, name, volume, size):
    """
    Make *volume* at least *size* bytes big; a guest that runs on it sees that at once.

    It is grown through its guest, if it has one: QEMU locks its files, and has to hear of an image that has grown.
    """
    with doing(conn, f"grow volume {name}"):
        users = list(_users(conn, volume))
        for domain, disk in users:
            if domain.blockInfo(dev := disk.find("target").get("dev"))[0] < size:
                domain.blockResize(dev, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
        if not users and volume.info()[1] < size:
            volume.resize(size)


def refuse(conn, name, volume, clones=()):
    """Raise ``NotSafe`` if a guest runs on *volume*, another volume is a difference to it, or it has *clones*."""
    with doing(conn, f"look who uses volume {name}"):
        users = [f"domain {domain.name()} runs on it" for domain, _ in _users(conn, volume, below=True)]
        users += [f"volume {above} is a difference to it" for above in _above(conn, volume.path())]
        users += [f"volume {clone} is a clone of it" for clone in clones]
    if users:
        raise NotSafe(f"{name} is not removed", ", ".join(users), "remove those first")


def _users(conn, volume, below=False):
    """Yield the guests that run on *volume*, and their disk of it; with *below* those that run on what is above it."""
    path, pair = volume.path(), (volume.storagePoolLookupByVolume().name(), volume.name())
    for domain in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        for disk in ET.fromstring(domain.XMLDesc()).iterfind("devices/disk"):
            places = [disk, *disk.iter("backingStore")] if below else [disk]
            if any(_is_on(place, path, pair) for place in places):
                yield domain, disk


def _is_on(place, path, pair):
    """Return whether *place*, a disk or what is below one, is the volume at *path*, or *pair*: its pool and name."""
    if (source := place.find("source")) is None:
        return False
    paths = {node.get(key) for where, key in SOURCES if (node := place.find(where)) is not None}
    return path in paths or (source.get("pool"), source.get("volume")) == pair


def _above(conn, path):
    for home in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        for volume in home.listAllVolumes():
            try:
                known, _ = volume_xml.read(volume.XMLDesc())
            except libvirt.libvirtError:
                continue  # gone meanwhile
            if known.get("backing", {}).get("path") == path:
                yield volume.name()
