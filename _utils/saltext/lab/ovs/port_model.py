"""What a port of a bridge may be, and the interfaces in it; see ovs-vswitchd.conf.db(5)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import model_validator

from saltext.lab.ovs.types import (
    Amount,
    Flag,
    Mac,
    Notes,
    PortName,
    QueueNumber,
    Row,
    Texts,
    Vlan,
    Vlans,
    absent_if,
)
from saltext.lab.schema import field

VlanMode = Literal["access", "trunk", "native-tagged", "native-untagged", "dot1q-tunnel"]
PortType = Literal["internal", "vxlan", "geneve", "gre", "patch", "system", ""]
QosType = Literal[
    "linux-htb", "linux-hfsc", "linux-sfq", "linux-codel", "linux-fq_codel", "linux-netem", "linux-noop",
    "egress-policer", "trtcm-policer",
]  # fmt: skip


class Queue(Row):
    """A class of traffic in a QoS."""

    dscp: int | None = field("DSCP that its packets are marked with", example=46, ge=0, le=63)
    other_config: Texts = field("rates and the like, by name", example={"min-rate": "1000000"})
    external_ids: Notes = field("notes for others", example={"owner": "lab"})


class Qos(Row):
    """What leaves the port, and how fast; one that others made is not changed, only taken off the port by null."""

    type: QosType = field("discipline", example="linux-htb", default=...)
    other_config: Texts = field("settings of its type", example={"max-rate": "100000000"})
    queues: dict[QueueNumber, Queue | None] = field(
        "classes of traffic by number; null removes one", example={"0": {"other_config": {"min-rate": "1000000"}}}
    )
    external_ids: Notes = field("notes for others", example={"owner": "lab"})


class Plug(Row):
    """What a port has beside its interface."""

    tag: Vlan | None = field("VLAN of an access port, or the native one of a trunk", example=10)
    trunks: Vlans = field("VLANs that a trunk port lets through; all of them when absent", example=[10, 20])
    cvlans: Vlans = field("inner VLANs that a dot1q-tunnel lets through; all of them when absent", example=[30])
    vlan_mode: VlanMode | None = field("what tag and trunks mean, if not what is usual", example="native-untagged")
    protected: Flag = field("no traffic to other protected ports", example=True)
    qos: Qos | None = field("shaping of what leaves it; null removes it", example={"type": "linux-htb"})
    other_config: Texts = field("other_config of the port", example={"rstp-enable": "true"})
    port_external_ids: Texts = field("notes for others, kept at the port", example={"owner": "lab"})


class Interface(Row):
    """What every network device in a switch has."""

    mtu: int | None = field("MTU to ask for", unit="bytes", example=1600, ge=68, le=65535)
    mac: Mac | None = field("MAC of an internal port", example="02:00:00:00:00:0a")
    ingress_policing_rate: Amount = field("most that it may send into the switch", unit="kbit/s", example=10000, ge=0)
    ingress_policing_burst: Amount = field("data that may exceed that rate at once", unit="kbit", example=1000, ge=0)
    ingress_policing_kpkts_rate: Amount = field("the same in packets", unit="1000 packets/s", example=100, ge=0)
    ingress_policing_kpkts_burst: Amount = field("the same in packets", unit="1000 packets", example=10, ge=0)
    bfd: Texts = field("bidirectional forwarding detection", example={"enable": "true"})
    lldp: Texts = field("link layer discovery", example={"enable": "true"})
    external_ids: Texts = field("notes for others, kept at the interface", example={"owner": "lab"})
    interface_other_config: Texts = field("other_config of the interface", example={"lacp-port-priority": "10"})
    error: None = field("why ovs-vswitchd cannot open it: read only, always wished to be null", example=None)

    @model_validator(mode="before")
    @classmethod
    def _must_work(cls, data: Any) -> Any:
        """A wish for a port is a wish that it works: one with an error is never as wished."""
        return {"error": None, **data} if isinstance(data, Mapping) and "interfaces" not in data else data


class Local(Interface, Plug):
    """The port that a bridge has by itself, on which the host's own address sits."""


class Member(Interface):
    """An interface of a bond."""

    type: Annotated[PortType | None, absent_if("", "system")] = field(
        "what it is; absent is a network device that the system has", example="vxlan"
    )
    options: Texts = field("options of its type", example={"remote_ip": "10.0.0.2", "key": "5"})
    ofport_request: int | None = field("OpenFlow port number to ask for", example=7, ge=1, le=65279)


class Port(Member, Local):
    """A port that is plugged into a bridge: one interface of the same name, or a bond of more."""

    interfaces: dict[PortName, Member | None] = field(
        "interfaces of a bond by name; null removes one", example={"eth1": {}, "eth2": {}}
    )
    bond_mode: Literal["active-backup", "balance-slb", "balance-tcp"] | None = field(
        "how a bond shares its traffic", example="balance-slb"
    )
    lacp: Literal["active", "passive", "off"] | None = field("who begins to speak LACP", example="active")
    bond_updelay: Amount = field("how long a link has to be up before it is used", unit="ms", example=100, ge=0)
    bond_downdelay: Amount = field("how long a link has to be down before it is given up", unit="ms", example=100, ge=0)

    @model_validator(mode="after")
    def _a_bond_has_no_fields_of_one_interface(self):
        wrong = sorted(self.model_fields_set & Member.model_fields.keys()) if self.interfaces else []
        if wrong:
            raise ValueError(f"{', '.join(wrong)} of a bond belongs to one of its interfaces")
        return self
