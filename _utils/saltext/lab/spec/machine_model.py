"""What a lab says of a VM, and of what several have in common."""

from typing import Any, Literal

from pydantic import model_validator

from saltext.lab.schema import Model, field
from saltext.lab.spec.cloud_model import Cloud
from saltext.lab.spec.names import Mac, Name, Part, Place
from saltext.lab.spec.netboot_model import BOOT, FIRMWARE, INSTALL, LOADER, OVERLAYS, Boot, Firmware, Install, Loader
from saltext.lab.spec.storage_model import Device, Disk
from saltext.lab.virt.model import Domain
from saltext.lab.virt.types import Uuid

PRIORITY = "0 to 100, 50 if not stated: those with a lower number are placed and started first, and stopped last"
#: What is for machines that the suite makes.
OURS = ("level", "data", "boot", "cloud", "install", "overlays", "firmware", "loader", "priority", "needs")
APART = "VMs that state the same word are never on one host"


class Class(Model):
    image: Name = field("image that it boots", "ram", default=...)
    nics: list[Name] = field("networks, in the order of its cards", ["lan"], default=..., min_length=1)
    memory_mib: int = field("memory", 512, unit="MiB", default=512, ge=64)
    vcpus: int = field("virtual CPUs", 1, default=1, ge=1, le=512)
    disks: dict[Device, Disk] = field(
        "disks by name: sda… is on SATA, vda… on virtio", {"vda": {"pool": "vms", "size_gib": 8}}, default={}
    )
    level: Literal[1, 2] | None = field(
        "on which level of virtualization: on 1 its disks are sda…, on 2 vda…, whatever letter they have; as they are"
        " named if not stated",
        2,
    )
    roles: list[Name] = field("formulas to apply", ["motd"], default=[])
    parts: list[Part] = field("what they do in a lab with the six networks; see lab.check", ["router"], default=[])
    data: dict[str, Any] = field("pillar data for its formulas", {"motd": {"text": "hello"}}, default={})
    boot: Boot | None = field(BOOT, "ram")
    cloud: Cloud | None = field("what images that people bring are told at their first boot", {"kind": "cloud-init"})
    install: Install | None = field(INSTALL, {"name": "vda"})
    overlays: list[Name] = field(OVERLAYS, ["registry"], default=[])
    firmware: Firmware = field(FIRMWARE, "uefi", default="bios")
    loader: Loader = field(LOADER, "pxelinux", default="ipxe")
    priority: int | None = field(PRIORITY, 10, ge=0, le=100)
    apart: Name | None = field(APART, "dns")
    zones: list[Name] = field("zones that its VMs may be in; all if not stated", ["attic"], default=[])
    needs: list[Name] = field("VMs that have to be up before its VMs start", ["nas1"], default=[])
    knows: list[Name] = field(
        "blocks and classes whose machines its own are told of, by name with address and MAC, before these are there",
        ["node"],
        default=[],
    )


class Vm(Model):
    class_: Name = field("class that it belongs to", "web", default=..., alias="class")
    host: Name | None = field("hypervisor that it runs on; chosen if not stated: lab.explain", "hv1")
    address: Place | None = field("address of its first card: network+number", "lan+21")
    nics: list[Name] | None = field("networks, instead of its class's", ["lan"])
    macs: dict[Name, Mac] = field(
        "MACs of its cards by their networks; they follow from its name if not stated",
        {"lan": "52:54:00:00:00:65"},
        default={},
    )
    disks: dict[Device, Disk | None] = field(
        "disks beside its class's, or in place of them; null takes one out",
        {"vdb": {"pool": "vms", "size_gib": 100}},
        default={},
    )
    level: Literal[1, 2] | None = field("instead of its class's", 1)
    data: dict[str, Any] = field("pillar data, over its class's", {"motd": {"text": "hello"}}, default={})
    boot: Boot | None = field("instead of its class's", "local")
    cloud: Cloud | None = field("over its class's", {"user_data": {"timezone": "Europe/Zurich"}})
    install: Install | None = field("instead of its class's", {"name": "vda"})
    overlays: list[Name] = field("after its class's", ["web1"], default=[])
    firmware: Firmware | None = field("instead of its class's", "uefi")
    loader: Loader | None = field("instead of its class's", "ipxe")
    memory_mib: int | None = field("instead of its class's", 1024, unit="MiB", ge=64)
    vcpus: int | None = field("instead of its class's", 2, ge=1, le=512)
    priority: int | None = field("instead of its class's", 10, ge=0, le=100)
    apart: Name | None = field("instead of its class's", "dns")
    zones: list[Name] | None = field("instead of its class's", ["attic"])
    needs: list[Name] = field("beside its class's", ["nas1"], default=[])
    uuid: Uuid | None = field(
        "of its SMBIOS, if it does not follow from its name", "c7a5fdbd-edaf-4455-926a-d65c16db1809"
    )
    adopt: bool = field(
        "somebody else made it: of its domain only what is stated here at the VM is kept, and what is in it is left"
        " alone: it is not started, and gets no key and no pillar",
        True,
        default=False,
    )
    libvirt: Domain | None = field(
        "what else its domain has, in the words of lab_virt.domains; it goes over what the suite works out",
        {"cpu_model": "host-passthrough"},
    )

    @model_validator(mode="after")
    def _made_by(self):
        if self.adopt and not self.host:
            raise ValueError("adopt needs `host`, which has it")
        if self.adopt and (wrong := [one for one in OURS if one in self.model_fields_set]):
            raise ValueError(f"{', '.join(wrong)} is for a VM that the suite makes: leave it out, or `adopt`")
        if self.nics == [] and not self.adopt:
            raise ValueError("nics is empty: leave it out, or name a network")
        return self
