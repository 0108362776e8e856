"""What the XML of a domain's devices is called in a wish; see ``table``."""

from typing import Any

from saltext.lab.virt.card import Backing, Model, Offloads, Rate, Source
from saltext.lab.virt.document import Texts
from saltext.lab.virt.element import Switch, Value
from saltext.lab.virt.vlan import Native, Tag, Trunks

BOOT_ORDER = Value("boot", "order", load=int)


def _server(node):
    """Return ``name:port`` of a <host>; libvirt takes an IPv6 address without its brackets."""
    name = node.get("name", "")
    return f"[{name}]:{node.get('port')}" if ":" in name else f"{name}:{node.get('port')}"


def _host(server):
    name, _, port = server.rpartition(":")
    return {"name": name.strip("[]"), "port": port}


NIC: dict[str, Any] = {
    "bridge": Source("bridge", "bridge"),
    "network": Source("network", "network"),
    "portgroup": Value("source", "portgroup", gone="source/@portgroup"),
    "direct": Source("direct", "dev"),
    "direct_mode": Value("source", "mode"),
    "virtualport": Value("virtualport", "type", clear="virtualport"),
    "tag": Tag(),
    "trunks": Trunks(),
    "native": Native(),
    "model": Model("model", "type"),
    "mtu": Value("mtu", "size", load=int),
    "target": Value("target", "dev"),
    "link": Value("link", "state"),
    "inbound": Rate("bandwidth/inbound", "average", load=int),
    "outbound": Value("bandwidth/outbound", "average", load=int),
    "queues": Value("driver", "queues", load=int, gone="driver/@queues"),
    "boot_order": BOOT_ORDER,
    "rom": Value(
        "rom", "enabled", load=lambda text: text == "yes", dump=lambda on: "yes" if on else "no", gone="rom/@enabled"
    ),
    "rom_file": Value("rom", "file", gone="rom/@file"),
    "offloads": Offloads(),
}
DISK: dict[str, Any] = {
    "device": Value(".", "device"),
    "file": Source("file", "file"),
    "block": Source("block", "dev"),
    "pool": Source("volume", "pool"),
    "volume": Source("volume", "volume"),
    "protocol": Source("network", "protocol"),
    "name": Source("network", "name"),
    "hosts": Texts("source", "host", _server, _host, having="name"),
    "auth_user": Value("source/auth", "username", gone="source/auth"),
    "auth_secret": Value("source/auth/secret", "uuid", new={"secret": {"type": "ceph"}}),
    "bus": Value("target", "bus", clear="address"),
    "format": Value("driver", "type", new={"driver": {"name": "qemu"}}),
    "backing_format": Value("backingStore/format", "type", new={"backingStore": {"type": "file"}}),
    "backing": Backing(),
    "cache": Value("driver", "cache", gone="driver/@cache"),
    "io": Value("driver", "io", gone="driver/@io"),
    "discard": Value("driver", "discard", gone="driver/@discard"),
    "detect_zeroes": Value("driver", "detect_zeroes", gone="driver/@detect_zeroes"),
    "serial": Value("serial"),
    "readonly": Switch("readonly", "<readonly/>"),
    "shareable": Switch("shareable", "<shareable/>"),
    "boot_order": BOOT_ORDER,
    "iops": Value("iotune/total_iops_sec", load=int),
    "bytes_per_s": Value("iotune/total_bytes_sec", load=int),
}
FILESYSTEM: dict[str, Any] = {
    "source": Value("source", "dir"),
    "driver": Value("driver", "type"),
    "readonly": Switch("readonly", "<readonly/>"),
}
HOSTDEV: dict[str, Any] = {
    "managed": Value(".", "managed", load="yes".__eq__, dump=lambda yes: "yes" if yes else "no"),
    "boot_order": BOOT_ORDER,
}
FW_CFG: dict[str, Any] = {
    "file": Value(".", "file", clear="./text()"),
    "value": Value(".", clear="./@file"),
}
