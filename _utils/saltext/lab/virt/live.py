"""Change a guest while it runs.  What the definition says is not touched here."""

from xml.etree import ElementTree as ET

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import events
from saltext.lab.virt.document import put
from saltext.lab.virt.link import doing
from saltext.lab.virt.table import DOMAIN

#: Seconds for a guest to let go of a device, and to give memory back or take it.  libvirt itself gives it 5.
PATIENCE = 10
LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
NO_LIMIT = 9007199254740991  # VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, which libvirt-python 9.0 does not have
CPU, RAM, DISKS = (
    libvirt.virDomain.setSchedulerParametersFlags,
    libvirt.virDomain.setMemoryParameters,
    libvirt.virDomain.setBlkioParameters,
)
#: For each field of ``Tune`` the call, its parameter, the factor to its unit, and what stands for no limit.
TUNES: dict[str, tuple] = {
    "cpu_shares": (CPU, libvirt.VIR_DOMAIN_SCHEDULER_CPU_SHARES, 1, 1024),
    "cpu_period_us": (CPU, libvirt.VIR_DOMAIN_SCHEDULER_VCPU_PERIOD, 1, 100000),
    "cpu_quota_us": (CPU, libvirt.VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, 1, -1),
    "memory_hard_mib": (RAM, libvirt.VIR_DOMAIN_MEMORY_HARD_LIMIT, 1024, NO_LIMIT),
    "memory_soft_mib": (RAM, libvirt.VIR_DOMAIN_MEMORY_SOFT_LIMIT, 1024, NO_LIMIT),
    "blkio_weight": (DISKS, libvirt.VIR_DOMAIN_BLKIO_WEIGHT, 1, 500),
}
THROTTLES = {"iops": "total_iops_sec", "bytes_per_s": "total_bytes_sec"}


def change(conn, name, domain, changes):
    """
    Make *changes*, whose paths start inside the domain, in the guest that runs as *domain*.

    One that is refused does not stop the others; all refusals come in one error.
    """
    flags = libvirt.VIR_DOMAIN_XML_SECURE
    with doing(conn, f"read domain {name}"):
        guest = ET.fromstring(domain.XMLDesc(flags))
        definition = ET.fromstring(domain.XMLDesc(flags | libvirt.VIR_DOMAIN_XML_INACTIVE))
    refusals = []
    for what, its in _grouped(changes).items():
        try:
            with doing(conn, f"change {'.'.join(what)} of domain {name} while it runs"):
                _change(conn, domain, (guest, definition), what, its)
        except Refused as err:
            refusals.append(err)
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise Refused(f"domain {name} was not changed while it runs", "; ".join(map(str, refusals)))


def _grouped(changes):
    """Return *changes* by what is changed in one go: a field, or a device."""
    grouped: dict[tuple, list] = {}
    for one in changes:
        size = 2 if one.path[0] in ("nics", "disks", "hostdevs", "tune") else 1
        grouped.setdefault(one.path[:size], []).append(one)
    return grouped


def _change(conn, domain, roots, what, changes):
    match what:
        case ("memory_mib",):
            _memory(conn, domain, changes[-1].new)
        case ("vcpus",):
            domain.setVcpusFlags(changes[-1].new, LIVE)
        case ("title",):
            domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, changes[-1].new or "", None, None, LIVE)
        case ("tune", field):
            _tune(domain, field, changes[-1].new)
        case ("nics" | "disks" | "hostdevs" as kind, item):
            _device(conn, domain, roots, (kind, item), changes)


def _memory(conn, domain, mib):
    """Ask the guest to take memory, and wait until it has; one that is to give some gives it when it can."""
    event = libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE
    with events.of(conn, domain, event) as heard:
        domain.setMemoryFlags(mib * 1024, LIVE)
        if domain.info()[2] < mib * 1024:
            heard.until(lambda _, kib: kib >= mib * 1024, PATIENCE, f"balloon of domain {domain.name()} at {mib} MiB")


def _tune(domain, field, value):
    call, key, unit, unlimited = TUNES[field]
    call(domain, {key: unlimited if value is None else value * unit}, LIVE)


def _device(conn, domain, roots, what, changes):
    kind, item = what
    there, wished = (_find(DOMAIN[kind], root, item) for root in roots)
    if wished is None:
        if there is not None:
            _unplug(conn, domain, there, ".".join(what))
    elif there is None:
        domain.attachDeviceFlags(_pluggable(wished, roots[0]), LIVE)
    elif kind == "disks":
        _throttle(domain, item, {one.path[-1]: one.new for one in changes})
    else:
        for one in changes:
            if len(one.path) > 2:
                put(there, DOMAIN[kind].table, one.path[2:], one.new)
        domain.updateDeviceFlags(ET.tostring(there, encoding="unicode"), LIVE)


def _throttle(domain, dev, wish):
    if limits := {THROTTLES[key]: value or 0 for key, value in wish.items() if key in THROTTLES}:
        domain.setBlockIoTune(dev, limits, LIVE)


def _find(kind, root, item):
    nodes = root.iterfind(f"{kind.parent}/{kind.tag}")
    return next((node for node in nodes if kind.key.get(node) == item), None)


def _pluggable(wished, guest):
    """Return the XML of a device of the definition; its slot there is kept if the guest has such a slot free."""
    address, slots = wished.find("address"), {_slot(node) for node in guest.iterfind("devices/*/address")}
    buses = {node.get("index") for node in guest.iterfind("devices/controller[@type='pci']")}
    if address is not None and (_slot(address) in slots or _bus(address) not in buses):
        wished.remove(address)
    return ET.tostring(wished, encoding="unicode")


def _slot(address):
    return tuple(sorted(address.attrib.items()))


def _bus(address):
    return str(int(address.get("bus", "0"), 0)) if address.get("type") == "pci" else "0"


def _unplug(conn, domain, there, what):
    """Ask the guest to let go of a device, and wait until it has; QEMU only then takes it away."""
    alias = there.find("alias").get("name")
    removed, failed = libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED
    with events.of(conn, domain, removed, failed) as heard:
        domain.detachDeviceAlias(alias, LIVE)
        asked = f"removal of {what} from the guest of domain {domain.name()}"
        kind, _ = heard.until(lambda _, of: of == alias, PATIENCE, asked)
    if kind == failed:
        raise Refused(
            f"the guest of domain {domain.name()} keeps {what}", "it rejected the request", "the next run tries again"
        )
