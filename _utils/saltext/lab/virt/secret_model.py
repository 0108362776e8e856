"""What a libvirt secret may be; see https://libvirt.org/formatsecret.html."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints, model_validator

from saltext.lab.schema import Model, field
from saltext.lab.virt.model import File, Line

#: It has a colon, so that a key which somebody put there by mistake is none.
PillarPath = Annotated[str, StringConstraints(pattern=r"^[^:\s]+(:[^:\s]+)+$")]


class Secret(Model):
    hidden: ClassVar[bool] = True  # a value in the wrong field is in no message
    adopt: bool = field("take over a secret that somebody else made", True)
    usage: Literal["ceph", "volume"] = field("what it is for; fixed at creation, ceph if not stated", "ceph")
    cluster: Line = field(
        "fsid or name of the cluster; with usage and name it gives the UUID, the same on every host; fixed at creation",
        "5a17ab1e-0000-4000-8000-00000000cef0",
    )
    description: Line | None = field("one line for people", "key of client.libvirt")
    private: bool = field(
        "nobody can read the value back, so that a value that was changed by hand, or in the place where it is kept, is"
        " not seen; fixed at creation",
        False,
    )
    value_file: File = field(
        "file on the host with the value, readable by its owner only; for ceph the key as Ceph prints it",
        "/etc/ceph/libvirt.key",
    )
    value_pillar: PillarPath = field(
        "where the value is in the pillar, in place of value_file", "lab:ceph:keys:libvirt"
    )

    @model_validator(mode="after")
    def _one(self):
        if {"value_file", "value_pillar"} <= self.model_fields_set:
            raise ValueError("state either value_file or value_pillar")
        return self


#: All secrets of a host by what they are used for: for ceph a name, for volume a path.  None removes one.
Secrets = dict[Line, Secret | None]
