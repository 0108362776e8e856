"""What in the XML of a domain's devices is more than one text at one place."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from saltext.lab.virt import element
from saltext.lab.virt.element import Value

OFFLOADS = {
    "host": dict.fromkeys(("csum", "gso", "tso4", "tso6", "ecn", "ufo"), "off"),
    "guest": dict.fromkeys(("csum", "tso4", "tso6", "ecn", "ufo"), "off"),
}


@dataclass(frozen=True)
class Source:
    """One of the ways in which a device is connected; writing another way takes the first one away."""

    type: str
    attr: str

    def get(self, root):
        """Return what it is connected to, or None if it is connected in another way."""
        node = root.find("source")
        return None if node is None or _way(root, node) != self.type else node.get(self.attr)

    def set(self, root, value):
        """Connect it in this way."""
        if value is None or root.get("type") != self.type:
            element.remove(root, "source")
        if value is None:
            return
        root.set("type", self.type)
        element.make(root, "source").set(self.attr, value)


def _way(root, source):
    """Return how a device is connected; a card that runs in a network has the type of what the network made of it."""
    return "network" if root.tag == "interface" and source.get("network") else root.get("type")


class Model(Value):
    """The model of a card; its slot stays, unless it was on another kind of bus."""

    def set(self, root, value):
        """Write the model."""
        if ("usb" in value) != ("usb" in (self.get(root) or "")):
            element.remove(root, "address")
        super().set(root, value)


class Rate(Value):
    """What a card may receive.  For Open vSwitch the average is what it may count on, and only the peak a limit."""

    def set(self, root, value):
        """Write *value* as both."""
        super().set(root, value)
        if value is not None:
            root.find(self.path).set("peak", str(value))


class Offloads:
    """What a virtio card leaves to the host; False where everything is switched off."""

    def get(self, root):
        """Return False where all of them are off."""
        return not all(
            (node := root.find(f"driver/{side}")) is not None and off.items() <= node.attrib.items()
            for side, off in OFFLOADS.items()
        )

    def set(self, root, value):
        """Switch all of them off, or say nothing about any; the driver's other settings stay."""
        for side, off in OFFLOADS.items():
            if not value:
                element.make(root, f"driver/{side}").attrib.update(off)
            elif (node := root.find(f"driver/{side}")) is not None:
                node.attrib = {key: text for key, text in node.attrib.items() if key not in off}
                element.prune(root, f"driver/{side}")
        if not value:
            root.find("driver").set("name", "qemu")  # vhost in the kernel would not honour them


class Backing:
    """The image that a disk is a difference to."""

    def get(self, root):
        """Return its file, or None."""
        node = root.find("backingStore[@type='file']/source")
        return None if node is None else node.get("file")

    def set(self, root, value):
        """Write its file; of a chain of images the rest is read from the files themselves."""
        form = root.find("backingStore/format")
        element.remove(root, "backingStore")
        if value is not None:
            store = ET.SubElement(root, "backingStore", type="file")
            store.append(ET.Element("format", type="raw") if form is None else form)
            ET.SubElement(store, "source", file=value)


class HostdevKey:
    """Which device of the host it is: ``pci:0000:01:00.0`` or ``usb:046d:c52b``."""

    def get(self, root):
        """Return it, or None for one that is told otherwise."""
        pci, vendor = root.find("source/address"), root.find("source/vendor")
        if root.get("type") == "pci" and pci is not None:
            domain, bus, slot, function = (int(pci.get(key), 16) for key in ("domain", "bus", "slot", "function"))
            return f"pci:{domain:04x}:{bus:02x}:{slot:02x}.{function}"
        if root.get("type") == "usb" and vendor is not None:
            return f"usb:{int(vendor.get('id'), 16):04x}:{int(root.find('source/product').get('id'), 16):04x}"
        return None

    def set(self, root, key):
        """Write it into a new element."""
        kind, one, two, *rest = key.split(":")
        source = element.make(root, "source")
        root.attrib.update({"mode": "subsystem", "type": kind, "managed": "yes" if kind == "pci" else "no"})
        if kind == "pci":
            slot, function = rest[0].split(".")
            numbers = {"domain": one, "bus": two, "slot": slot, "function": function}
            ET.SubElement(source, "address", {name: f"0x{number}" for name, number in numbers.items()})
        else:
            ET.SubElement(source, "vendor", id=f"0x{one}")
            ET.SubElement(source, "product", id=f"0x{two}")
