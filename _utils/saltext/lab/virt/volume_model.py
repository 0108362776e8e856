"""What a volume, and an image that volumes are cloned from, may be; see https://libvirt.org/formatstorage.html."""

from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from saltext.lab.schema import Model, field
from saltext.lab.virt.model import File

WORD = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
#: Narrower than libvirt: no blank, no slash, no colon, so that ``pool:volume`` is a name too.
VolumeName = Annotated[str, StringConstraints(pattern=rf"^{WORD}$", max_length=128)]
Reference = Annotated[str, StringConstraints(pattern=rf"^({WORD}:)?{WORD}$")]
#: A volume as states tell it; see ``volume.flat``.
PoolVolume = Annotated[str, StringConstraints(pattern=rf"^{WORD}:{WORD}$", max_length=192)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
#: What somebody may hand to urllib is more; nothing else is fetched.
Place = Annotated[str, StringConstraints(pattern=r"^(/|file:///|https?://[^/\s]+/)[^\s\x00-\x1f]+$")]


class Backing(Model):
    volume: Reference = field("volume that holds what was never written: name, or pool:name for another pool", "deb12")
    path: File = field("file that does, in place of a volume", "/srv/images/deb12.qcow2")
    format: Literal["raw", "qcow2"] = field("its format, needed with path: one that is guessed can be forged", "qcow2")

    @model_validator(mode="after")
    def _one(self):
        if len({"volume", "path"} & self.model_fields_set) != 1 or (self.path and not self.format):
            raise ValueError("state either volume, or path and format")
        return self


class Volume(Model):
    adopt: bool = field("take over a volume that somebody else made: null removes it then, with its data", True)
    size_mib: int = field(
        "size; a bigger one grows it, also under a guest that runs; in a logical pool a multiple of the group's extent",
        8192,
        unit="MiB",
        ge=1,
        le=1 << 30,
    )
    format: Literal["raw", "qcow2"] = field(
        "raw (sparse in a directory) if not stated, and always in Ceph; fixed at creation", "qcow2"
    )
    backing: Backing = field("what it is a difference to; qcow2 only, fixed at creation", {"volume": "deb12"})
    clone_of: Reference = field(
        "volume whose content it starts with: name, or pool:name; in Ceph one of the same pool, which has to stay;"
        " fixed at creation",
        "deb12",
    )

    @model_validator(mode="after")
    def _one(self):
        if self.backing and self.clone_of:
            raise ValueError("state either backing or clone_of")
        if self.backing and self.format == "raw":
            raise ValueError("a raw volume has no backing; state format qcow2")
        return self


class Image(Model):
    """
    What an image may be.

    There is no ``adopt``: the hash is that of the source, and no longer that of a volume it was converted to, so that
    nobody can tell whether a volume that is there already has that content.  Take such a one over as a volume.
    """

    source: Place = field("path, file:, http: or https: URL", "https://images.example/deb12.qcow2")
    sha256: Sha256 = field("what its SHA-256 has to be", "0" * 64, default=...)
    source_format: Literal["raw", "qcow2", "vmdk", "vdi", "vhdx"] = field(
        "format of the source; qcow2 if not stated", "raw"
    )
    format: Literal["raw", "qcow2"] = field(
        "format in the pool; that of the source if not stated, raw in Ceph and on block devices", "qcow2"
    )

    @model_validator(mode="after")
    def _two(self):
        if not self.source:
            raise ValueError("source is missing")
        return self


#: All volumes of a host, ``pool:volume``; None removes one with its data.
Volumes = dict[PoolVolume, Volume | None]
Images = dict[PoolVolume, Image | None]
