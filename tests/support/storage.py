"""Pools, volumes, networks and secrets on a real libvirtd: traced, brought to a wish, cleaned up."""

import re
import subprocess
from contextlib import contextmanager
from functools import partial

import libvirt

from saltext.lab.outcome import Things, converge
from saltext.lab.virt import host, rules, seen, volume, volume_xml
from saltext.lab.virt.model import Domains
from saltext.lab.virt.volume_model import Volumes

#: Public calls of these are in the log, beside those about domains.
FILTERS = "1:libvirt.domain 1:libvirt.storage 1:libvirt.network 1:libvirt.secret"
#: What a look may call in libvirtd; everything else is a write.
LOOKS = {
    "virConnectListAllDomains",
    "virDomainGetXMLDesc",
    "virConnectListAllStoragePools",
    "virStoragePoolGetXMLDesc",
    "virStoragePoolIsActive",
    "virStoragePoolListAllVolumes",
    "virStorageVolGetXMLDesc",
    "virStorageVolGetInfo",
    "virStorageVolLookupByName",
    "virStorageVolLookupByPath",
    "virStoragePoolLookupByVolume",
    "virStoragePoolLookupByUUID",
    "virStoragePoolLookupByName",
    "virConnectListAllNetworks",
    "virNetworkGetXMLDesc",
    "virNetworkIsPersistent",
    "virConnectListAllSecrets",
    "virSecretGetXMLDesc",
    "virSecretGetValue",
}
#: What a look at domains may call besides.
ALL_LOOKS = LOOKS | {
    "virDomainGetID",
    "virDomainLookupByUUID",
    "virConnectGetAllDomainStats",
    "virDomainFree",
}


def trace(daemon):
    """Have *daemon* log every public call about what is tested here."""
    uri = f"libvirtd:///system?socket={daemon.home}/run/libvirt/libvirt-admin-sock"
    subprocess.run(
        ["virt-admin", "-c", uri, "daemon-log-filters", "--filters", FILTERS], check=True, capture_output=True
    )


def done_by(bring, snapshot):
    """Return a function that brings things to a wish: as told under test, which touched nothing, and only once."""

    def done(wish):
        before = snapshot()
        told = bring(wish, test=True)
        assert snapshot() == before
        made, again = bring(wish), bring(wish)
        assert (made["result"], made["changes"]) == (True, told["changes"]), made["comment"]
        assert (again["result"], again["changes"]) == (True, {}), again["comment"]
        assert told["result"] is (None if told["changes"] else True), told["comment"]
        return made["changes"]

    return done


def bring_by(things):
    """Return a function that converges ``things(wish)`` and returns what a state would."""
    return lambda wish, test=False: converge(things(wish), wish, test)


def clean(conn):
    """Remove all domains, pools, networks and secrets."""
    for one in [*conn.listAllDomains(), *conn.listAllStoragePools(), *conn.listAllNetworks()]:
        persistent = one.isPersistent()
        if one.isActive():
            one.destroy()
        if persistent:
            one.undefine()
    for secret in conn.listAllSecrets():
        secret.undefine()


@contextmanager
def loop(daemon, path):
    """Yield the block device of the file at *path*, in the /dev of *daemon* too; it is gone afterwards."""
    argv = ["losetup", "--find", "--show", path]
    device = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    try:
        assert daemon.run("mknod", "-m", "660", device, "b", "7", device.removeprefix("/dev/loop"))
        yield device
    finally:
        daemon.run("rm", "-f", device)
        subprocess.run(["losetup", "--detach", device], check=True)


def guest(conn, source, kind="file"):
    """Start a guest g with nothing to boot and one disk, whose driver and source are *source*; return it."""
    disk = f"<disk type='{kind}'>{source}<target dev='vda' bus='virtio'/></disk>"
    os = "<memory>65536</memory><os><type machine='q35'>hvm</type></os>"
    return conn.createXML(f"<domain type='qemu'><name>g</name>{os}<devices>{disk}</devices></domain>")


def everything(conn):
    """All that libvirt knows of them, and what is in the pools."""
    inactive = libvirt.VIR_STORAGE_XML_INACTIVE
    things = [*conn.listAllStoragePools(), *conn.listAllNetworks()]
    known = {one.name(): (_without_usage(one.XMLDesc(inactive)), one.isActive(), one.autostart()) for one in things}
    known |= {one.UUIDString(): one.XMLDesc() for one in conn.listAllSecrets()}
    for pool in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        known |= {f"{pool.name()}:{one.name()}": one.info()[1] for one in pool.listAllVolumes()}
    return known


def _without_usage(text):
    """Return the XML of a pool without how full its disk is: others write there too."""
    return re.sub(r"<(capacity|allocation|available) .*", "", text)


def states(here):
    """Return for volumes and for domains a function from a wish to its ``Things``, as the states make them."""

    def volumes(wish):
        def read():
            return volume_xml.as_asked(volume.read(here, volume_xml.pools(wish)), wish)

        return Things("v", Volumes, read, partial(volume.write, here), volume_xml.impact)

    def domains(wish):
        read, write = (lambda: seen.as_asked(host.read(here.conn), wish)), partial(host.write, here.conn)
        return Things("d", Domains, read, write, rules.impact, partial(seen.pending, wish=wish))

    return {"volumes": volumes, "domains": domains}
