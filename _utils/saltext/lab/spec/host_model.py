"""What a lab says of a physical machine."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from saltext.lab.ovs.model import Bridge, BridgeName
from saltext.lab.schema import Model, field
from saltext.lab.spec.adopt_model import Plug
from saltext.lab.spec.names import Mac, Name, Part, Place
from saltext.lab.spec.netboot_model import BOOT, INSTALL, LOADER, OVERLAYS, Boot, Install, Loader
from saltext.lab.spec.power_model import Power
from saltext.lab.virt.pool_model import Pool
from saltext.lab.virt.types import Line, Uuid
from saltext.lab.virt.types import Name as Called

Ratio = Annotated[float, Field(ge=1, le=64)]
Service = Literal["dns", "nfs", "ntp", "netboot", "gateway"]


class Capacity(Model):
    memory_mib: int = field("memory that VMs may have altogether", 28672, unit="MiB", default=..., ge=64)
    vcpus: int = field("processors for VMs", 16, default=..., ge=1)
    memory_ratio: Ratio = field("how many times its memory may be promised", 1.5, default=1.0)
    vcpu_ratio: Ratio = field("how many times its processors may be promised", 4.0, default=4.0)


class Osd(Model):
    serial: Line | None = field("serial number of the whole disk", "WD-1234")
    wwn: Line | None = field("its world wide name, instead", "0x5000c500a1b2c3d4")
    path: Line | None = field("a file, in the rack only, instead", "/srv/osd0")
    size_gib: int | None = field(
        "how many whole GiB it has; another disk is refused; not looked at if not stated", 465, unit="GiB", ge=1
    )

    @model_validator(mode="after")
    def _one(self):
        if sum(bool(one) for one in (self.serial, self.wwn, self.path)) != 1:
            raise ValueError("state one of serial, wwn and path")
        return self


class Leg(Model):
    serial: Line = field("serial number of the disk", "WD-1234", default=...)
    partition: int | None = field("its partition; the whole disk if not stated", 2, ge=1, le=128)


class Raid(Model):
    level: Literal[0, 1, 5, 6, 10] = field("RAID level", 1, default=...)
    legs: list[Leg] = field("what it consists of", [{"serial": "WD-1"}, {"serial": "WD-2"}], default=..., min_length=2)


class Host(Model):
    mac: Mac = field("first network card", "52:54:00:00:01:01", default=...)
    uuid: Uuid | None = field(
        "of its SMBIOS; where it is stated, a machine with another one is not let in by lab.enroll",
        "4c4c4544-0043-3010-8052-b4c04f4b3132",
    )
    card: Line = field("what its system calls that card", "enp3s0", default="eth0", max_length=15)
    address: Place = field("where it is managed, on its first network card: network+number", "mgmt+21", default=...)
    joins: list[Place] = field("further addresses of its own: network+number", ["underlay+21"], default=[])
    uplinks: dict[Name, list[Name]] = field(
        "further cards: the networks on their wire", {"trunk0": ["underlay"]}, default={}
    )
    roles: list[Name] = field("formulas to apply", ["hypervisor"], default=[])
    parts: list[Part] = field("what it does in a lab with the six networks; see lab.check", ["storage"], default=[])
    power: Power | None = field("how it is powered on and off", {"driver": "rack"})
    accel: Literal["kvm", "tcg"] = field("how its VMs run; tcg without /dev/kvm", "kvm", default="kvm")
    datapath: Literal["system", "netdev"] = field(
        "Open vSwitch in the kernel or in user space", "system", default="system"
    )
    boot: Boot | None = field(BOOT, "local")
    image: Name | None = field("image that it boots", "ram")
    install: Install | None = field(INSTALL, {"serial": "WD-1234"})
    overlays: list[Name] = field(OVERLAYS, ["hv"], default=[])
    loader: Loader = field(LOADER, "pxelinux", default="ipxe")
    zone: Name | None = field("what fails together with it: a room, a socket, a switch", "attic")
    capacity: Capacity | None = field(
        "what it has for VMs; none that states no host is placed on it if not stated",
        {"memory_mib": 28672, "vcpus": 16},
    )
    always_on: bool = field("it is not switched off: masters, storage, and what others need", False, default=True)
    needs: dict[Service, Name] = field(
        "who gives it what it needs to start: service by service a host or VM", {"nfs": "nas1"}, default={}
    )
    osds: list[Osd] = field("disks that it gives to Ceph", [{"serial": "WD-1234"}], default=[])
    raids: dict[Name, Raid] = field(
        "its RAIDs by name", {"md0": {"level": 1, "legs": [{"serial": "WD-1"}, {"serial": "WD-2"}]}}, default={}
    )
    plugs: dict[Name, Plug] = field(
        "networks that VMs get into otherwise there than by its uplinks: how", {"lan": {"bridge": "br0"}}, default={}
    )
    bridges: dict[BridgeName, Bridge] = field(
        "bridges of Open vSwitch beside those around its uplinks", {"br0": {"adopt": True}}, default={}
    )
    pools: dict[Called, Pool] = field(
        "pools of its own, in place of those in lab:pools", {"default": {"adopt": True, "path": "/srv/vms"}}, default={}
    )
