"""What a lab says of a network."""

from typing import Literal

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Name, Subnet
from saltext.lab.spec.netboot_model import Dhcp


class Network(Model):
    subnet: Subnet = field("IPv4 addresses", "10.10.0.0/24", default=...)
    vlan: int | None = field("VLAN tag; none for a wire without tags", 10, ge=1, le=4094)
    mtu: int | None = field(
        "largest packet; if not stated 1500, or less where tunnels have no room for that",
        1500,
        unit="bytes",
        ge=576,
        le=9216,
    )
    overlay: Literal["vxlan", "geneve", "gre"] | None = field(
        "join the hosts that have no wire for it by tunnels of this kind", "vxlan"
    )
    over: Name | None = field("network that carries the tunnels of an overlay", "underlay")
    attach: Literal["bridge", "macvtap"] = field(
        "how VMs get in: by a bridge, or beside their host on its card (macvtap), which then cannot talk to them",
        "macvtap",
        default="bridge",
    )
    dhcp: Dhcp | None = field("how machines get their addresses there", {"range": "100-199"})
    netboot: bool = field("machines boot over it; needs dhcp", True, default=False)
