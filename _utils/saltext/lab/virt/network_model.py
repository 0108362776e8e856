"""What a libvirt network may be; see https://libvirt.org/formatnetwork.html."""

from ipaddress import IPv4Address, IPv4Interface
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from saltext.lab.schema import Model, field
from saltext.lab.virt.model import Line, Name

#: The kernel has 15 characters for an interface (IFNAMSIZ).
BridgeName = Annotated[str, StringConstraints(pattern=r"^[^/\s:]+$", max_length=15)]
Vlan = Annotated[int, Field(ge=1, le=4094)]


def _interface(text: str) -> str:
    if "/" not in text:
        raise ValueError("it needs its prefix, such as 192.168.77.1/24")
    return str(IPv4Interface(text))


def _range(text: str) -> str:
    first, _, last = text.partition("-")
    if IPv4Address(first.strip()) > IPv4Address(last.strip()):
        raise ValueError("its first address is above its last")
    return f"{IPv4Address(first.strip())}-{IPv4Address(last.strip())}"


class PortGroup(Model):
    default: bool = field("for cards that name no group", True)
    tag: Vlan | None = field("VLAN of its ports", 10)
    trunk: list[Vlan] | None = field("VLANs that its ports carry tagged", [10, 20])


class Network(Model):
    adopt: bool = field("take over a network that somebody else made", True)
    forward: Literal["isolated", "nat", "route", "open", "bridge"] = field(
        "where its packets go: nowhere, or out through the host, or onto a bridge that is there already", "bridge"
    )
    bridge: BridgeName = field("its bridge; forward bridge: one that is there, else one that libvirt makes", "br-int")
    virtualport: Literal["openvswitch"] | None = field("what the bridge is when it is no Linux bridge", "openvswitch")
    portgroups: dict[Name, PortGroup | None] = field(
        "kinds of port by name; Open vSwitch only, null removes one", {"lan": {"tag": 10, "default": True}}
    )
    mtu: int | None = field("largest packet on the bridge that libvirt makes", 9000, unit="bytes", ge=68, le=65535)
    domain: Line | None = field("DNS domain that its guests are told", "attic.example")
    address: Annotated[str, AfterValidator(_interface)] | None = field(
        "the host's own address there", "192.168.77.1/24"
    )
    dhcp: list[Annotated[str, AfterValidator(_range)]] | None = field(
        "addresses for guests; needs an address", ["192.168.77.100-192.168.77.200"]
    )
    autostart: bool = field("start with the host", True)
    running: bool = field("started", True)


#: All networks of a host by name; None removes one.
Networks = dict[Name, Network | None]
