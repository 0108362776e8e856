"""
Domain XML as plain data and back; see https://libvirt.org/formatdomain.html.

Direct conversion only: no defaults, no policy, no hypervisor.  What the table does not
name stays in the XML untouched.
"""

from xml.etree import ElementTree as ET

from saltext.lab.virt import element
from saltext.lab.virt.document import put
from saltext.lab.virt.element import Map
from saltext.lab.virt.mark import Mark
from saltext.lab.virt.table import DOMAIN

ORDER = {key: number for number, key in enumerate(DOMAIN)}

# Prefixes that people know, for those who look at the XML; ElementTree would call them ns0.
for _prefix, _uri in {
    "lab": "https://saltext-lab/domain/1",
    "qemu": "http://libvirt.org/schemas/domain/qemu/1.0",
    "libosinfo": "http://libosinfo.org/xmlns/libvirt/domain/1.0",
}.items():
    ET.register_namespace(_prefix, _uri)


def blank(kind, name):
    """
    Return the XML of a domain *name* of type *kind* with our mark and nothing that nobody asked for.

    It has ACPI: without it a guest neither powers off when told nor finds its PCI interrupts.
    """
    root = ET.Element("domain", type=kind)
    ET.SubElement(root, "name").text = name
    ET.SubElement(element.make(root, "os"), "type").text = "hvm"
    element.make(root, "features/acpi")
    element.make(root, "devices")
    Mark().set(root, True)
    return ET.tostring(root, encoding="unicode")


def read(text):
    """Return the domain XML *text* as a dict with the keys of ``DOMAIN``; what is not there is left out."""
    return element.load(ET.fromstring(text), DOMAIN)


def write(text, changes):
    """Return the domain XML *text* after *changes*, whose paths start inside the domain."""
    root = ET.fromstring(text)
    changes = _in_order([change for change in changes if change.path[0] in DOMAIN])
    for path, _, new, _ in changes:
        put(root, DOMAIN, path, new)
    _agree(root, {change.path[0] for change in changes}, {change.path[-1] for change in changes})
    return ET.tostring(root, encoding="unicode")


def _in_order(changes):
    """Return *changes* as the tables have them; devices stay in the order of the wish, which is that of their slots."""
    items = {path: number for number, path in enumerate(dict.fromkeys(change.path[:2] for change in changes))}

    def place(change):
        key, *rest = change.path
        detail = list(DOMAIN[key].table).index(rest[1]) if len(rest) == 2 and isinstance(DOMAIN[key], Map) else -1
        return ORDER[key], items[change.path[:2]], detail

    return sorted((change for change in changes if change.path[-1] != "size_mib"), key=place)


def _agree(root, keys, details):
    """Make the rest of the XML agree with what was written; libvirt refuses both ways of saying what boots first."""
    if "boot" in keys:
        for device in root.iterfind("devices/*[boot]"):
            element.remove(device, "boot")
    elif "boot_order" in details and root.find("devices/*[boot]") is not None:
        element.remove(root, "os/boot")
    if keys & {"smbios", "oem_strings"}:
        element.remove(root, "os/smbios")
        if root.find("sysinfo[@type='smbios']") is not None:
            element.make(root, "os/smbios").set("mode", "sysinfo")
    if "shared_memory" in keys:
        element.remove(root, "memoryBacking/source")
        shared = root.find("memoryBacking/access[@mode='shared']") is not None
        if shared and root.find("memoryBacking/hugepages") is None:
            element.make(root, "memoryBacking/source").set("type", "memfd")
    if "nics" in keys:
        _plug(root)


def _plug(root):
    """Give each USB card a port: libvirt 9.0 has none for cards, and begins with port 1 for all else."""
    used = {address.get("port") for address in root.iterfind("devices/*/address[@type='usb']")}
    free = (str(port) for port in (*range(2, 16), 1) if str(port) not in used)
    for card in root.iterfind("devices/interface"):
        if card.find("model[@type='usb-net']") is not None and card.find("address") is None:
            ET.SubElement(card, "address", type="usb", bus="0", port=next(free))
