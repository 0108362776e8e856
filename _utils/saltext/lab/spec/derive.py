"""What follows from names alone: pure, and stable when other entries come and go."""

import hashlib
import ipaddress
import uuid
from functools import lru_cache

#: Bytes of a packet of the underlay that each kind of tunnel takes: IPv4 20, Ethernet 14 and VLAN tag 4 inside, and
#: UDP 8 + VXLAN 8 (RFC 7348), UDP 8 + Geneve 8 without options (RFC 8926), GRE 4 with its key 4 (RFC 2890).
TUNNEL_OVERHEAD = {"vxlan": 54, "geneve": 54, "gre": 46}
LONGEST = 15  #: characters in the name of a network interface (IFNAMSIZ in linux/if.h, less the final 0)


def vm_uuid(lab, vm):
    """Return the UUID of *vm*, as text."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{vm}.vm.{lab}"))


def mac(lab, vm, network):
    """Return the MAC of *vm*'s card in *network*, in the range that QEMU uses (52:54:00)."""
    return "52:54:00:" + _digest(lab, vm, network)[:3].hex(":")


def tunnel_key(lab):
    """Return the network identifier of the lab's tunnels, 24 bits, as OVSDB wants it: text."""
    return str(int.from_bytes(_digest(lab, "tunnels")[:3], "big") or 1)


def tunnel_port(kind, peer, over):
    """Return the name of the port of a tunnel of *kind* to *peer* over network *over*."""
    return short(f"{kind[:2]}-{peer}-{over}")


def short(name):
    """Return *name*, or where the kernel would not take it for an interface its beginning and a digest of all of it."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 7]}-{_digest(name)[:3].hex()}"


def address(networks, place):
    """Return ``(network name, IPv4Interface)`` for *place*, such as ``lan+21``."""
    name, number = place.split("+")
    return name, _interface(networks[name].subnet, int(number))


@lru_cache(maxsize=1 << 16)
def _interface(subnet, number):
    net = ipaddress.IPv4Network(subnet)
    return ipaddress.IPv4Interface((int(net[number]), net.prefixlen))


def vm_place(networks, network, vm):
    """Return a *place* for *vm* in the upper half of *network*, for a VM that states none."""
    half = ipaddress.IPv4Network(networks[network].subnet).num_addresses // 2
    return f"{network}+{half + int.from_bytes(_digest(network, vm)[:4], 'big') % max(half - 1, 1)}"


def _digest(*words):
    return hashlib.sha256("/".join(words).encode()).digest()
