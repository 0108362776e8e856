"""What a lab may be: the one description that a person writes, under the pillar key ``lab``."""

from typing import Any, Literal

from saltext.lab.schema import Model, field
from saltext.lab.spec.cloud_model import Cloud
from saltext.lab.spec.names import Mac, Name, Place, Subnet
from saltext.lab.spec.netboot_model import (
    BOOT,
    FIRMWARE,
    INSTALL,
    LOADER,
    OVERLAYS,
    Block,
    Boot,
    Dhcp,
    Firmware,
    Install,
    Loader,
    Netboot,
)
from saltext.lab.spec.power_model import Login, Power
from saltext.lab.spec.storage_model import Device, Disk, Image, Pool, Secret, SecretName
from saltext.lab.virt.types import Line, Uuid

Part = Literal["firewall", "router", "storage", "compute"]


class Masters(Model):
    physical: Name = field("host whose master manages the hosts", "pi1", default=...)
    virtual: Name = field("host whose master manages the VMs", "pi2", default=...)


class Network(Model):
    subnet: Subnet = field("IPv4 addresses", "10.10.0.0/24", default=...)
    vlan: int | None = field("VLAN tag; none for a wire without tags", 10, ge=1, le=4094)
    mtu: int | None = field(
        "largest packet; if not stated 1500, or less where tunnels have no room for that",
        1500,
        unit="bytes",
        ge=576,
        le=9216,
    )
    overlay: Literal["vxlan", "geneve", "gre"] | None = field(
        "join the hosts that have no wire for it by tunnels of this kind", "vxlan"
    )
    over: Name | None = field("network that carries the tunnels of an overlay", "underlay")
    attach: Literal["bridge", "macvtap"] = field(
        "how VMs get in: by a bridge, or beside their host on its card (macvtap), which then cannot talk to them",
        "macvtap",
        default="bridge",
    )
    dhcp: Dhcp | None = field("how machines get their addresses there", {"range": "100-199"})
    netboot: bool = field("machines boot over it; needs dhcp", True, default=False)


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


class Vm(Model):
    class_: Name = field("class that it belongs to", "web", default=..., alias="class")
    host: Name = field("hypervisor that it runs on", "hv1", default=...)
    address: Place | None = field("address of its first card: network+number", "lan+21")
    nics: list[Name] | None = field("networks, instead of its class's", ["lan"], min_length=1)
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


class Lab(Model):
    name: Name = field("name of the lab", "attic", default=...)
    domain: str = field(
        "DNS domain of all its machines", "attic.example", default=..., pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$"
    )
    masters: Masters = field("the two Salt masters", {"physical": "pi1", "virtual": "pi2"}, default=...)
    networks: dict[Name, Network] = field("networks by name", {"lan": {"subnet": "10.10.0.0/24"}}, default=...)
    hosts: dict[Name, Host] = field(
        "physical machines by name", {"hv1": {"mac": "52:54:00:00:01:01", "address": "mgmt+21"}}, default=...
    )
    images: dict[Name, Image] = field("images by name", {"ram": {"kind": "ram"}}, default={})
    pools: dict[Name, Pool] = field(
        "where disks are, by name; on each hypervisor that has a VM with a disk there",
        {"vms": {"type": "dir", "path": "/srv/vms"}},
        default={},
    )
    secrets: dict[SecretName, Secret] = field(
        "what pools log in with, by the name they call it", {"client.libvirt": {"cluster": "attic"}}, default={}
    )
    logins: dict[Name, Login] = field(
        "who logs in to BMCs and plugs, by name; no minion gets any of it",
        {"bmc": {"user": "lab", "password_file": "/etc/lab/bmc"}},
        default={},
    )
    classes: dict[Name, Class] = field(
        "what several VMs have in common", {"web": {"image": "ram", "nics": ["lan"]}}, default={}
    )
    vms: dict[Name, Vm] = field("virtual machines by name", {"web1": {"class": "web", "host": "hv1"}}, default={})
    netboot: Netboot | None = field("who serves DHCP, DNS and what machines boot", {"dhcp": "pi2"})
    blocks: dict[Name, Block] = field(
        "machines that are told by the beginning of their MAC, by the block's name",
        {"node": {"mac": "52:54:00:88:*:*", "network": "lan", "class": "web"}},
        default={},
    )
    aliases: dict[Name, Name] = field("further names in DNS: of which machine", {"salt": "pi2"}, default={})
