"""
Which field of the model is in which column of OVSDB, and which row refers to which.

One entry reads and writes.  A field that is not here is found by a test.
"""

from typing import Any, NamedTuple

EMPTY: list[Any] = ["set", []]
NO_KEYS: list[Any] = ["map", []]


class Column(NamedTuple):
    """Where a field is: *default* is what stands there when nothing is wished."""

    name: str
    default: Any = EMPTY
    many: bool = False  #: a set, which is a list in the model
    ports: bool = False  #: holds UUIDs of ports, which are names in the model
    also: Any = None  #: the default in other words


class Ref(NamedTuple):
    """A column that refers to rows of *table*: a set of them by their *key*, one at most, or a map by number."""

    column: str
    table: str
    key: str = ""
    numbered: bool = False

    @property
    def single(self):
        """Whether it refers to one row at most, which has no name."""
        return not (self.key or self.numbered)

    @property
    def default(self):
        """What stands in the column when it refers to none."""
        return NO_KEYS if self.numbered else EMPTY


def _columns(optional=(), sets=(), maps=(), **defaults):
    """Return ``{field: Column}``; ``"mtu=mtu_request"`` is a field of another name than its column."""
    kinds = [(name, Column(name, default)) for name, default in defaults.items()]
    kinds += [(name, Column(name)) for name in optional]
    kinds += [(name, Column(name, many=True)) for name in sets]
    kinds += [(name, Column(name, NO_KEYS)) for name in maps]
    named = ((name.partition("="), column) for name, column in kinds)
    return {field: column._replace(name=other or field) for (field, _, other), column in named}


_NOTES = ("other_config", "external_ids")
FIELDS = {
    "Open_vSwitch": _columns(maps=_NOTES),
    "Bridge": _columns(
        ("fail_mode",),
        ("protocols", "flood_vlans"),
        _NOTES,
        stp_enable=False,
        rstp_enable=False,
        mcast_snooping_enable=False,
    )
    | {"datapath_type": Column("datapath_type", "", also="system")},
    "Port": _columns(
        ("tag", "vlan_mode", "bond_mode", "lacp"),
        ("trunks", "cvlans"),
        ("other_config", "port_external_ids=external_ids"),
        protected=False,
        bond_updelay=0,
        bond_downdelay=0,
    ),
    "Interface": _columns(
        ("mtu=mtu_request", "mac", "ofport_request"),
        (),
        ("options", "external_ids", "interface_other_config=other_config", "bfd", "lldp"),
        ingress_policing_rate=0,
        ingress_policing_burst=0,
        ingress_policing_kpkts_rate=0,
        ingress_policing_kpkts_burst=0,
    )
    | {"type": Column("type", "", also="system")},
    "QoS": _columns(maps=_NOTES, type=""),
    "Queue": _columns(("dscp",), maps=_NOTES),
    "Controller": _columns(
        ("type", "connection_mode", "local_ip", "local_netmask", "local_gateway", "max_backoff", "inactivity_probe")
        + ("enable_async_messages", "controller_queue_size", "controller_rate_limit", "controller_burst_limit"),
        maps=_NOTES,
    ),
    "Mirror": _columns(("output_vlan", "snaplen"), ("select_vlan",), ("external_ids",), select_all=False)
    | {
        "select_src_port": Column("select_src_port", many=True, ports=True),
        "select_dst_port": Column("select_dst_port", many=True, ports=True),
        "output_port": Column("output_port", ports=True),
    },
    "NetFlow": _columns(
        ("engine_type", "engine_id"), ("targets",), ("external_ids",), add_id_to_interface=False, active_timeout=0
    ),
    "sFlow": _columns(("agent", "sampling", "polling", "header"), ("targets",), ("external_ids",)),
    "IPFIX": _columns(
        ("sampling", "obs_domain_id", "obs_point_id", "cache_active_timeout", "cache_max_flows"), ("targets",), _NOTES
    ),
}
REFS: dict[str, dict[str, Ref]] = {
    "Open_vSwitch": {"bridges": Ref("bridges", "Bridge", "name")},
    "Bridge": {
        "ports": Ref("ports", "Port", "name"),  # before the mirrors, which name them
        "controllers": Ref("controller", "Controller", "target"),
        "mirrors": Ref("mirrors", "Mirror", "name"),
        "netflow": Ref("netflow", "NetFlow"),
        "sflow": Ref("sflow", "sFlow"),
        "ipfix": Ref("ipfix", "IPFIX"),
    },
    "Port": {"interfaces": Ref("interfaces", "Interface", "name"), "qos": Ref("qos", "QoS")},
    "QoS": {"queues": Ref("queues", "Queue", numbered=True)},
}
KEYS = {ref.table: ref.key for refs in REFS.values() for ref in refs.values() if ref.key}  #: column that names a row
MARKED = ("Bridge", "QoS", "Queue")  #: tables where a row of ours says so
