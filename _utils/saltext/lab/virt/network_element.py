"""How the values of a libvirt network sit in its XML; see ``element``."""

from ipaddress import IPv4Interface
from xml.etree import ElementTree as ET

from saltext.lab.virt import element
from saltext.lab.virt.element import Value

#: Our mark: what has this element in its metadata was made or taken over by this suite.
MARK = "{https://saltext-lab/network/1}network"
ET.register_namespace("labnet", "https://saltext-lab/network/1")


class Forward:
    """Where packets go; isolated is no element at all."""

    def get(self, root):
        """Return the mode."""
        node = root.find("forward")
        return "isolated" if node is None else node.get("mode", "nat")

    def set(self, root, value):
        """Write the mode; what belongs to another one, such as the ports of NAT, goes with it."""
        element.remove(root, "forward")
        if value != "isolated":
            ET.SubElement(root, "forward", mode=value)


class Mark:
    """Our mark; it is there or not."""

    def get(self, root):
        """Return whether it is there."""
        return root.find(f"metadata/{MARK}") is not None

    def set(self, root, value):
        """Put it there, or take it away."""
        metadata = element.make(root, "metadata")
        for node in metadata.findall(MARK):  # its name has slashes, so no path can lead there
            metadata.remove(node)
        if value:
            ET.SubElement(metadata, MARK)
        element.prune(root, "metadata")


class Address:
    """The first IPv4 address, with its prefix; others stay."""

    def get(self, root):
        """Return address/prefix, or None."""
        node = first(root)
        return (
            None
            if node is None or not node.get("address")
            else str(IPv4Interface(f"{node.get('address')}/{_mask(node)}"))
        )

    def set(self, root, value):
        """Write the address; None takes it away with its DHCP."""
        node = first(root)
        if value is None:
            if node is not None:
                root.remove(node)
            return
        node = ET.SubElement(root, "ip") if node is None else node
        node.attrib.pop("netmask", None)
        node.attrib["address"], node.attrib["prefix"] = value.split("/")


class Dhcp:
    """The ranges of the first IPv4 address."""

    def get(self, root):
        """Return them as ``first-last``, or None."""
        node = first(root)
        ranges = [] if node is None else node.findall("dhcp/range")
        return [f"{one.get('start')}-{one.get('end')}" for one in ranges] or None

    def set(self, root, value):
        """Put *value* there in place of all that were; reservations of hosts stay."""
        node = first(root)
        if node is None:
            if value is None:
                return
            node = ET.SubElement(root, "ip")  # without an address: libvirt will say so
        element.remove(node, "dhcp/range")
        for text in value or ():
            element.make(node, "dhcp").append(range_of(text))


class Default:
    """Whether a group is for cards that name none."""

    def get(self, root):
        """Return whether it is."""
        return root.get("default") == "yes"

    def set(self, root, value):
        """Write yes, or nothing: libvirt prints no `no`."""
        root.attrib.pop("default", None)
        if value:
            root.set("default", "yes")


class Trunk:
    """The VLANs that a port carries tagged."""

    def get(self, root):
        """Return their numbers, or None."""
        vlan = root.find("vlan[@trunk='yes']")
        return None if vlan is None else [int(tag.get("id")) for tag in vlan.iterfind("tag")]

    def set(self, root, value):
        """Write them in place of what VLANs there were; None takes them away, and leaves a single tag."""
        if value is None and self.get(root) is None:
            return
        element.remove(root, "vlan")
        for number in value or ():
            ET.SubElement(element.make(root, "vlan", {"vlan": {"trunk": "yes"}}), "tag", id=str(number))


class Tag(Value):
    """The one VLAN of a port."""

    def set(self, root, value):
        """Write it; None leaves a trunk."""
        if value is not None or self.get(root) is not None:
            super().set(root, value)


def first(root):
    """Return the first IPv4 element, or None."""
    return next((node for node in root.findall("ip") if node.get("family", "ipv4") == "ipv4"), None)


def range_of(text):
    """Return the element of a DHCP range *text*."""
    start, _, end = text.partition("-")
    return ET.Element("range", start=start, end=end)


def _mask(node):
    return node.get("prefix") or node.get("netmask") or "32"
