"""What a domain may be; see https://libvirt.org/formatdomain.html."""

from typing import Literal

from pydantic import model_validator

from saltext.lab.schema import Model, field
from saltext.lab.virt.devices import Disk, Filesystem, FwCfg, Hostdev, Nic, Tune
from saltext.lab.virt.types import File, FwCfgName, HostDevice, Line, Mac, Name, Overlay, Target, Uuid, Word

__all__ = ["Domain", "Domains", "File", "FwCfg", "Line", "Mac", "Name", "Nic", "Uuid"]

BIOS = Literal["vendor", "version", "date", "release"]
SYSTEM = Literal["manufacturer", "product", "version", "serial", "sku", "family"]
CHASSIS = Literal["manufacturer", "version", "serial", "asset", "sku"]
Policy = Literal["force", "require", "optional", "disable", "forbid"]
OnStop = Literal["destroy", "restart", "preserve", "rename-restart"]
BootFrom = Literal["network", "hd", "cdrom", "fd"]

#: What goes with something: the mark in the metadata, the serial port.
WITHOUT = {"adopt": ("spec", "spec_hash", "start_order", "xml"), "serial": ("serial_log",)}


class Smbios(Model):
    bios: dict[BIOS, Line | None] = field("what dmidecode says of the firmware", {"vendor": "lab"})
    system: dict[SYSTEM, Line | None] = field("of the machine", {"serial": "vm1"})
    chassis: dict[CHASSIS, Line | None] = field("of its case", {"asset": "rack 1"})


