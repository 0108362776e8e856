"""What the XML of a libvirt network is called in a wish, and what a change of it means.  Pure."""

from typing import Any
from xml.etree import ElementTree as ET

from saltext.lab.plan import LIVE, NEXT_BOOT
from saltext.lab.virt.element import Map, Value
from saltext.lab.virt.network_element import Address, Default, Dhcp, Forward, Mark, Tag, Trunk

#: What libvirt changes in a network that runs (virNetworkUpdate), and what is not in its XML.
AT_ONCE = {"adopt", "autostart", "running", "portgroups", "dhcp"}


PORTGROUP = {
    "default": Default(),
    "tag": Tag("vlan/tag", "id", load=int, clear="vlan", unless="vlan[@trunk='yes']"),
    "trunk": Trunk(),
}
NETWORK: dict[str, Any] = {
    "adopt": Mark(),
    "forward": Forward(),
    "bridge": Value("bridge", "name"),
    "virtualport": Value("virtualport", "type", clear="virtualport"),
    "portgroups": Map(".", "portgroup", Value(".", "name"), PORTGROUP),
    "mtu": Value("mtu", "size", load=int),
    "domain": Value("domain", "name"),
    "address": Address(),
    "dhcp": Dhcp(),
}


def blank(name):
    """Return the XML of a network *name* with our mark and nothing that nobody asked for."""
    root = ET.Element("network")
    ET.SubElement(root, "name").text = name
    Mark().set(root, True)
    return ET.tostring(root, encoding="unicode")


def impact(change, actual, wish):
    """
    Return ``next-boot``, at its next start, for what a network that runs keeps; else ``live``.

    DHCP ranges of another address, as *wish* states it, have to wait for it.
    """
    name, *rest = change.path
    now, then = actual.get(name, {}), wish.get(name) or {}
    if not (now.get("running") and rest):
        return LIVE
    moves = then.get("address", now.get("address")) != now.get("address")
    return LIVE if rest[0] in AT_ONCE and not (rest[0] == "dhcp" and moves) else NEXT_BOOT


def pending(actual, wish):
    """Return which networks in *wish* run otherwise than they are defined, as a text for people."""
    waiting = {name: actual[name]["pending"] for name in wish if actual.get(name, {}).get("pending")}
    return "; ".join(f"{name} takes on {', '.join(fields)} at its next start" for name, fields in waiting.items())
