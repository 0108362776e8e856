"""What a lab may be: the one description that a person writes, under the pillar key ``lab``."""

from typing import Annotated

from pydantic import Field

from saltext.lab.schema import Model, field
from saltext.lab.spec.block_model import Block
from saltext.lab.spec.ceph_model import Ceph
from saltext.lab.spec.cluster_model import Cluster
from saltext.lab.spec.host_model import Host
from saltext.lab.spec.machine_model import Class, Vm
from saltext.lab.spec.names import Name
from saltext.lab.spec.netboot_model import Netboot
from saltext.lab.spec.network_model import Network
from saltext.lab.spec.power_model import Login
from saltext.lab.spec.profile_model import Profile
from saltext.lab.spec.storage_model import Image, Pool, Secret, SecretName

Share = Annotated[float, Field(ge=0, le=1)]


class Masters(Model):
    physical: Name = field("host whose master manages the hosts", "pi1", default=...)
    virtual: Name = field("host whose master manages the VMs", "pi2", default=...)


class Removal(Model):
    share: Share = field(
        "part of the lab's machines that may go without being asked for: lab.bootstrap remove=true", 0.25, default=0.34
    )


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
        "what pools log in with, by the name they call it",
        {"client.libvirt": {"cluster": "attic", "value_file": "/etc/ceph/libvirt.key"}},
        default={},
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
        "machines that are told by the beginning of their MAC, or are numbered, by the block's name",
        {"node": {"mac": "52:54:00:88:*:*", "network": "lan", "class": "web"}},
        default={},
    )
    aliases: dict[Name, Name] = field("further names in DNS: of which machine", {"salt": "pi2"}, default={})
    ceph: Ceph | None = field(
        "its Ceph cluster", {"fsid": "5b6f2d3e-6d4c-4f0e-9d0a-0a7c4f2f6a11", "mons": ["hv1"], "public": "storage"}
    )
    profiles: dict[Name, Profile] = field("what runs when, by name", {"night": {"vms": ["backup1"]}}, default={})
    profile: Name | None = field("the profile that is active until lab.profile chooses another", "night")
    clusters: dict[Name, Cluster] = field(
        "groups of VMs by name", {"try": {"kind": "experimental", "lifetime_h": 24}}, default={}
    )
    removal: Removal = field("how much may go in one run", {"share": 0.25}, default=Removal())
