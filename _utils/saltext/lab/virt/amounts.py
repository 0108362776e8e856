"""Memory and CPUs in a domain's XML: what the guest has now, and the most it can have."""

from xml.etree import ElementTree as ET

from saltext.lab.virt import element
from saltext.lab.virt.element import Value


class Memory:
    """
    What the guest has now; ``<memory>`` is the most it can have.

    That is raised where it is less.  It goes down too where there is no balloon: no guest could have less then.
    """

    def get(self, root):
        """Return the MiB it has, or None."""
        node = root.find("currentMemory")
        node = root.find("memory") if node is None else node
        return None if node is None else int(node.text) // 1024

    def set(self, root, mib):
        """Write *mib*, and the most with it where that has to follow."""
        most = MemoryMax().get(root)
        bound = root.find("devices/memballoon[@model='none']") is not None and self.get(root) == most
        if most is None or mib >= most or bound:
            element.remove(root, "currentMemory")
            _kib(root, "memory", mib)
        else:
            _kib(root, "currentMemory", mib)


class MemoryMax:
    """The most memory the guest can have."""

    def get(self, root):
        """Return the MiB, or None."""
        text = root.findtext("memory")
        return None if text is None else int(text) // 1024

    def set(self, root, mib):
        """Write *mib*; what the guest has now stays if it is less."""
        now, most = Memory().get(root), element.make(root, "memory")
        if now is None or now >= mib:
            element.remove(root, "currentMemory")
        elif root.find("currentMemory") is None:
            ET.SubElement(root, "currentMemory", most.attrib).text = most.text
        _kib(root, "memory", mib)


class Vcpus:
    """The CPUs the guest has now; the text of ``<vcpu>`` is the most it can have, and is raised where it is less."""

    def get(self, root):
        """Return their number, or None."""
        node = root.find("vcpu")
        return None if node is None else int(node.get("current", node.text))

    def set(self, root, number):
        """Write *number*, and raise the most if that is less."""
        node = _vcpu(root)
        if node.text is None or number >= int(node.text):
            node.attrib.pop("current", None)
            node.text = str(number)
        else:
            node.set("current", str(number))


class VcpusMax:
    """The most CPUs the guest can have."""

    def get(self, root):
        """Return their number, or None."""
        node = root.find("vcpu")
        return None if node is None else int(node.text)

    def set(self, root, number):
        """Write *number*; what the guest has now stays if it is less."""
        now, node = Vcpus().get(root), _vcpu(root)
        node.text = str(number)
        node.attrib.pop("current", None)
        if now is not None and now < number:
            node.set("current", str(now))


def _kib(root, path, mib):
    node = element.make(root, path)
    node.set("unit", "KiB")
    node.text = str(mib * 1024)


def _vcpu(root):
    """Return <vcpu>, made if need be; a list of all CPUs one by one would outrank what it says."""
    element.remove(root, "vcpus")
    return element.make(root, "vcpu")


class Cpuset(Value):
    """CPUs of the host, beside the number of those of the guest: one, if nobody states it."""

    def set(self, root, value):
        """Write them, or let the guest have all."""
        super().set(root, value)
        if (node := root.find("vcpu")) is not None and node.text is None:
            node.text = "1"
