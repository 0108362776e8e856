"""Labs for tests of pure code."""

from saltext.lab.netboot.versions import Version
from saltext.lab.plan import merge
from saltext.lab.spec import source

DEMO = source.load()
#: The demo lab without netboot: two masters, two hypervisors, three VMs that boot files of their host.
PLAIN = merge(
    DEMO,
    {
        "hosts": {"nb1": None},
        "netboot": None,
        "networks": {"lan": {"netboot": None, "dhcp": None}},
        "vms": {"web2": {"boot": None}, "web3": {"boot": None}},
    },
)
#: The lab PLAIN where VMs of one class state no host.
PLACED = merge(
    PLAIN,
    {
        "networks": {"lan": {"overlay": None, "over": None}, "guests": None},
        "hosts": {
            "pi2": {"uplinks": {"trunk0": ["underlay", "lan"]}, "joins": ["underlay+12", "lan+2"]},
            "hv1": {"uplinks": {"trunk0": ["underlay", "lan"]}},
            "hv2": None,
        },
        "pools": {
            "local": {"type": "dir", "path": "/srv/local"},
            "shared": {"type": "netfs", "path": "/srv/shared", "source": {"hosts": ["10.10.0.9"], "dir": "/vms"}},
        },
        "classes": {"web": None, "vm": {"image": "ram", "nics": ["lan"]}},
        "vms": {"web1": None, "web2": None, "web3": None},
    },
)
ROOMS = {"memory_mib": 4096, "vcpus": 8}
#: That lab with two hypervisors and two profiles: by night hv2 is off, and what it had is on hv1.
PROFILED = merge(
    PLACED,
    {
        "hosts": {
            "hv1": {"capacity": ROOMS},
            "hv2": PLACED["hosts"]["hv1"]
            | {"mac": "52:54:00:00:01:04", "address": "mgmt+22", "joins": ["underlay+22"]}
            | {"capacity": ROOMS, "always_on": False},
        },
        "vms": {
            "game": {"class": "vm", "address": "lan+31"},
            "job": {"class": "vm", "address": "lan+32"},
            "nas": {"class": "vm", "address": "lan+33", "disks": {"vda": {"pool": "local", "size_gib": 1}}},
            "backup": {"class": "vm", "address": "lan+34"},
        },
        "profile": "day",
        "profiles": {"day": {"vms": ["game"], "hosts": ["hv2"]}, "night": {"vms": ["backup"]}},
    },
)
#: The lab PLAIN where web1 is installed once, by what pi2 serves.
ONCE = merge(
    PLAIN,
    {
        "networks": {"lan": {"netboot": True, "dhcp": {}}},
        "images": {"deb": {"kind": "install"}},
        "classes": {"store": {"image": "deb", "nics": ["lan"], "boot": "install-once", "install": {"name": "vda"}}},
        "vms": {"web1": {"class": "store", "install": {"serial": "S1", "size_gib": 8}}},
        "netboot": {"dhcp": "pi2"},
    },
)
#: PLAIN with what else there is to be wrong with: OSDs, RAIDs, Ceph, a pool of NFS, clusters.
FULL = merge(
    PLAIN,
    {
        "hosts": {
            "pi1": {"uplinks": {"trunk0": ["underlay"]}, "joins": ["underlay+11"], "zone": "a"},
            "hv1": {
                **{"zone": "a", "capacity": {"memory_mib": 4096, "vcpus": 8}},
                "osds": [{"serial": "WD-1"}, {"path": "/srv/osd0"}],
                "raids": {
                    "md0": {"level": 1, "legs": [{"serial": "S-1"}, {"serial": "S-2"}]},
                    "md1": {"level": 1, "legs": [{"serial": "S-8", "partition": 1}, {"serial": "S-9", "partition": 1}]},
                    "md2": {"level": 0, "legs": [{"serial": "S-8", "partition": 2}, {"serial": "S-9", "partition": 2}]},
                },
            },
            "hv2": {
                **{"zone": "b", "capacity": {"memory_mib": 4096, "vcpus": 8}},
                "osds": [{"wwn": "0x5000c500a1b2c3d4"}, {"path": "/srv/osd0"}],
            },
        },
        "images": {"deb": {"kind": "install"}},
        "pools": {
            "nfs": {"type": "netfs", "path": "/srv/nfs", "source": {"hosts": ["pi2"], "dir": "/export"}},
            "rbd": {"type": "rbd", "source": {"name": "vms", "hosts": ["hv1"]}},
        },
        "vms": {
            "nas1": {"class": "web", "host": "hv1", "address": "lan+31"},
            "dns1": {"class": "web", "host": "hv2", "address": "lan+32"},
            "web3": {"disks": {"vda": {"pool": "rbd", "size_gib": 8}}},
        },
        "ceph": {
            **{"fsid": "5b6f2d3e-6d4c-4f0e-9d0a-0a7c4f2f6a11", "mons": ["pi1", "pi2", "hv1"], "mgrs": ["pi1"]},
            **{"public": "underlay", "size": 2, "min_size": 1, "pools": {"vms": {"quota_gib": 100}}},
        },
        "clusters": {
            "prod": {"kind": "production", "vms": ["web1"], "reserve_mib": 1024},
            "try": {"kind": "experimental", "vms": ["web2"], "lifetime_h": 24},
        },
    },
)
#: Two versions of the image ram, the current one first, as a master has them.
IMAGES = {
    "ram": [
        Version("aaaaaaaaaaaa", "ram", "6.1", {"vmlinuz": "1", "initrd-net.img": "2", "root.sqfs": "3"}),
        Version("bbbbbbbbbbbb", "ram.former", "6.1", {"vmlinuz": "4", "initrd-net.img": "5", "root.sqfs": "6"}),
    ]
}
