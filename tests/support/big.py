"""A lab of many machines, for tests and benches: pure."""

ZONES = ("cellar", "attic", "shed", "barn")


def big(hosts=100, vms=2000):
    """Return the spec of a lab with *hosts* hosts, all hypervisors but two masters, and *vms* VMs that state none."""
    return {
        "name": "big",
        "domain": "big.example",
        "masters": {"physical": "pi1", "virtual": "pi2"},
        "networks": {
            "mgmt": {"subnet": "10.99.0.0/22"},
            "underlay": {"subnet": "10.98.0.0/22", "mtu": 1600},
            "lan": {"subnet": "10.10.0.0/19", "vlan": 10, "netboot": True, "dhcp": {"range": "7000-7999"}},
            "storage": {"subnet": "10.20.0.0/19", "vlan": 20, "mtu": 9000},
            "wan": {"subnet": "10.30.0.0/19", "vlan": 30, "overlay": "vxlan", "over": "underlay"},
        },
        "hosts": {name: _host(name, number) for number, name in enumerate(_hosts(hosts), start=1)},
        "netboot": {"dhcp": "pi2"},
        "images": {"ram": {"kind": "ram"}},
        "pools": {
            "shared": {"type": "netfs", "path": "/srv/shared", "source": {"hosts": ["10.20.0.9"], "dir": "/vms"}},
            "local": {"type": "dir", "path": "/srv/vms"},
        },
        "classes": {
            "web": {"image": "ram", "nics": ["lan"], "memory_mib": 2048, "roles": ["motd"], "boot": "ram"},
            "db": {"image": "ram", "nics": ["lan", "storage"], "memory_mib": 8192, "vcpus": 4, "priority": 20}
            | {"disks": {"vda": {"pool": "shared", "size_gib": 20}}},
            "edge": {"image": "ram", "nics": ["lan", "wan"], "memory_mib": 4096, "vcpus": 2, "apart": "edge"},
            "data": {"image": "ram", "nics": ["lan", "storage"], "memory_mib": 4096, "vcpus": 2}
            | {"disks": {"vda": {"pool": "local", "size_gib": 20}}, "zones": list(ZONES[:2])},
        },
        "vms": {f"vm{number}": _vm(number) for number in range(1, vms + 1)},
        "clusters": {"shop": {"kind": "production", "vms": ["vm1", "vm2"], "reserve_mib": 65536}}
        | {"lab": {"kind": "experimental", "vms": [f"vm{number}" for number in range(5, vms, 50)], "lifetime_h": 24}},
    }


def _hosts(count):
    return ["pi1", "pi2", *(f"hv{number}" for number in range(1, count - 1))]


def _host(name, number):
    host = {"mac": f"52:54:00:01:{number >> 8:02x}:{number & 255:02x}", "address": f"mgmt+{number}"}
    if name == "pi1":
        return host
    host |= {"uplinks": {"trunk0": ["underlay", "lan", "storage"]}, "joins": [f"underlay+{number}"]}
    if name == "pi2":
        return host | {"joins": [f"underlay+{number}", "lan+2"]}
    room = {"memory_mib": 131072, "vcpus": 64}
    return host | {"roles": ["hypervisor"], "zone": ZONES[number % len(ZONES)], "capacity": room}


def _vm(number):
    kind = {0: "db", 7: "data"}.get(number % 10, "web")
    return {"class": "edge" if number % 40 == 3 else kind, "address": f"lan+{100 + number}"}
