"""What a lab says of things that somebody else made, and that it keeps as they are."""

from pydantic import model_validator

from saltext.lab.schema import Model, field
from saltext.lab.spec.names import Vlan
from saltext.lab.virt.devices import PLUGS
from saltext.lab.virt.types import Line, Word


class Plug(Model):
    bridge: Line = field("bridge that is there already", "br0")
    virtualport: Word = field("what that bridge is when it is no Linux bridge", "openvswitch")
    tag: Vlan = field("VLAN of its ports; Open vSwitch only", 10)
    network: Word = field("network of libvirt, instead of a bridge", "default")
    portgroup: Word = field("which of that network's groups of ports", "guests")
    direct: Line = field("interface of the host that VMs share (macvtap), instead of a bridge", "eth0")
    direct_mode: Word = field("how they share it", "bridge")

    @model_validator(mode="after")
    def _one(self):
        if len(self.model_fields_set & set(PLUGS)) != 1:
            raise ValueError(f"state one of {', '.join(PLUGS)}")
        return self
