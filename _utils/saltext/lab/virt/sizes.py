"""The sizes of domains' disks, which are not in their XML."""

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import xml
from saltext.lab.virt.link import doing

MIB = 1 << 20


def added(conn, domains):
    """
    Return *domains*, all of a host by name, with ``size_mib`` of each disk whose size libvirt can tell.

    It cannot where a file is not there, and for the volume of a guest that does not run.
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
    try:
        volume = _volume(conn, disk)
    except libvirt.libvirtError as err:
        fix = "put it into a pool, or start the guest"
        raise Refused(f"{dev} of domain {domain.name()} cannot be resized", str(err), fix) from err
    if volume.info()[1] < size:
        volume.resize(size)


def _volume(conn, disk):
    if "pool" in disk:
        return conn.storagePoolLookupByName(disk["pool"]).storageVolLookupByName(disk["volume"])
    return conn.storageVolLookupByPath(disk.get("file") or disk.get("block") or "")