class Domain(Model):
    adopt: bool = field("take over a domain that somebody else made", True)
    spec: Line | None = field("name of the spec that it comes from; kept in its metadata", "attic")
    spec_hash: Word | None = field("which version of that spec", "5bd5c5b")
    start_order: int | None = field("lower ones are started first when several are", 10, ge=0, le=1 << 31)
    on_change: Literal["live", "restart", "pending"] = field(
        "what a guest that runs gets of a change: all that can be done live, that and a restart for the rest,"
        " or nothing until somebody restarts it",
        "live",
    )
    type: Literal["qemu", "kvm"] = field("who runs its instructions; fixed at creation", "qemu")
    uuid: Uuid = field("identity in the SMBIOS; fixed at creation", "5a17ab1e-0000-4000-8000-000000000101")
    title: Line | None = field("one line for people", "first Ceph node")
    memory_mib: int = field("memory", 2048, unit="MiB", ge=16, le=1 << 24)
    memory_max_mib: int = field("memory it can be given while it runs", 4096, unit="MiB", ge=16, le=1 << 24)
    vcpus: int = field("virtual CPUs", 2, ge=1, le=4096)
    vcpus_max: int = field("virtual CPUs it can be given while it runs", 4, ge=1, le=4096)
    cpuset: Line | None = field("CPUs of the host it may use", "0-1")
    machine: Line = field("emulated machine: a version, or a family such as q35 whose newest is taken once", "q35")
    cpu_model: Line = field("CPU the guest sees: a model, or host-passthrough, host-model, maximum", "qemu64")
    cpu_features: dict[Word, Policy | None] = field(
        "what that CPU has besides: svm or vmx for guests of its own; null leaves it to the model", {"svm": "require"}
    )
    firmware: Literal["bios", "uefi", "secure"] = field("what starts it; secure: UEFI that checks signatures", "uefi")
    nvram: File | None = field("file with its UEFI variables", "/var/lib/libvirt/qemu/nvram/vm1.fd")
    tpm: Literal["1.2", "2.0"] | None = field("version of an emulated TPM; needs swtpm", "2.0")
    boot: list[BootFrom] = field("what is tried, in this order", ["network", "hd"], min_length=1)
    kernel: File | None = field("kernel to boot, on the host", "/srv/lab/vmlinuz")
    initrd: File | None = field("its first root file system, on the host", "/srv/lab/initrd.img")
    cmdline: Line | None = field("its command line", "console=ttyS0 quiet")
    on_poweroff: OnStop = field("what happens when it powers off from inside", "destroy")
    on_reboot: OnStop = field("what a reboot from inside does", "restart")
    on_crash: Literal["destroy", "restart", "preserve", "coredump-destroy", "coredump-restart"] = field(
        "what happens when its kernel panics", "restart"
    )
    autostart: bool = field("start with the host", True)
    running: bool = field("powered on", False)
    tb_cache_mib: int | None = field("translated code that TCG keeps; type qemu only", 32, unit="MiB", ge=1, le=4096)
    clock: Literal["utc", "localtime"] = field("what its hardware clock shows", "utc")
    hugepages: bool = field("its memory is in huge pages of the host", False)
    shared_memory: bool = field("other processes may map its memory; virtiofs needs it", False)
    iothreads: int | None = field("threads that only serve disks", 1, ge=1, le=64)
    pcie_ports: int = field("PCIe root ports at least; each takes one card, also one that comes later", 8, ge=1, le=64)
    nics: dict[Mac, Nic | None] = field(
        "network cards by MAC; null removes one",
        {"52:54:00:00:01:01": {"bridge": "br-int", "virtualport": "openvswitch", "tag": 10, "model": "virtio"}},
    )
    disks: dict[Target, Disk | None] = field(
        "disks by the guest's name of them; null removes one, its volume stays",
        {"vda": {"pool": "vms", "volume": "vm1-vda.qcow2", "bus": "virtio", "format": "qcow2"}},
    )
    filesystems: dict[Word, Filesystem | None] = field(
        "directories of the host by the tag the guest mounts; null removes one", {"share": {"source": "/srv/share"}}
    )
    hostdevs: dict[HostDevice, Hostdev | None] = field(
        "devices of the host given to the guest; null takes one back", {"usb:046d:c52b": {}}
    )
    smbios: Smbios = field("what the guest reads of itself in the SMBIOS", {"system": {"serial": "vm1"}})
    oem_strings: list[Line] | None = field("texts in the SMBIOS", ["role=web"], min_length=1)
    fw_cfg: dict[FwCfgName, FwCfg | None] = field(
        "what the guest finds under /sys/firmware/qemu_fw_cfg/by_name; null removes one",
        {"opt/lab.example/seed": {"file": "/srv/seed"}},
    )
    serial: bool = field("a first serial port; people reach it with virsh console", True)
    serial_log: File | None = field(
        "file that keeps what the first serial port said; not the <name>.log there, which is QEMU's own",
        "/var/log/libvirt/qemu/vm1-console.log",
    )
    agent: bool = field("a channel to the guest agent", True)
    watchdog: Literal["reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"] | None = field(
        "what happens when the guest feeds its watchdog no more", "reset"
    )
    rng: bool = field("a source of random numbers, fed from the host's /dev/urandom", True)
    balloon: bool = field("a device through which the host takes memory back", True)
    tune: Tune = field("its share of the host, by cgroups", {"cpu_shares": 1024})
    xml: Overlay | None = field(
        "what this model lacks, as libvirt's XML: it is merged in by element",
        '<domain><devices><sound model="ich9"></sound></devices></domain>',
    )

    @model_validator(mode="after")
    def _within(self):
        for now, most in (("memory_mib", "memory_max_mib"), ("vcpus", "vcpus_max")):
            if {now, most} <= self.model_fields_set and getattr(self, now) > getattr(self, most):
                raise ValueError(f"{now} is more than {most}")
        stated = self.model_fields_set
        balloon = {"balloon", "memory_mib", "memory_max_mib"} <= stated and not self.balloon
        if balloon and self.memory_mib < self.memory_max_mib:
            raise ValueError("memory_mib is less than memory_max_mib, which needs the balloon")
        if "firmware" in stated and self.firmware == "bios" and self.nvram:
            raise ValueError("nvram holds what UEFI keeps: leave it out where firmware is bios")
        devices = [one for kind in (self.nics, self.disks, self.hostdevs) for one in (kind or {}).values() if one]
        if self.boot and any(one.boot_order for one in devices):
            raise ValueError("state either boot or the boot_order of devices")
        for gone, kept in WITHOUT.items():
            for name in kept:
                if getattr(self, gone) is False and gone in self.model_fields_set and getattr(self, name) is not None:
                    raise ValueError(f"{name} has no place where {gone} is false")
        return self


#: All domains of a host by name; None removes one.
Domains = dict[Name, Domain | None]
