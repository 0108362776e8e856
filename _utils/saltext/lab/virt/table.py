"""
What a domain's XML is called in a wish: for each field of the model the entry that reads and writes it.

See https://libvirt.org/formatdomain.html.
"""

from typing import Any
from xml.etree import ElementTree as ET

from saltext.lab.virt import element
from saltext.lab.virt.element import Map, Switch, Value

#: Our mark: what has this element in its metadata was made or taken over by this suite.
MARK = "{https://saltext-lab/domain/1}domain"
OFFLOADS = {
    "host": dict.fromkeys(("csum", "gso", "tso4", "tso6", "ecn", "ufo"), "off"),
    "guest": dict.fromkeys(("csum", "tso4", "tso6", "ecn", "ufo"), "off"),
}
#: libvirt gives KiB whatever unit it was given.
KIB_AS_MIB: dict[str, Any] = {"load": lambda kib: int(kib) // 1024, "dump": lambda mib: str(mib * 1024)}


class Mark:
    """Our mark; it is there or not."""

    def get(self, root):
        """Return whether it is there."""
        return root.find(f"metadata/{MARK}") is not None

    def set(self, root, value):
        """Put it there, or take it away."""
        metadata = element.make(root, "metadata")
        for node in metadata.findall(MARK):
            metadata.remove(node)
        if value:
            ET.SubElement(metadata, MARK)


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
        custom = value not in ("host-passthrough", "host-model", "maximum")
        cpu = element.make(root, "cpu")
        cpu.set("mode", "custom" if custom else value)
        element.remove(cpu, "model")
        if custom:
            cpu.set("match", "exact")
            ET.SubElement(cpu, "model", fallback="forbid").text = value


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


class Bridge(Value):
    """The bridge of a card; a card that is plugged in otherwise is turned into one on a bridge."""

    def set(self, root, value):
        """Write the bridge."""
        root.set("type", "bridge")
        super().set(root, value)


NIC: dict[str, Any] = {
    "bridge": Bridge("source", "bridge"),
    "virtualport": Value("virtualport", "type", clear="virtualport"),
    "tag": Value("vlan/tag", "id", load=int, clear="vlan", unless="vlan[@trunk='yes']"),
    "model": Value("model", "type"),
    "mtu": Value("mtu", "size", load=int),
    "offloads": Offloads(),
}
FW_CFG: dict[str, Any] = {
    "file": Value(".", "file", clear="./text()"),
    "value": Value(".", clear="./@file"),
}
DOMAIN: dict[str, Any] = {
    "adopt": Mark(),
    "type": Value(".", "type"),
    "uuid": Value("uuid"),
    "title": Value("title"),
    # A smaller current memory would be what the guest really gets.
    "memory_mib": Value("memory", clear="currentMemory", **KIB_AS_MIB),
    "vcpus": Value("vcpu", load=int, clear="vcpu/@current"),
    "machine": Value("os/type", "machine"),
    "cpu_model": CpuModel(),
    "kernel": Value("os/kernel"),
    "initrd": Value("os/initrd"),
    "cmdline": Value("os/cmdline"),
    "on_reboot": Value("on_reboot"),
    "tb_cache_mib": Value("features/tcg/tb-cache", new={"tb-cache": {"unit": "KiB"}}, **KIB_AS_MIB),
    "nics": Map("devices", "interface", Value("mac", "address"), NIC, new={"interface": {"type": "bridge"}}),
    "fw_cfg": Map("sysinfo[@type='fwcfg']", "entry", Value(".", "name"), FW_CFG, new={"sysinfo": {"type": "fwcfg"}}),
    "serial_log": Value("devices/serial/log", "file", new={"serial": {"type": "pty"}, "log": {"append": "on"}}),
    "rng": Switch("devices/rng", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"),
    "balloon": Switch("devices/memballoon", "<memballoon model='virtio'/>", off="<memballoon model='none'/>"),
}
