"""The pure half of ``lab_ovs``: what may be, rows to data and back, changes to operations."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from saltext.lab.errors import BadWish, Refused
from saltext.lab.ovs import ops, queries, rows, wire
from saltext.lab.ovs.bridge_parts import Controller, Ipfix, Mirror, NetFlow, Sflow
from saltext.lab.ovs.model import Bridge, Bridges, Switch
from saltext.lab.ovs.port_model import Local, Member, Port, Qos, Queue
from saltext.lab.ovs.tables import FIELDS, NO_KEYS, REFS
from saltext.lab.ovs.types import MARK
from saltext.lab.plan import Change, diff, merge
from saltext.lab.schema import check, example
from tests.support.daemons import SCHEMA
from tests.support.ovs_wishes import bridges

#: a busy machine is no fault
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


MODELS = {
    "Open_vSwitch": Switch,
    "Bridge": Bridge,
    "Port": Port,
    "Interface": Member,
    "QoS": Qos,
    "Queue": Queue,
    **{"Controller": Controller, "Mirror": Mirror, "NetFlow": NetFlow, "sFlow": Sflow, "IPFIX": Ipfix},
}
NO_COLUMN = {"adopt", "local", "error"}


@pytest.mark.parametrize("kind", [*MODELS.values(), Local])
def test_every_documented_example_is_valid(kind):
    fields = {name: value for name, value in example(kind).items() if name != "interfaces"}  # those are a bond's

    assert check(kind, fields, "example").keys() == fields.keys()


def test_the_documented_example_of_a_bond_is_valid():
    assert check(Port, {"interfaces": example(Port)["interfaces"]}, "example")


@calm
@given(actual=bridges, wish=bridges)
def test_a_second_run_finds_nothing_to_do(actual, wish):
    actual, wish = (check(Bridges, one, "lab") for one in (actual, wish))

    assert list(diff(merge(merge({}, actual), wish), wish)) == []


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"ports": {"vm0": {"tgs": 1}}}, "ports:vm0:tgs is unknown (did you mean tag?); there are tag, trunks, "),
        ({"ports": {"vm0": {"tag": 0}}}, "ports:vm0:tag is 0: input should be greater than or equal to 1"),
        ({"ports": {"vm0": {"tag": 4095}}}, "ports:vm0:tag is 4095: input should be less than or equal to 4094"),
        ({"ports": {"vm0": {"trunks": [7, 4095]}}}, "ports:vm0:trunks:1 is 4095"),
        ({"ports": {"vm0": {"type": "vlan"}}}, "ports:vm0:type is 'vlan'"),
        ({"ports": {"vm0": {"options": {"key": 1.5}}}}, "ports:vm0:options:key is 1.5"),
        ({"ports": {"vm0": {"error": "x"}}}, "ports:vm0:error is 'x'"),
        ({"ports": {"br-lab": {}}}, "br-lab:ports:br-lab is the bridge's own port; state it as br-lab:local"),
        ({"ports": None}, "br-lab:ports is None"),
        ({"adopt": None}, "br-lab:adopt is None"),
        ({"local": {"type": "internal"}}, "local:type is unknown"),
        ({"fail_mode": "sideways"}, "fail_mode is 'sideways': input should be 'secure' or 'standalone'"),
        ({"external_ids": {MARK: "x"}}, f"{MARK} is our mark"),
        ({"flood_vlans": [4095]}, "flood_vlans:0 is 4095"),
        ({"mirrors": {"m": {"select_vlan": [0]}}}, "mirrors:m:select_vlan:0 is 0"),
        ({"ports": {"b0": {"interfaces": {"b0": {}}}}}, "br-lab:ports:b0 has an interface b0: a bond has a name of"),
        ({"ports": {"b0": {"interfaces": {"e1": {}}, "mtu": 1600}}}, "mtu of a bond belongs to one of its interfaces"),
        ({"ports": {"b0": {"qos": {}}}}, "ports:b0:qos:type is missing"),
        ({"ports": {"b0": {"qos": {"type": "linux-htb", "queues": {"x": {}}}}}}, "queues:x"),
        ({"netflow": {"targets": []}}, "netflow:targets"),
        ({"controllers": {"10.0.0.9": {}}}, "controllers:10.0.0.9"),
        ({"ports": {"vm0": {"mac": "02:00"}}}, "ports:vm0:mac is '02:00'"),
    ],
)
def test_what_cannot_be_is_told_with_its_path(bad, told):
    with pytest.raises(BadWish) as caught:
        check(Bridges, {"br-lab": bad}, "lab:bridges")

    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a-name-of-16-cha"])
def test_a_bridge_needs_a_name_that_linux_takes(name):
    with pytest.raises(BadWish, match="string should match pattern"):
        check(Bridges, {name: {}}, "lab:bridges")


def test_yaml_numbers_and_booleans_become_the_text_of_ovsdb():
    wish = {"options": {"key": 5, "csum": True, "df_default": False, "remote_ip": "10.0.0.2"}}

    assert check(Port, wish, "x")["options"] == {
        "key": "5",
        "csum": "true",
        "df_default": "false",
        "remote_ip": "10.0.0.2",
    }


def test_not_adopting_is_as_if_not_stated():
    assert check(Bridges, {"br-lab": {"adopt": False}}, "x") == {"br-lab": {}}


def test_trunks_are_a_set():
    assert check(Port, {"trunks": [30, 20, 30]}, "x")["trunks"] == [20, 30]


@pytest.mark.parametrize("value", [None, 0, 10, [5, 7], {}, {"a": "b"}])
def test_a_value_survives_the_wire(value):
    assert wire.plain(wire.wire(value), isinstance(value, list)) == value


def test_a_set_of_one_comes_bare_and_an_empty_one_is_a_list():
    assert wire.plain(7, many=True) == [7]
    assert wire.plain(["uuid", "u1"], many=True) == ["u1"]
    assert wire.plain(["set", []], many=True) == []


@pytest.mark.parametrize("table", FIELDS)
def test_every_field_has_a_column_and_every_column_a_field(table):
    columns = FIELDS[table].keys() | REFS.get(table, {}).keys() - {"bridges"}
    own = {"Port": FIELDS["Interface"].keys()}.get(table, set())

    assert MODELS[table].model_fields.keys() - NO_COLUMN == columns | own


@pytest.mark.parametrize("table", FIELDS)
def test_every_column_is_one_of_ovsdb_and_its_default_fits(table):
    schema = json.loads(Path(SCHEMA).read_text())["tables"][table]["columns"]
    columns = [(one.name, one.default) for one in FIELDS[table].values()]
    columns += [(one.column, one.default) for one in REFS.get(table, {}).values()]
    for name, default in columns:
        kind = schema[name]["type"]
        several = isinstance(kind, dict) and (kind.get("min") == 0 or kind.get("max") == "unlimited")
        assert ("value" in kind) == (default == NO_KEYS), name
        assert several == isinstance(default, list), name


def tables(**columns):
    """Return the rows of an OVSDB with one bridge br-a of one port vm0."""
    rows = {"Bridge": {"A": {"name": "br-a", "ports": ["uuid", "P"]}}}
    rows |= {"Port": {"P": {"name": "vm0", "interfaces": ["uuid", "I"]}}, "Interface": {"I": {"name": "vm0"}}}
    return {name: {} for name in FIELDS} | rows | columns


KNOWN = rows.known(tables(Bridge={**tables()["Bridge"], "B": {"name": "br-b"}}))


@pytest.mark.parametrize(
    ("failed", "why"),
    [({}, None), ({"error": "no such device"}, "no such device"), ({"error": ["set", []]}, queries.NOT_OPENED)],
)
def test_why_a_port_does_not_run(failed, why):
    found = rows.bridges(tables(Interface={"I": {"name": "vm0", **failed}}), terse=True)

    assert found["br-a"]["ports"]["vm0"].get("error") == why


def test_a_map_is_mutated_key_by_key():
    at = ("br-a", "ports", "vm0", "options")

    assert ops.operations([Change((*at, "key"), "1", "2"), Change((*at, "ttl"), "9", None)], KNOWN) == [
        {
            "op": "mutate",
            "table": "Interface",
            "where": [["_uuid", "==", ["uuid", "I"]]],
            "mutations": [
                ["options", "delete", ["set", ["key", "ttl"]]],
                ["options", "insert", ["map", [["key", "2"]]]],
            ],
        }
    ]


def test_a_port_on_another_bridge_is_refused_unless_it_leaves_there():
    plug, unplug = Change(("br-b", "ports", "vm0"), None, {}), Change(("br-a", "ports", "vm0"), {}, None)

    with pytest.raises(Refused, match="port vm0 is on bridge br-a"):
        ops.operations([plug], KNOWN)
    for leave in (unplug, Change(("br-a",), {}, None)):
        assert {one["op"] for one in ops.operations([plug, leave], KNOWN)} == {"insert", "mutate"}


def test_removing_what_has_gone_meanwhile_needs_no_operation():
    gone = [Change(("br-x",), {}, None), Change(("br-a", "ports", "vm9"), {}, None)]

    assert ops.operations(gone, KNOWN) == []


def test_a_bridge_that_has_gone_meanwhile_is_not_made_of_a_change_to_it():
    with pytest.raises(Refused, match="there is no bridge br-x"):
        ops.operations([Change(("br-x", "ports", "vm9"), None, {})], KNOWN)
