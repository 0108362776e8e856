"""Memory and CPUs in a domain's XML: what the guest has now, and the most it can have."""

from saltext.lab.virt import element
from saltext.lab.virt.element import Value


class Memory:
    """What the guest has now; ``<memory>`` is the most it can have, and follows where nobody stated more."""

    def get(self, root):
        """Return the MiB it has, or None."""
        node = root.find("currentMemory")
        node = root.find("memory") if node is None else node
        return None if node is None else int(node.text) // 1024

    def set(self, root, mib):
        """Write *mib*, and raise the most if that is less or was the same."""
        most = root.findtext("memory")
        if most is None or self.get(root) == int(most) // 1024 or mib > int(most) // 1024:
            element.remove(root, "currentMemory")
            element.make(root, "memory").text = str(mib * 1024)
        else:
            element.make(root, "currentMemory").text = str(mib * 1024)
        for path in ("memory", "currentMemory"):
            if (node := root.find(path)) is not None:
                node.set("unit", "KiB")


class MemoryMax:
    """The most memory the guest can have."""

    def get(self, root):
        """Return the MiB, or None."""
        text = root.findtext("memory")
        return None if text is None else int(text) // 1024

    def set(self, root, mib):
        """Write *mib*; what the guest has now stays if it is less."""
        now = Memory().get(root)
        element.make(root, "memory").text = str(mib * 1024)
        root.find("memory").set("unit", "KiB")
        if now is not None:
            element.make(root, "currentMemory").text = str(min(now, mib) * 1024)


class Vcpus:
    """The CPUs the guest has now; the text of ``<vcpu>`` is the most it can have, as with memory."""

    def get(self, root):
        """Return their number, or None."""
        node = root.find("vcpu")
        return None if node is None else int(node.get("current", node.text))

    def set(self, root, number):
        """Write *number*, and raise the most if that is less or was the same."""
        node = element.make(root, "vcpu")
        if node.text is None or "current" not in node.attrib or number > int(node.text):
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
        now = Vcpus().get(root)
        node = element.make(root, "vcpu")
        node.text = str(number)
        if now is not None:
            node.set("current", str(min(now, number)))


class Cpuset(Value):
    """CPUs of the host, beside the number of those of the guest: one, if nobody states it."""

    def set(self, root, value):
        """Write them, or let the guest have all."""
        super().set(root, value)
        if (node := root.find("vcpu")) is not None and node.text is None:
            node.text = "1"
