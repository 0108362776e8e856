"""The pure half of ``lab_ovs``: what may be, rows to data and back, changes to operations."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saltext.lab.errors import BadWish, Refused
from saltext.lab.ovs import ops, rows
from saltext.lab.ovs.model import MARK, Bridge, Bridges, Local, Port
from saltext.lab.plan import Change, diff, merge
from saltext.lab.schema import check, example

#: a busy machine is no fault
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
vlans = st.integers(1, 4094)
texts = st.dictionaries(st.sampled_from(["key", "ttl", "note"]), st.none() | st.text(max_size=3) | st.integers(0, 9))


def fields(**each):
    return st.fixed_dictionaries({}, optional=each)


local = {
    "tag": st.none() | vlans,
    "trunks": st.none() | st.lists(vlans, max_size=3),
    "protected": st.none() | st.booleans(),
    "mtu": st.none() | st.integers(68, 65535),
    "external_ids": texts,
}
port = fields(**local, type=st.sampled_from([None, "", "system", "internal", "vxlan"]), options=texts)
bridge = fields(
    adopt=st.booleans(),
    datapath_type=st.sampled_from([None, "", "system", "netdev"]),
    fail_mode=st.sampled_from([None, "secure", "standalone"]),
    local=fields(**local),
    ports=st.dictionaries(st.sampled_from(["vm0", "vm1", "vm2"]), st.none() | port, max_size=3),
    other_config=texts,
    external_ids=texts,
)
bridges = st.dictionaries(st.sampled_from(["br-a", "br-b"]), st.none() | bridge)


class Ovsdb:
    """As much of a database as it takes to see that operations and rows fit together (RFC 7047, section 5.2)."""

    def __init__(self):
        self.tables = {"Bridge": {}, "Port": {}, "Interface": {}}
        self.bridges, self.serial = [], 0

    def bring(self, wish):
        changes = list(diff(self.read(), wish))
        self.commit(ops.operations(changes, rows.known([self.rows("Bridge"), self.rows("Port")])))

    def read(self):
        return rows.bridges([self.rows(table) for table in ("Bridge", "Port", "Interface")])

    def rows(self, table):
        """The rows that somebody points at; OVSDB collects the others."""
        holder = {"Port": ("Bridge", "ports"), "Interface": ("Port", "interfaces")}.get(table)
        used = self.pointed_at(*holder) if holder else self.bridges
        return [{"_uuid": ["uuid", uuid], **self.tables[table][uuid]} for uuid in used]

    def pointed_at(self, table, column):
        return [uuid for row in self.rows(table) for uuid in rows.plain(row[column], column)]

    def commit(self, operations):
        names = {}
        for one in operations:
            getattr(self, one["op"])(names, **{key.replace("-", "_"): one[key] for key in one if key != "op"})

    def insert(self, names, table, row, uuid_name):
        self.serial += 1
        names[uuid_name] = str(self.serial)
        columns = [*rows.FIELDS[table].values(), *rows.LINKS[table]]
        maps = ("options", "other_config", "external_ids")
        blank = {column: ["map", []] if column in maps else rows.wire(None, column) for column in columns}
        self.tables[table][names[uuid_name]] = blank | {"ofport": 1} | self.resolved(row, names)

    def update(self, names, table, where, row):
        self.tables[table][where[0][2][1]] |= row

    def mutate(self, names, table, where, mutations):
        for column, how, value in self.resolved(mutations, names):
            if table == "Open_vSwitch":
                self.bridges = self.mutated(["set", [["uuid", one] for one in self.bridges]], how, value)[1]
                self.bridges = [uuid for _, uuid in self.bridges]
            else:
                row = self.tables[table][where[0][2][1]]
                row[column] = self.mutated(row[column], how, value)

    def mutated(self, old, how, value):
        old = old if old[0] in ("set", "map") else ["set", [old]]
        if old[0] == "set":
            kept = [one for one in old[1] if one not in value[1]]
            return ["set", kept + (value[1] if how == "insert" else [])]
        if how == "insert":
            return ["map", old[1] + [pair for pair in value[1] if pair[0] not in dict(old[1])]]
        return ["map", [pair for pair in old[1] if pair[0] not in value[1]]]

    def resolved(self, value, names):
        if isinstance(value, list) and value[:1] == ["named-uuid"]:
            return ["uuid", names[value[1]]]
        if isinstance(value, list):
            return [self.resolved(one, names) for one in value]
        return {key: self.resolved(one, names) for key, one in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("kind", [Bridge, Port, Local])
def test_every_documented_example_is_valid(kind):
    assert check(kind, example(kind), "example").keys() == example(kind).keys()


@calm
@given(actual=bridges, wish=bridges)
def test_a_second_run_finds_nothing_to_do(actual, wish):
    actual, wish = (check(Bridges, one, "lab") for one in (actual, wish))

    assert list(diff(merge(merge({}, actual), wish), wish)) == []


@calm
@given(first=bridges, second=bridges)
def test_after_its_operations_the_database_is_as_wished(first, second):
    database = Ovsdb()
    for wish in (check(Bridges, one, "lab") for one in (first, second)):
        try:
            database.bring(wish)
        except Refused:  # a port cannot be on both bridges
            continue
        if not _twice(wish):
            assert list(diff(database.read(), wish)) == []


def _twice(wish):
    """Say whether *wish* puts one port on two bridges, which OVSDB refuses."""
    named = [name for one in wish.values() if one for name, port in one.get("ports", {}).items() if port is not None]
    return len(named) != len(set(named))


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


@pytest.mark.parametrize(
    ("value", "column"),
    [
        (None, "tag"),
        (0, "tag"),
        (10, "tag"),
        ([], "trunks"),
        ([5, 7], "trunks"),
        ({}, "options"),
        ({"a": "b"}, "options"),
    ],
)
def test_a_value_survives_the_wire(value, column):
    assert rows.plain(rows.wire(value, column), column) == value


def test_a_set_of_one_comes_bare():
    assert rows.plain(7, "trunks") == [7]
    assert rows.plain(["uuid", "u1"], "ports") == ["u1"]


@pytest.mark.parametrize(
    ("ofport", "said", "why"),
    [
        (1, ["set", []], None),
        (1, "No usable peer", None),  # comes and goes some time after ovs-vswitchd has applied all
        (-1, "no such device", "no such device"),
        (-1, ["set", []], rows.NOT_OPENED),
        (["set", []], ["set", []], rows.NOT_OPENED),
    ],
)
def test_why_a_port_does_not_run(ofport, said, why):
    assert rows.error({"ofport": ofport, "error": said}) == why


KNOWN = rows.Known({"br-a": "A", "br-b": "B"}, {"vm0": rows.Place("br-a", "P", ["I"])})


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
