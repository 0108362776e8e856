"""What the devices of a domain may be; see https://libvirt.org/formatdomain.html#devices."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from saltext.lab.schema import Model, field
from saltext.lab.virt.types import File, Line, Server, Uuid, Word

Vlan = Annotated[int, Field(ge=1, le=4094)]
#: Each of these tells alone where a card is plugged in, or where the bytes of a disk are.
PLUGS = ("bridge", "network", "direct")
SOURCES = ("file", "block", "volume", "protocol")


def _one_of(model, names):
    if len(stated := [name for name in names if name in model.model_fields_set]) > 1:
        raise ValueError(f"state one of {', '.join(stated)}")


class Nic(Model):
    bridge: Line = field("bridge it is plugged into", "br-int")
    network: Word = field("network of libvirt it is plugged into, instead of a bridge", "default")
    portgroup: Word | None = field("which of that network's groups of ports", "guests")
    direct: Line = field("interface of the host it shares (macvtap), instead of a bridge", "eth0")
    direct_mode: Literal["bridge", "vepa", "private", "passthrough"] = field("how it shares it", "bridge")
    virtualport: Literal["openvswitch"] | None = field("what the bridge is when it is no Linux bridge", "openvswitch")
    tag: int | None = field("VLAN of its port; Open vSwitch only", 10, ge=1, le=4094)
    trunks: list[Vlan] | None = field("VLANs it sees tagged, instead of one tag; Open vSwitch only", [10, 20])
    native: Vlan | None = field("which of its trunks it sees untagged, and sends without a tag", 10)
    model: Line = field("emulated card", "virtio")
    mtu: int | None = field("largest packet the guest is told to send", 1500, unit="bytes", ge=68, le=65535)
    target: Word | None = field("its name on the host; vnet… and macvtap… are libvirt's own", "vm1-lan")
    link: Literal["up", "down"] | None = field("whether its cable is plugged in", "down")
    inbound: int | None = field("what the guest may receive at most", 12800, unit="KiB/s", ge=1, le=1 << 24)
    outbound: int | None = field(
        "what the guest may send on average; the kernel needs act_police, else libvirt refuses it on a Linux bridge and"
        " Open vSwitch tells only its log",
        12800,
        unit="KiB/s",
        ge=1,
        le=1 << 24,
    )
    queues: int | None = field("pairs of queues; virtio only", 2, ge=1, le=256)
    boot_order: int | None = field("1 is tried first, before all that have no number", 1, ge=1, le=1000)
    rom: bool | None = field("whether it boots by a ROM of its own; without, UEFI boots from it by itself", False)
    rom_file: File | None = field("file on the host with that ROM, in place of QEMU's", "/var/lib/libvirt/images/a.rom")
    offloads: bool = field(
        "leave checksums and segments to the host; false where Open vSwitch runs in userspace, else TCP hangs"
        " there; needs model virtio",
        False,
    )

    @model_validator(mode="after")
    def _plug(self):
        _one_of(self, PLUGS)
        if self.tag and self.trunks:
            raise ValueError("state either tag or trunks")
        if self.native and (self.tag or ("trunks" in self.model_fields_set and self.native not in (self.trunks or ()))):
            raise ValueError("native is one of trunks")
        return self


class Disk(Model):
    device: Literal["disk", "cdrom", "lun"] = field("what the guest takes it for", "disk")
    file: File | None = field(
        "file on the host that holds it; null takes the disc out of a cdrom", "/var/lib/libvirt/images/vm1.qcow2"
    )
    block: File = field("block device of the host that it is", "/dev/vg0/vm1")
    pool: Word = field("pool of libvirt that its volume is in", "vms")
    volume: Line = field("that volume", "vm1-vda.qcow2")
    protocol: Literal["nbd", "rbd"] = field("how its bytes come over the network", "rbd")
    name: Line = field("its name there: an NBD export, or pool/image in Ceph", "vms/vm1")
    hosts: list[Server] | None = field("who serves it: the NBD server, or the monitors of Ceph", ["10.20.0.11:6789"])
    auth_user: Word | None = field("as whom to ask Ceph for it", "libvirt")
    auth_secret: Uuid = field("secret of libvirt that holds that user's key", "5a17ab1e-0000-4000-8000-0000000000c0")
    bus: Literal["virtio", "sata", "scsi", "usb", "ide"] = field("how the guest reaches it", "virtio")
    format: Literal["raw", "qcow2"] = field("how its bytes are written", "qcow2")
    backing: File | None = field("image it is a difference to", "/var/lib/libvirt/images/deb12.qcow2")
    backing_format: Literal["raw", "qcow2"] = field("how the bytes of that image are written", "qcow2")
    cache: Literal["none", "writethrough", "writeback", "directsync", "unsafe"] | None = field(
        "what the host's page cache does for it", "none"
    )
    io: Literal["native", "threads", "io_uring"] | None = field(
        "how QEMU reads and writes; native: cache none", "native"
    )
    discard: Literal["unmap", "ignore"] | None = field("whether what the guest trims is given back", "unmap")
    detect_zeroes: Literal["off", "on", "unmap"] | None = field("whether zeroes that are written are kept", "unmap")
    serial: Line | None = field("its serial number; /dev/disk/by-id in the guest has it", "WD-1234", max_length=36)
    readonly: bool = field("the guest cannot write to it", False)
    shareable: bool = field("other guests may have it too", False)
    boot_order: int | None = field("1 is tried first, before all that have no number", 2, ge=1, le=1000)
    iops: int | None = field("operations a second at most", 500, ge=1, le=1 << 30)
    bytes_per_s: int | None = field("throughput at most", 50_000_000, unit="bytes/s", ge=1, le=1 << 40)
    size_mib: int = field(
        "its size: it grows, also while the guest runs, and never shrinks; the disk itself has to exist",
        8192,
        unit="MiB",
        ge=1,
        le=1 << 34,
    )

    @model_validator(mode="after")
    def _source(self):
        _one_of(self, SOURCES)
        for of, part in (("backing", "backing_format"), ("auth_user", "auth_secret")):
            if of in self.model_fields_set and getattr(self, of) is None and getattr(self, part):
                raise ValueError(f"{part} is of no use without {of}")
        return self


class Filesystem(Model):
    source: File = field("directory of the host", "/srv/share")
    driver: Literal["virtiofs", "path"] = field(
        "virtiofs, which needs shared_memory, or path: the slower 9p", "virtiofs"
    )
    readonly: bool = field("the guest cannot write to it; path only", False)


class Hostdev(Model):
    managed: bool = field("libvirt takes it from the host's driver and gives it back; PCI only", True)
    boot_order: int | None = field("1 is tried first, before all that have no number", 1, ge=1, le=1000)


class FwCfg(Model):
    file: File = field("file on the host that QEMU reads when the guest starts; the place for secrets", "/srv/seed")
    value: Line = field("the text itself; it is in the domain's XML, so not for secrets", "blue")

    @model_validator(mode="after")
    def _one(self):
        if len(self.model_fields_set) != 1:
            raise ValueError("state either file or value")
        return self


class Tune(Model):
    cpu_shares: int | None = field("weight among the others when CPUs are short", 1024, ge=2, le=262144)
    cpu_period_us: int | None = field("span that cpu_quota_us is a part of", 100000, unit="µs", ge=1000, le=1000000)
    cpu_quota_us: int | None = field("what each virtual CPU gets of that span", 50000, unit="µs", ge=1000, le=1 << 40)
    memory_hard_mib: int | None = field("what its QEMU may take at most", 4096, unit="MiB", ge=16, le=1 << 24)
    memory_soft_mib: int | None = field(
        "what it is pushed back to when memory is short", 2048, unit="MiB", ge=16, le=1 << 24
    )
    blkio_weight: int | None = field("weight among the others when the disks are busy", 500, ge=100, le=1000)
