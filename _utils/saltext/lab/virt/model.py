"""What a domain may be; see https://libvirt.org/formatdomain.html."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, StringConstraints, model_validator

from saltext.lab.schema import Model, field

MAC = r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$"


def _quoted(mac: Any) -> Any:
    """Refuse what YAML 1.1 makes of 52:54:00:00:01:01: a number in base 60."""
    if isinstance(mac, int):
        raise ValueError("YAML reads a bare MAC as a number; put it in quotes")
    return mac.lower() if isinstance(mac, str) else mac


def _canonical(uuid: str) -> str:
    return str(UUID(uuid))


#: libvirt prints MACs and UUIDs in lower case; a wish in upper case means the same.
Mac = Annotated[str, BeforeValidator(_quoted), StringConstraints(pattern=MAC)]
Uuid = Annotated[str, AfterValidator(_canonical)]
Name = Annotated[str, StringConstraints(pattern=r"^[^/.\s\x00-\x1f][^/\x00-\x1f]*$", max_length=64)]
File = Annotated[str, StringConstraints(pattern=r"^/[^\x00-\x1f]+$")]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$")]
#: QEMU keeps names outside opt/ to itself and has 55 characters for one (docs/specs/fw_cfg.rst).
FwCfgName = Annotated[str, StringConstraints(pattern=r"^opt/[A-Za-z0-9._/-]+$", max_length=55)]


class Nic(Model):
    bridge: Line = field("bridge it is plugged into", "br-int")
    virtualport: Literal["openvswitch"] | None = field("what the bridge is when it is no Linux bridge", "openvswitch")
    tag: int | None = field("VLAN of its port; Open vSwitch only", 10, ge=1, le=4094)
    model: Line = field("emulated card", "virtio")
    mtu: int | None = field("largest packet the guest is told to send", 1500, unit="bytes", ge=68, le=65535)
    offloads: bool = field(
        "leave checksums and segments to the host; false where Open vSwitch runs in userspace, else TCP hangs"
        " there; needs model virtio",
        False,
    )


class FwCfg(Model):
    file: File = field("file on the host that QEMU reads when the guest starts; the place for secrets", "/srv/seed")
    value: Line = field("the text itself; it is in the domain's XML, so not for secrets", "blue")

    @model_validator(mode="after")
    def _one(self):
        if len(self.model_fields_set) != 1:
            raise ValueError("state either file or value")
        return self


class Domain(Model):
    adopt: bool = field("take over a domain that somebody else made", True)
    type: Literal["qemu", "kvm"] = field("who runs its instructions; fixed at creation", "qemu")
    uuid: Uuid = field("identity in the SMBIOS; fixed at creation", "5a17ab1e-0000-4000-8000-000000000101")
    title: Line | None = field("one line for people", "first Ceph node")
    memory_mib: int = field("memory", 2048, unit="MiB", ge=16, le=1 << 24)
    vcpus: int = field("virtual CPUs", 2, ge=1, le=4096)
    machine: Line = field("emulated machine: a version, or a family such as q35 whose newest is taken once", "q35")
    cpu_model: Line = field("CPU the guest sees: a model, or host-passthrough, host-model, maximum", "qemu64")
    kernel: File | None = field("kernel to boot, on the host", "/srv/lab/vmlinuz")
    initrd: File | None = field("its first root file system, on the host", "/srv/lab/initrd.img")
    cmdline: Line | None = field("its command line", "console=ttyS0 quiet")
    on_reboot: Literal["restart", "destroy"] = field("what a reboot from inside does", "restart")
    autostart: bool = field("start with the host", True)
    running: bool = field("powered on", False)
    tb_cache_mib: int | None = field("translated code that TCG keeps; type qemu only", 32, unit="MiB", ge=1, le=4096)
    nics: dict[Mac, Nic | None] = field(
        "network cards by MAC; null removes one",
        {"52:54:00:00:01:01": {"bridge": "br-int", "virtualport": "openvswitch", "tag": 10, "model": "virtio"}},
    )
    fw_cfg: dict[FwCfgName, FwCfg | None] = field(
        "what the guest finds under /sys/firmware/qemu_fw_cfg/by_name; null removes one",
        {"opt/lab.example/seed": {"file": "/srv/seed"}},
    )
    serial_log: File | None = field(
        "file that keeps what the first serial port said; not the <name>.log there, which is QEMU's own",
        "/var/log/libvirt/qemu/vm1-console.log",
    )
    rng: bool = field("a source of random numbers, fed from the host's /dev/urandom", True)
    balloon: bool = field("a device through which the host takes memory back", False)


#: All domains of a host by name; None removes one.
Domains = dict[Name, Domain | None]
