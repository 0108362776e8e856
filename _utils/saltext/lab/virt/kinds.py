"""What in a domain's XML is more than one text at one place."""

from xml.etree import ElementTree as ET

from saltext.lab.virt import element
from saltext.lab.virt.document import Group
from saltext.lab.virt.element import Value

MODES = ("host-passthrough", "host-model", "maximum")


class Fields(Group):
    """Fields under one key; there is always such a key."""

    def get(self, root):
        """Return ``{field: value}``."""
        return element.load(root, self.table)


class CpuModel:
    """The name of a CPU model, or a mode that needs none."""

    def get(self, root):
        """Return the model or the mode, or None."""
        cpu = root.find("cpu")
        if cpu is None:
            return None
        return cpu.findtext("model") if cpu.get("mode", "custom") == "custom" else cpu.get("mode")

    def set(self, root, value):
        """Write the model or the mode; features and topology stay."""
        custom = value not in MODES
        cpu = element.make(root, "cpu")
        cpu.set("mode", "custom" if custom else value)
        element.remove(cpu, "model")
        if custom:
            cpu.set("match", "exact")
            ET.SubElement(cpu, "model", fallback="forbid").text = value


class _Feature(dict):
    def __missing__(self, name):
        return Value(f"cpu/feature[@name='{name}']", "policy", new={"feature": {"name": name}})


class CpuFeatures(Group):
    """Features of the CPU by name."""

    def get(self, root):
        """Return ``{name: policy}``."""
        return {node.get("name"): node.get("policy", "require") for node in root.iterfind("cpu/feature")}


FEATURES = CpuFeatures(_Feature())


class PciePorts:
    """The PCIe root ports of a machine that has PCIe; each has one slot."""

    PATH = "devices/controller[@model='pcie-root-port']"

    def get(self, root):
        """Return their number, or None."""
        return len(root.findall(self.PATH)) or None

    def set(self, root, number):
        """Add what lacks; one may hold a card, so none is taken away."""
        if root.find("devices/controller[@model='pcie-root']") is None:
            ET.SubElement(element.make(root, "devices"), "controller", type="pci", index="0", model="pcie-root")
        for _ in range(number - len(root.findall(self.PATH))):
            ET.SubElement(root.find("devices"), "controller", type="pci", model="pcie-root-port")


class OemStrings:
    """Texts in the SMBIOS."""

    PATH = "sysinfo[@type='smbios']/oemStrings"

    def get(self, root):
        """Return them, or None."""
        return [node.text or "" for node in root.iterfind(f"{self.PATH}/entry")] or None

    def set(self, root, value):
        """Write them in place of those that were."""
        element.remove(root, self.PATH)
        for text in value or ():
            parent = element.make(root, self.PATH, {"sysinfo": {"type": "smbios"}})
            ET.SubElement(parent, "entry").text = text


class Serial:
    """The first serial port; libvirt shows it a second time as <console>."""

    def get(self, root):
        """Return whether there is one."""
        return root.find("devices/serial") is not None

    def set(self, root, value):
        """Put one there, or take all away."""
        if value:
            element.make(root, "devices/serial", {"serial": {"type": "pty"}})
            return
        element.remove(root, "devices/serial")
        for console in root.findall("devices/console"):
            if (target := console.find("target")) is None or target.get("type", "serial") == "serial":
                root.find("devices").remove(console)


class Agent:
    """The channel to the guest agent."""

    NAME = "org.qemu.guest_agent.0"

    def get(self, root):
        """Return whether there is one."""
        return self._find(root) is not None

    def set(self, root, value):
        """Put it there, or take it away."""
        if (channel := self._find(root)) is not None:
            root.find("devices").remove(channel)
        if value:
            channel = ET.SubElement(element.make(root, "devices"), "channel", type="unix")
            ET.SubElement(channel, "target", type="virtio", name=self.NAME)

    def _find(self, root):
        nodes = root.iterfind("devices/channel")
        return next((node for node in nodes if node.find(f"target[@name='{self.NAME}']") is not None), None)
