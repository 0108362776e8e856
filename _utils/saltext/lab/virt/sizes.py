"""The sizes of domains' disks, which are not in their XML."""

import libvirt

from saltext.lab.command import run
from saltext.lab.errors import Refused
from saltext.lab.virt import volume_use, xml
from saltext.lab.virt.link import doing

MIB = 1 << 20


def added(conn, domains):
    """
    Return *domains*, all of a host by name, with ``size_mib`` of each disk whose size libvirt can tell.

    It cannot where a file is not there, or a pool does not run.  Of a guest that does not run, what another machine
    serves is not asked for: one that is down would be waited for.
    """
    if not any(domain.get("disks") for domain in domains.values()):
        return domains
    with doing(conn, "read the sizes of disks"):
        for domain, stats in conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_BLOCK):
            disks = domains.get(domain.name(), {}).get("disks", {})
            for number in range(stats.get("block.count", 0)):
                disk, size = disks.get(stats[f"block.{number}.name"]), stats.get(f"block.{number}.capacity")
                if disk is not None and size:
                    disk["size_mib"] = size // MIB
        for disk in [disk for domain in domains.values() for disk in domain.get("disks", {}).values()]:
            if "size_mib" not in disk and "pool" in disk and (size := _capacity(_volume(conn, disk))):
                disk["size_mib"] = size // MIB
    return domains


def grow(conn, name, domain, changes):
    """Give the disks of *domain* the sizes in *changes*, that of a guest that runs too."""
    for change in changes:
        if change.path[:1] == ("disks",) and change.path[2:] == ("size_mib",) and change.new:
            with doing(conn, f"resize {change.path[1]} of domain {name}"):
                _grow(conn, domain, change.path[1], change.new * MIB)


def _grow(conn, domain, dev, size):
    if domain.isActive():
        if domain.blockInfo(dev)[0] < size:
            domain.blockResize(dev, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
        return
    disk = xml.read(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))["disks"][dev]
    if volume := _volume(conn, disk):
        volume_use.grow(conn, volume.name(), volume, size)
    elif "file" in disk:
        run("qemu-img", "resize", "-f", disk.get("format", "raw"), disk["file"], size)
    else:
        what = f"{dev} of domain {domain.name()} cannot be resized"
        raise Refused(what, "it is in no pool that runs", "make it bigger where it is, then start the guest")


def _volume(conn, disk):
    """Return the volume that *disk*, of a domain that does not run, is; None if it is in no pool that runs."""
    path = disk.get("file") or disk.get("block") or (disk.get("name") if disk.get("protocol") == "rbd" else None)
    try:
        if "pool" in disk:
            return conn.storagePoolLookupByName(disk["pool"]).storageVolLookupByName(disk["volume"])
        return conn.storageVolLookupByPath(path) if path else None
    except libvirt.libvirtError:
        return None


def _capacity(volume):
    try:
        return volume.info()[1] if volume else None
    except libvirt.libvirtError:
        return None  # its file is gone
