"""
Domain XML as plain data and back; see https://libvirt.org/formatdomain.html.

Direct conversion only: no defaults, no policy, no hypervisor.  What the table does not
name stays in the XML untouched.
"""

from xml.etree import ElementTree as ET

from saltext.lab.virt import element
from saltext.lab.virt.element import Map
from saltext.lab.virt.table import DOMAIN, Mark

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
    for path, _, new, _ in changes:
        match path:
            case (key,) if key in DOMAIN and not isinstance(DOMAIN[key], Map):
                DOMAIN[key].set(root, new)
            case (key, item) if new is None:
                DOMAIN[key].drop(root, item)
            case (key, item):
                DOMAIN[key].find(root, item)
            case (key, item, detail):
                DOMAIN[key].table[detail].set(DOMAIN[key].find(root, item), new)
    return ET.tostring(root, encoding="unicode")
