"""Plug devices into a guest that runs, change and unplug them."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import element, events
from saltext.lab.virt.document import put
from saltext.lab.virt.table import DOMAIN

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
THROTTLES = {"iops": "total_iops_sec", "bytes_per_s": "total_bytes_sec"}
#: As in ``card.Rate``.  An update of the card would leave the limits in Open vSwitch when the last one goes (9.0).
RATES = {"inbound": ("inbound.average", "inbound.peak"), "outbound": ("outbound.average",)}


@dataclass(frozen=True)
class Guest:
    """A guest that runs: what it runs with, what its definition says now, and how long it is waited for."""

    conn: libvirt.virConnect
    domain: libvirt.virDomain
    has: ET.Element
    wished: ET.Element
    patience: int  #: seconds


def device(guest, kind, item, changes):
    """Make *changes* of one device, whose paths start inside the domain; or plug it in or unplug it."""
    there, wished = (_find(DOMAIN[kind], root, item) for root in (guest.has, guest.wished))
    if wished is None:
        if there is not None:
            _unplug(guest, there, f"{kind}.{item}")
    elif there is None:
        guest.domain.attachDeviceFlags(_pluggable(wished, guest.has), LIVE)
    else:
        _adjust(guest.domain, kind, item, _stated(changes))
        if kind == "disks" and "file" in _stated(changes):
            guest.domain.updateDeviceFlags(ET.tostring(wished, encoding="unicode"), LIVE)
        if rest := [one for one in changes if one.path[2:] and one.path[2] not in RATES and kind != "disks"]:
            _update(guest, kind, _asked_for(there, wished), rest)


def _stated(changes):
    return {one.path[2]: one.new for one in changes if one.path[2:]}


def _adjust(domain, kind, item, wish):
    """Set what has a call of its own."""
    if kind == "disks" and (limits := {THROTTLES[key]: wish[key] or 0 for key in wish.keys() & THROTTLES}):
        domain.setBlockIoTune(item, limits, LIVE)
    if kind == "nics" and (rates := {name: wish[key] or 0 for key in wish.keys() & RATES for name in RATES[key]}):
        domain.setInterfaceParameters(item, rates, LIVE)


def _update(guest, kind, node, changes):
    for one in changes:
        put(node, DOMAIN[kind].table, one.path[2:], one.new)
    guest.domain.updateDeviceFlags(ET.tostring(node, encoding="unicode"), LIVE)


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


def _asked_for(card, wished):
    """Return *card* of the guest as libvirt was asked for it: in a network it has what that network made of it."""
    source = card.find("source")
    if source.get("network"):
        card.set("type", "network")
        source.attrib = {key: text for key, text in source.items() if key in ("network", "portgroup")}
        for tag in ("vlan", "bandwidth"):
            element.remove(card, tag)
            card.extend(wished.findall(tag))
    return card


def _unplug(guest, there, what):
    """Ask the guest to let go of a device, and wait until it has; QEMU only then takes it away."""
    alias, name = there.find("alias").get("name"), guest.domain.name()
    removed, failed = libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED
    with events.of(guest.conn, guest.domain, removed, failed) as heard:
        guest.domain.detachDeviceAlias(alias, LIVE)
        asked = f"removal of {what} from the guest of domain {name}"
        kind, _ = heard.until(lambda _, of: of == alias, guest.patience, asked)
    if kind == failed:
        raise Refused(f"the guest of domain {name} keeps {what}", "it rejected the request", "the next run tries again")
