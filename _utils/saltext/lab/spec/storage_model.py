"""What a lab says of storage: pools, what they need to log in, images, and the disks of machines."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints, model_validator

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Name
from saltext.lab.virt.pool_model import Pool
from saltext.lab.virt.types import File, Line
from saltext.lab.virt.volume_model import Place, Sha256

__all__ = ["Device", "Disk", "Image", "Pool", "Secret", "SecretName"]

#: The letter tells disks apart; what comes before it is the bus.
Device = Annotated[str, StringConstraints(pattern=r"^[sv]d[a-z]$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Image(Model):
    kind: Literal["ram", "disk", "install", "kept"] = field(
        "ram: kernel and root, all in memory; disk: what a disk begins with; install: what a machine is installed from;"
        " kept: what is on the disks of VMs that somebody else made",
        "ram",
        default=...,
    )
    source: Place | None = field("where it comes from; disk only", "https://images.example/deb12.qcow2")
    sha256: Sha256 | None = field("what its SHA-256 has to be; disk only", "0" * 64)
    format: Literal["raw", "qcow2"] = field("format of the source; disk only", "qcow2", default="qcow2")

    @model_validator(mode="after")
    def _whole(self):
        if self.kind == "disk" and not (self.source and self.sha256):
            raise ValueError("an image of kind disk needs source and sha256")
        if self.kind == "kept" and (self.source or self.sha256):
            raise ValueError("an image of kind kept is there already: leave source and sha256 out")
        if self.kind != "disk" and (self.source or self.sha256):
            raise ValueError(f"an image of kind {self.kind} is built by the suite: leave source and sha256 out")
        return self


class Secret(Model):
    hidden: ClassVar[bool] = True
    cluster: Line = field("fsid or name of its Ceph cluster; the libvirt UUID follows from it", "attic", default=...)
    value: Line | None = field("the key itself, in a pillar that is encrypted (GPG renderer)", "AQ…")
    value_file: File | None = field("file on the hypervisors with the key, instead of value", "/etc/ceph/libvirt.key")

    @model_validator(mode="after")
    def _one(self):
        if bool(self.value) == bool(self.value_file):
            raise ValueError("state either value or value_file")
        return self


class Disk(Model):
    pool: Name = field("pool that holds it", "vms", default=...)
    size_gib: int = field("size; a bigger one grows it, also while the machine runs", 8, unit="GiB", default=..., ge=1)
    image: Name | None = field("image that it begins with", "deb12")
    format: Literal["raw", "qcow2"] | None = field(
        "how its bytes are written; qcow2 in a pool of files, else raw, if not stated", "raw"
    )
    cache: Literal["none", "writethrough", "writeback", "directsync", "unsafe"] | None = field(
        "what the host's page cache does for it", "none"
    )
    discard: Literal["unmap", "ignore"] | None = field("whether what the machine trims is given back", "unmap")
    serial: Line | None = field("its serial number, as the machine sees it", "WD-1234", max_length=36)
