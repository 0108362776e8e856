"""The VLANs of a card in its XML."""

from xml.etree import ElementTree as ET

from saltext.lab.virt import element


class Tag:
    """The one VLAN of a card."""

    def get(self, root):
        """Return its number, None where there is none or it is a trunk."""
        node = root.find("vlan/tag")
        return None if node is None or _is_trunk(root) else int(node.get("id"))

    def set(self, root, value):
        """Write it in place of another or of a trunk."""
        element.remove(root, "vlan")
        if value is not None:
            ET.SubElement(element.make(root, "vlan"), "tag", id=str(value))


class Trunks:
    """The VLANs that a card sees tagged."""

    def get(self, root):
        """Return their numbers, None where it is no trunk."""
        return [int(node.get("id")) for node in root.iterfind("vlan[@trunk='yes']/tag")] or None

    def set(self, root, value):
        """Write them in place of a tag or of others, the native one stays that; for None, leave a tag."""
        native = Native().get(root)
        if value is not None or _is_trunk(root):
            element.remove(root, "vlan")
        for number in value or ():
            ET.SubElement(element.make(root, "vlan", {"vlan": {"trunk": "yes"}}), "tag", id=str(number))
        if native is not None:
            Native().set(root, native)


class Native:
    """Which VLAN of a trunk the card sees without a tag."""

    def get(self, root):
        """Return its number, or None."""
        node = root.find("vlan/tag[@nativeMode='untagged']")
        return None if node is None else int(node.get("id"))

    def set(self, root, value):
        """Write it, in place of another; what is not in the trunk cannot be it."""
        for node in root.iterfind("vlan/tag"):
            node.attrib.pop("nativeMode", None)
            if node.get("id") == str(value):
                node.set("nativeMode", "untagged")


def _is_trunk(root):
    return root.find("vlan[@trunk='yes']") is not None
