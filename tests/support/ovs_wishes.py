"""Wishes for bridges that a real ovs-vswitchd can fulfil, for Hypothesis."""

from hypothesis import strategies as st

vlans = st.integers(1, 4094)
words = st.text('aé:=", ', max_size=3)
texts = st.dictionaries(st.sampled_from(["key", "ttl", "note"]), st.none() | words | st.integers(0, 9))


def fields(**each):
    return st.fixed_dictionaries({}, optional=each)


def sets(values):
    return st.none() | st.lists(values, max_size=3)


queues = st.dictionaries(st.sampled_from([0, "7"]), st.none() | fields(dscp=st.integers(0, 63), other_config=texts))
qos = st.fixed_dictionaries(
    {"type": st.sampled_from(["linux-htb", "linux-sfq"])}, optional={"queues": queues, "other_config": texts}
)
local = {
    "tag": st.none() | vlans,
    "trunks": sets(vlans),
    "vlan_mode": st.sampled_from([None, "access", "native-tagged"]),
    "protected": st.none() | st.booleans(),
    "mtu": st.none() | st.integers(68, 9000),
    "qos": st.none() | qos,
    "external_ids": texts,
    "port_external_ids": texts,
}
port = fields(**local, type=st.sampled_from([None, "", "system", "internal"]), options=texts)
mirror = fields(select_all=st.booleans(), select_vlan=sets(vlans), output_vlan=st.none() | vlans)
bridge = fields(
    adopt=st.booleans(),
    datapath_type=st.sampled_from([None, "", "system", "netdev"]),
    fail_mode=st.sampled_from([None, "secure", "standalone"]),
    protocols=sets(st.sampled_from(["OpenFlow10", "OpenFlow13"])),
    local=fields(**local),
    ports=st.dictionaries(st.sampled_from(["vm0", "vm1", "vm2"]), st.none() | port, max_size=3),
    controllers=st.dictionaries(st.just("tcp:127.0.0.1:9"), st.none() | fields(max_backoff=st.integers(1000, 9000))),
    mirrors=st.dictionaries(st.sampled_from(["m1", "m2"]), st.none() | mirror),
    netflow=st.none() | st.just({"targets": ["127.0.0.1:9"]}),
    other_config=texts,
    external_ids=texts,
)
bridges = st.dictionaries(st.sampled_from(["br-a", "br-b"]), st.none() | bridge)
