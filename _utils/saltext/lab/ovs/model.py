"""
What the bridges of a host may be, and the switch itself; see ovs-vswitchd.conf.db(5).

A field has the name of its column there, but where the model says otherwise.  One that is
at Open vSwitch's own default is absent, here and in what ``db.read`` returns.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from saltext.lab.ovs.bridge_parts import Controller, Ipfix, Mirror, NetFlow, Sflow
from saltext.lab.ovs.port_model import Local, Port
from saltext.lab.ovs.types import (
    ORDER_FREE,
    BridgeName,
    Collector,
    ControllerTarget,
    Flag,
    Mac,
    Notes,
    PortName,
    QueueNumber,
    Row,
    Text,
    Texts,
    Vlans,
    absent_if,
)
from saltext.lab.schema import field

__all__ = ["BridgeName", "Bridges", "Collector", "ControllerTarget", "Mac", "PortName", "QueueNumber", "Switches"]

OpenFlow = Literal["OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"]


class Bridge(Row):
    """A virtual switch."""

    adopt: bool = field("take over a bridge that somebody else made; false is as if not stated", example=True)
    datapath_type: Annotated[Literal["system", "netdev", ""] | None, absent_if("", "system")] = field(
        "who moves the packets: the kernel (system) or ovs-vswitchd (netdev)", example="netdev"
    )
    fail_mode: Literal["secure", "standalone"] | None = field("what to do without a controller", example="secure")
    protocols: Annotated[list[OpenFlow] | None, ORDER_FREE] = field(
        "versions of OpenFlow that it speaks", example=["OpenFlow13", "OpenFlow14"]
    )
    stp_enable: Flag = field("spanning tree", example=True)
    rstp_enable: Flag = field("rapid spanning tree", example=True)
    mcast_snooping_enable: Flag = field("learn who wants which multicast", example=True)
    flood_vlans: Vlans = field("VLANs without learning of MACs, for mirrors", example=[99])
    local: Local = field("its own port, of its own name", example={"mtu": 1600})
    ports: dict[PortName, Port | None] = field(
        "its other ports by name; null removes one, one not named is left alone",
        example={"vm0": {"tag": 10}, "old0": None},
    )
    controllers: dict[ControllerTarget, Controller | None] = field(
        "its OpenFlow controllers by target; null removes one", example={"tcp:10.0.0.9:6653": {"max_backoff": 8000}}
    )
    mirrors: dict[Text, Mirror | None] = field(
        "its mirrors by name; null removes one", example={"watch": {"select_all": True, "output_port": "vm0"}}
    )
    netflow: NetFlow | None = field("export in NetFlow 5; null removes it", example={"targets": ["10.0.0.9:2055"]})
    sflow: Sflow | None = field("export in sFlow 5; null removes it", example={"targets": ["10.0.0.9:6343"]})
    ipfix: Ipfix | None = field("export in IPFIX; null removes it", example={"targets": ["10.0.0.9:4739"]})
    other_config: Texts = field("settings by name", example={"mac-table-size": "4096"})
    external_ids: Notes = field("notes for others", example={"owner": "lab"})

    @model_validator(mode="before")
    @classmethod
    def _not_adopting_is_no_wish(cls, data: Any) -> Any:
        """A bridge that this suite makes is its own whether or not the wish says that it takes none over."""
        stated = isinstance(data, Mapping) and data.get("adopt") is False
        return {key: value for key, value in data.items() if key != "adopt"} if stated else data


class Switch(Row):
    """Open vSwitch itself, whoever made it: what holds for all bridges of the host."""

    other_config: Texts = field("settings by name", example={"flow-limit": "100000"})
    external_ids: Texts = field("notes for others", example={"rack": "a3"})


def _names_are_their_own(bridges):
    for at, bridge in bridges.items():
        for name, port in (bridge.ports or {}).items() if bridge else ():
            if name == at:
                raise ValueError(f"{at}:ports:{name} is the bridge's own port; state it as {at}:local")
            if port and name in (port.interfaces or {}):
                raise ValueError(f"{at}:ports:{name} has an interface {name}: a bond has a name of its own")
    return bridges


Bridges = Annotated[dict[BridgeName, Bridge | None], AfterValidator(_names_are_their_own)]
Switches = dict[str, Switch]
