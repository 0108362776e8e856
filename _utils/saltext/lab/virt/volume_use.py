"""Who uses a volume."""

from xml.etree import ElementTree as ET

import libvirt

from saltext.lab.errors import NotSafe
from saltext.lab.virt import volume_xml
from saltext.lab.virt.link import doing

#: Where the source of a disk has the path of its volume: file, block device, rbd.
SOURCES = ("file", "dev", "name")


def grow(conn, name, volume, size):
    """Make *volume* *size* bytes big; a guest that runs on it sees that at once (QEMU keeps its file locked)."""
    with doing(conn, f"grow volume {name}"):
        path = volume.path()
        users = [domain for domain in _active(conn) if path in _disks(domain)]
        for domain in users:
            domain.blockResize(path, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
        if not users:
            volume.resize(size)


def refuse(conn, name, volume):
    """Raise ``NotSafe`` if a guest runs on *volume*, or another volume is a difference to it."""
    with doing(conn, f"look who uses volume {name}"):
        path = volume.path()
        users = [f"domain {domain.name()} runs on it" for domain in _active(conn) if path in _disks(domain)]
        users += [f"volume {above} is a difference to it" for above in _above(conn, path)]
    if users:
        raise NotSafe(f"{name} is not removed", ", ".join(users), "remove those first")


def _active(conn):
    return conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)


def _disks(domain):
    """Return the paths of the disks of a guest, without what is below them."""
    root = ET.fromstring(domain.XMLDesc())
    return {node.get(key) for node in root.iterfind("devices/disk/source") for key in SOURCES} - {None}


def _above(conn, path):
    for home in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        for volume in home.listAllVolumes():
            try:
                known, _ = volume_xml.read(volume.XMLDesc())
            except libvirt.libvirtError:
                continue  # gone meanwhile
            if known.get("backing", {}).get("path") == path:
                yield volume.name()
