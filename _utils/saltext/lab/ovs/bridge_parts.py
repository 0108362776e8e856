"""What belongs to a bridge beside its ports: controllers, mirrors, flow export; see ovs-vswitchd.conf.db(5)."""

from typing import Literal

from saltext.lab.ovs.types import Amount, Collectors, Flag, PortName, PortNames, Row, Texts, Uint32, Vlan, Vlans
from saltext.lab.schema import field


class Controller(Row):
    """An OpenFlow controller."""

    type: Literal["primary", "service"] | None = field("whether fail_mode depends on it", example="service")
    connection_mode: Literal["in-band", "out-of-band"] | None = field("way to it", example="out-of-band")
    local_ip: str | None = field("address to take when it is reached in-band", example="10.0.0.5")
    local_netmask: str | None = field("netmask of that address", example="255.255.255.0")
    local_gateway: str | None = field("gateway to it", example="10.0.0.1")
    max_backoff: int | None = field("longest pause between attempts", unit="ms", example=8000, ge=1000)
    inactivity_probe: int | None = field("silence after which it is probed; 0 is never", unit="ms", example=5000, ge=0)
    enable_async_messages: bool | None = field("whether it is told of events at first", example=True)
    controller_queue_size: int | None = field("packets that may wait for it", example=100, ge=1, le=512)
    controller_rate_limit: int | None = field("most packets for it", unit="packets/s", example=1000, ge=100)
    controller_burst_limit: int | None = field("packets that it may save up", unit="packets", example=250, ge=25)
    other_config: Texts = field("settings by name", example={"dscp": "48"})
    external_ids: Texts = field("notes for others", example={"owner": "lab"})


class Mirror(Row):
    """A copy of traffic; ports are named, and have to be on the bridge."""

    select_all: Flag = field("mirror every packet", example=True)
    select_src_port: PortNames = field("ports whose incoming packets are mirrored", example=["vm0"])
    select_dst_port: PortNames = field("ports whose outgoing packets are mirrored", example=["vm0"])
    select_vlan: Vlans = field("VLANs that are mirrored; all of them when absent", example=[10])
    output_port: PortName | None = field("port that gets the copies, and nothing else", example="tap0")
    output_vlan: Vlan | None = field("VLAN that gets the copies", example=99)
    snaplen: int | None = field("bytes of each packet that are copied", unit="bytes", example=128, ge=14, le=65535)
    external_ids: Texts = field("notes for others", example={"owner": "lab"})


class NetFlow(Row):
    """Export of flows in NetFlow 5."""

    targets: Collectors = field("where to", example=["10.0.0.9:2055"], default=...)
    engine_type: int | None = field("engine type to state", example=1, ge=0, le=255)
    engine_id: int | None = field("engine id to state", example=1, ge=0, le=255)
    add_id_to_interface: Flag = field("put the engine id into interface numbers", example=True)
    active_timeout: Amount = field("time between reports of a flow; -1 is never", unit="s", example=60, ge=-1)
    external_ids: Texts = field("notes for others", example={"owner": "lab"})


class Sflow(Row):
    """Export of sampled packets in sFlow 5."""

    targets: Collectors = field("where to", example=["10.0.0.9:6343"], default=...)
    agent: str | None = field("network device whose address is stated as the agent's", example="eth0")
    sampling: int | None = field("one packet of how many is sampled", example=64, ge=1)
    polling: int | None = field("time between reports of counters", unit="s", example=10, ge=0)
    header: int | None = field("bytes of a sampled packet that are sent", unit="bytes", example=128, ge=0)
    external_ids: Texts = field("notes for others", example={"owner": "lab"})


class Ipfix(Row):
    """Export of flows in IPFIX."""

    targets: Collectors = field("where to", example=["10.0.0.9:4739"], default=...)
    sampling: int | None = field("one packet of how many is sampled", example=400, ge=1, le=4294967295)
    obs_domain_id: Uint32 | None = field("observation domain to state", example=1)
    obs_point_id: Uint32 | None = field("observation point to state", example=1)
    cache_active_timeout: int | None = field("time between reports of a flow", unit="s", example=60, ge=0, le=4200)
    cache_max_flows: Uint32 | None = field("flows that are remembered", example=128)
    other_config: Texts = field("settings by name", example={"enable-tunnel-sampling": "false"})
    external_ids: Texts = field("notes for others", example={"owner": "lab"})
