"""What a lab says of its Ceph cluster: what stands here is what lab_ceph shall bring about."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Name
from saltext.lab.virt.types import Line, Uuid

Entity = Annotated[str, StringConstraints(pattern=r"^(client|mgr|mds|osd)\.[A-Za-z0-9._-]{1,64}$")]
PoolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.][A-Za-z0-9._-]{0,63}$")]


class CephPool(Model):
    application: Literal["rbd", "cephfs", "rgw"] = field("what uses it", "rbd", default="rbd")
    size: int | None = field("copies of each object; the cluster's if not stated", 3, ge=1, le=10)
    min_size: int | None = field(
        "copies that have to be there for writing; the cluster's if not stated", 2, ge=1, le=10
    )
    device_class: Line | None = field("kind of disk that it is on; any if not stated", "ssd")
    quota_gib: int | None = field("most that it may hold", 500, unit="GiB", ge=1)
    autoscale: Literal["on", "off", "warn"] = field("who chooses its number of placement groups", "on", default="on")
    pg_num: int | None = field("placement groups, where autoscale is off", 32, ge=1, le=32768)


class CephKey(Model):
    caps: dict[Literal["mon", "osd", "mgr", "mds"], Line] = field(
        "what it may do, by kind of daemon", {"mon": "profile rbd", "osd": "profile rbd pool=vms"}, default=...
    )


class Ceph(Model):
    fsid: Uuid = field(
        "of the cluster; nothing is written to one with another", "5b6f2d3e-6d4c-4f0e-9d0a-0a7c4f2f6a11", default=...
    )
    mons: list[Name] = field("hosts with a monitor: one, three or five", ["hv1"], default=..., min_length=1)
    mgrs: list[Name] = field("hosts with a manager; those with a monitor if not stated", ["hv1"], default=[])
    public: Name = field("network in which it is talked to", "storage", default=...)
    cluster: Name | None = field("network in which its copies travel; the public one if not stated", "ring")
    size: int = field("copies of each object", 3, default=3, ge=1, le=10)
    min_size: int = field("copies that have to be there for writing", 2, default=2, ge=1, le=10)
    failure_domain: Literal["osd", "host", "zone"] = field("what copies are never together in", "host", default="host")
    pools: dict[PoolName, CephPool] = field("pools by name", {"vms": {"application": "rbd"}}, default={})
    keys: dict[Entity, CephKey] = field(
        "who may log in", {"client.libvirt": {"caps": {"mon": "profile rbd"}}}, default={}
    )
    config: dict[Line, dict[Line, str]] = field(
        "options by whom they are for, as with ceph config set",
        {"osd": {"osd_memory_target": "1073741824"}},
        default={},
    )
    flags: list[Literal["noout", "nobackfill", "norebalance", "noscrub", "nodeep-scrub"]] = field(
        "flags that are set; all others are not", ["noscrub"], default=[]
    )
