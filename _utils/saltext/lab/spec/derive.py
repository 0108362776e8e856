"""What follows from names alone: pure, and stable when other entries come and go."""

import hashlib
import ipaddress
import uuid

TUNNEL_OVERHEAD = 54  # Ethernet 14 + IPv4 20 + UDP 8 + VXLAN 8 (RFC 7348, section 5) + VLAN tag 4


def vm_uuid(lab, vm):
    """Return the UUID of *vm*, as text."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{vm}.vm.{lab}"))


def mac(lab, vm, network):
    """Return the MAC of *vm*'s card in *network*, in the range that QEMU uses (52:54:00)."""
    return "52:54:00:" + _digest(lab, vm, network)[:3].hex(":")


def tunnel_key(lab):
    """Return the VXLAN network identifier of the lab's mesh, 24 bits, as OVSDB wants it: text."""
    return str(int.from_bytes(_digest(lab, "tunnels")[:3], "big") or 1)


def tunnel_port(peer):
    """Return the name of the tunnel port to *peer*; the kernel allows an interface 15 characters."""
    return f"vx-{peer}" if len(peer) <= 12 else f"vx-{_digest(peer)[:6].hex()}"


def address(networks, place):
    """Return ``(network name, IPv4Interface)`` for *place*, such as ``lan+21``."""
    name, number = place.split("+")
    subnet = ipaddress.IPv4Network(networks[name].subnet)
    return name, ipaddress.IPv4Interface(f"{subnet[int(number)]}/{subnet.prefixlen}")


def vm_place(networks, network, vm):
    """Return a *place* for *vm* in the upper half of *network*, for a VM that states none."""
    half = ipaddress.IPv4Network(networks[network].subnet).num_addresses // 2
    return f"{network}+{half + int.from_bytes(_digest(network, vm)[:4], 'big') % max(half - 1, 1)}"


def _digest(*words):
    return hashlib.sha256("/".join(words).encode()).digest()
