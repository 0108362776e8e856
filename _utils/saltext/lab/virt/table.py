"""
What a domain's XML is called in a wish: for each field of the model the entry that reads and writes it.

See https://libvirt.org/formatdomain.html.
"""

import typing
from typing import Any

from saltext.lab.virt.amounts import Cpuset, Memory, MemoryMax, Vcpus, VcpusMax
from saltext.lab.virt.card import HostdevKey
from saltext.lab.virt.device_table import DISK, FILESYSTEM, FW_CFG, HOSTDEV, NIC
from saltext.lab.virt.document import Texts
from saltext.lab.virt.element import Map, Switch, Value
from saltext.lab.virt.firmware import Firmware
from saltext.lab.virt.kinds import FEATURES, Agent, CpuModel, Fields, OemStrings, PciePorts, Serial
from saltext.lab.virt.mark import MARK, Mark, Note, Overlay
from saltext.lab.virt.model import BIOS, CHASSIS, SYSTEM

__all__ = ["DISK", "DOMAIN", "FW_CFG", "MARK", "NIC", "Mark"]

#: libvirt gives KiB whatever unit it was given.
KIB_AS_MIB: dict[str, Any] = {"load": lambda kib: int(kib) // 1024, "dump": lambda mib: str(mib * 1024)}


def _kib(path):
    return Value(path, new={path.rpartition("/")[2]: {"unit": "KiB"}}, **KIB_AS_MIB)


def _smbios(block, names):
    new = {"sysinfo": {"type": "smbios"}}
    path = f"sysinfo[@type='smbios']/{block}/entry[@name='%s']"
    return Fields({name: Value(path % name, new=new | {"entry": {"name": name}}) for name in typing.get_args(names)})


TUNE: dict[str, Any] = {
    "cpu_shares": Value("cputune/shares", load=int),
    "cpu_period_us": Value("cputune/period", load=int),
    "cpu_quota_us": Value("cputune/quota", load=int),
    "memory_hard_mib": _kib("memtune/hard_limit"),
    "memory_soft_mib": _kib("memtune/soft_limit"),
    "blkio_weight": Value("blkiotune/weight", load=int),
}
#: In the order in which they are written: what comes first cannot undo what comes later.
DOMAIN: dict[str, Any] = {
    "adopt": Mark(),
    "spec": Note("spec"),
    "spec_hash": Note("hash"),
    "start_order": Note("start", int),
    "type": Value(".", "type"),
    "uuid": Value("uuid"),
    "title": Value("title"),
    "balloon": Switch("devices/memballoon", "<memballoon model='virtio'/>", off="<memballoon model='none'/>"),
    "memory_mib": Memory(),
    "memory_max_mib": MemoryMax(),
    "vcpus": Vcpus(),
    "vcpus_max": VcpusMax(),
    "cpuset": Cpuset("vcpu", "cpuset", gone="vcpu/@cpuset"),
    "machine": Value("os/type", "machine"),
    "cpu_model": CpuModel(),
    "cpu_features": FEATURES,
    "firmware": Firmware(),
    "nvram": Value("os/nvram"),
    "tpm": Value(
        "devices/tpm/backend",
        "version",
        new={"tpm": {"model": "tpm-tis"}, "backend": {"type": "emulator"}},
        gone="devices/tpm",
    ),
    "boot": Texts("os", "boot", lambda node: node.get("dev"), lambda dev: {"dev": dev}),
    "kernel": Value("os/kernel"),
    "initrd": Value("os/initrd"),
    "cmdline": Value("os/cmdline"),
    "on_poweroff": Value("on_poweroff"),
    "on_reboot": Value("on_reboot"),
    "on_crash": Value("on_crash"),
    "tb_cache_mib": _kib("features/tcg/tb-cache"),
    "clock": Value("clock", "offset"),
    "hugepages": Switch("memoryBacking/hugepages", "<hugepages/>"),
    "shared_memory": Switch("memoryBacking/access[@mode='shared']", "<access mode='shared'/>"),
    "iothreads": Value("iothreads", load=int),
    "pcie_ports": PciePorts(),
    "nics": Map("devices", "interface", Value("mac", "address"), NIC, new={"interface": {"type": "bridge"}}),
    "disks": Map("devices", "disk", Value("target", "dev"), DISK, new={"disk": {"type": "file", "device": "disk"}}),
    "filesystems": Map(
        "devices", "filesystem", Value("target", "dir"), FILESYSTEM, new={"filesystem": {"type": "mount"}}
    ),
    "hostdevs": Map("devices", "hostdev", HostdevKey(), HOSTDEV),
    "smbios": Fields(
        {"bios": _smbios("bios", BIOS), "system": _smbios("system", SYSTEM), "chassis": _smbios("chassis", CHASSIS)}
    ),
    "oem_strings": OemStrings(),
    "fw_cfg": Map("sysinfo[@type='fwcfg']", "entry", Value(".", "name"), FW_CFG, new={"sysinfo": {"type": "fwcfg"}}),
    "serial": Serial(),
    "serial_log": Value("devices/serial/log", "file", new={"serial": {"type": "pty"}, "log": {"append": "on"}}),
    "agent": Agent(),
    "watchdog": Value("devices/watchdog", "action", new={"watchdog": {"model": "i6300esb"}}),
    "rng": Switch("devices/rng", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"),
    "tune": Fields(TUNE),
    "xml": Overlay(),
}
