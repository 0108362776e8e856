"""Change a guest while it runs.  What the definition says is not touched here."""

from xml.etree import ElementTree as ET

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import events, plug, seen
from saltext.lab.virt.link import doing
from saltext.lab.virt.plug import LIVE, Guest

NO_LIMIT = 9007199254740991  # VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, which libvirt-python 9.0 does not have
CPU, RAM, DISKS = (
    libvirt.virDomain.setSchedulerParametersFlags,
    libvirt.virDomain.setMemoryParameters,
    libvirt.virDomain.setBlkioParameters,
)
#: For each field of ``Tune`` the call, its parameter, and the factor to its unit.
TUNES: dict[str, tuple] = {
    "cpu_shares": (CPU, libvirt.VIR_DOMAIN_SCHEDULER_CPU_SHARES, 1),
    "cpu_period_us": (CPU, libvirt.VIR_DOMAIN_SCHEDULER_VCPU_PERIOD, 1),
    "cpu_quota_us": (CPU, libvirt.VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, 1),
    "memory_hard_mib": (RAM, libvirt.VIR_DOMAIN_MEMORY_HARD_LIMIT, 1024),
    "memory_soft_mib": (RAM, libvirt.VIR_DOMAIN_MEMORY_SOFT_LIMIT, 1024),
    "blkio_weight": (DISKS, libvirt.VIR_DOMAIN_BLKIO_WEIGHT, 1),
}
UNLIMITED = seen.UNLIMITED | dict.fromkeys(("memory_hard_mib", "memory_soft_mib"), NO_LIMIT)


def change(conn, name, domain, changes, patience):
    """
    Make *changes*, whose paths start inside the domain, in the guest that runs as *domain*.

    The guest has *patience* seconds to let go of a device, and to take memory or give it back.
    One that is refused does not stop the others; all refusals come in one error.
    """
    flags = libvirt.VIR_DOMAIN_XML_SECURE
    with doing(conn, f"read domain {name}"):
        has, wished = (domain.XMLDesc(flags | more) for more in (0, libvirt.VIR_DOMAIN_XML_INACTIVE))
    guest = Guest(conn, domain, ET.fromstring(has), ET.fromstring(wished), patience)
    refusals = []
    for what, its in _grouped(changes).items():
        try:
            with doing(conn, f"change {'.'.join(what)} of domain {name} while it runs"):
                _change(guest, what, its)
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


def _change(guest, what, changes):
    domain = guest.domain
    match what:
        case ("memory_mib",):
            _memory(guest, changes[-1].new)
        case ("vcpus",):
            domain.setVcpusFlags(changes[-1].new, LIVE)
        case ("title",):
            domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, changes[-1].new or "", None, None, LIVE)
        case ("tune", field):
            _tune(domain, field, changes[-1].new)
        case ("nics" | "disks" | "hostdevs" as kind, item):
            plug.device(guest, kind, item, changes)


def _memory(guest, mib):
    """Ask the guest to take memory, and wait until it has; one that is to give some gives it when it can."""
    domain, balloon = guest.domain, libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE
    with events.of(guest.conn, domain, balloon) as heard:
        domain.setMemoryFlags(mib * 1024, LIVE)
        if domain.info()[2] < mib * 1024:
            what = f"balloon of domain {domain.name()} at {mib} MiB"
            heard.until(lambda _, kib: kib >= mib * 1024, guest.patience, what)


def _tune(domain, field, value):
    call, key, unit = TUNES[field]
    call(domain, {key: UNLIMITED[field] if value is None else value * unit}, LIVE)
