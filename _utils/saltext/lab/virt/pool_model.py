"""What a storage pool may be; see https://libvirt.org/formatstorage.html."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from saltext.lab.schema import Model, field
from saltext.lab.virt.model import File, Line, Name


def _tidy(path: str) -> str:
    """Return *path* as libvirt will print it (virFileSanitizePath)."""
    return re.sub(r"/+", "/", path).rstrip("/") or "/"


Directory = Annotated[File, AfterValidator(_tidy)]
#: A host as libvirt prints it back: name or address, IPv6 in brackets where a port follows.
Host = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-f:.]+\]|[A-Za-z0-9._-]+|[0-9a-f:.]+)(:[0-9]{1,5})?$")]


class Auth(Model):
    user: Line = field("who logs in, without the `client.` of Ceph", "libvirt")
    secret: Line = field(
        "usage of the libvirt secret that holds the key: its name in lab_virt.secrets", "client.libvirt"
    )


class Source(Model):
    hosts: list[Host] | None = field(
        "who serves it: Ceph monitors, or the NFS server", ["10.20.0.11:6789", "10.20.0.12"]
    )
    dir: Directory | None = field("exported directory; netfs only", "/export/vms")
    name: Line | None = field("volume group of a logical pool, Ceph pool of an rbd one", "vms")
    format: Line | None = field("kind of the network file system, or lvm2", "nfs")
    devices: list[File] | None = field("physical volumes of the group; logical only", ["/dev/sdb"])
    auth: Auth | None = field("how to log in; rbd only", {"user": "libvirt", "secret": "client.libvirt"})


class Pool(Model):
    adopt: bool = field("take over a pool that somebody else made", True)
    type: Literal["dir", "logical", "netfs", "rbd"] = field("kind; fixed at creation, dir if not stated", "dir")
    path: Directory = field(
        "where its volumes are on this host; made when a dir or netfs pool starts.  For one in memory mount a tmpfs"
        " there first, with mount.mounted",
        "/srv/vms",
    )
    source: Source | None = field("where its volumes really are; for all types but dir", {"name": "vms"})
    autostart: bool = field("start with the host", True)
    running: bool = field("started: its volumes can be seen and used", True)


#: All pools of a host by name; None stops and forgets one, and leaves its data where it is.
Pools = dict[Name, Pool | None]
