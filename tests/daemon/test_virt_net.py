"""Networks of libvirt on a real libvirtd, with real bridges, dnsmasq and NAT.  V1, V10: what others got wrong."""

from functools import partial

import libvirt
import pytest

from saltext.lab.outcome import Things
from saltext.lab.plan import Change
from saltext.lab.virt import link, network, network_xml
from saltext.lab.virt.network_model import Network, Networks, PortGroup
from tests.support import storage
from tests.support.libvirtd import libvirtd

OVS = {"forward": "bridge", "bridge": "br-int", "virtualport": "openvswitch"}
ISOLATED = {"forward": "isolated", "address": "192.168.77.1/24"}
#: For each field what it is made with, and its values; None takes it away.
VALUES = {
    "adopt": ({}, True, False),
    "forward": (ISOLATED, "isolated", "nat", "route", "open", "isolated"),
    "bridge": (OVS, "br-int", "br-other"),
    "virtualport": (OVS, "openvswitch", None),
    "portgroups": (OVS, {"a": {"tag": 1}, "b": {"tag": 2}}, {"a": None, "c": {"trunk": [1, 2]}}),
    "mtu": (ISOLATED, 1400, 9000, None),
    "domain": (ISOLATED, "a.example", "b.example", None),
    "address": ({}, "192.168.77.1/24", "192.168.78.1/25", None),
    "dhcp": (
        ISOLATED,
        ["192.168.77.10-192.168.77.20"],
        ["192.168.77.30-192.168.77.40", "192.168.77.50-192.168.77.60"],
        None,
    ),
    "autostart": (ISOLATED, True, False),
    "running": (ISOLATED, True, False),
}
GROUP_VALUES = {"default": (True, False), "tag": (1, 4094, None), "trunk": ([10, 20], [30], None)}


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        storage.trace(daemon)
        yield daemon


@pytest.fixture
def conn(daemon):
    with link.connect(daemon.uri) as conn:
        yield conn
        storage.clean(conn)


@pytest.fixture
def bring(conn):
    read, write = partial(network.read, conn), partial(network.write, conn)
    note = network_xml.pending

    def things(wish):
        return Things("n", Networks, read, write, partial(network_xml.impact, wish=wish), partial(note, wish=wish))

    return storage.bring_by(things)


@pytest.fixture
def done(bring, conn):
    return storage.done_by(bring, partial(storage.everything, conn))


def live(conn, name="n"):
    return conn.networkLookupByName(name).XMLDesc()


def test_no_field_of_the_models_is_left_out():
    assert set(VALUES) == set(Network.model_fields)
    assert set(GROUP_VALUES) == set(PortGroup.model_fields)


@pytest.mark.parametrize("field", Network.model_fields)
def test_a_field_is_set_changed_and_taken_away(field, done, conn):
    base, first, *others = VALUES[field]
    done({"n": base | {field: first}})
    for value in others:
        changes = done({"n": {field: value} if field == "adopt" else {field: value, "adopt": True}})
        assert changes
        assert all(path.startswith(f"n.{field}") for path in changes)
    if others[-1] is None:
        assert field not in network.read(conn)["n"]


@pytest.mark.parametrize("field", PortGroup.model_fields)
@pytest.mark.parametrize("running", [True, False])
def test_a_field_of_a_port_group_is_set_changed_and_taken_away_at_once(field, running, done, conn):
    first, *others = GROUP_VALUES[field]
    done({"n": OVS | {"portgroups": {"lan": {field: first}, "other": {"tag": 7}}, "running": running}})
    for value in others:
        changes = done({"n": {"portgroups": {"lan": {field: value}}}})
        assert set(changes) == {f"n.portgroups.lan.{field}"}
        assert "impact" not in changes[f"n.portgroups.lan.{field}"]
        assert network_xml_of(live(conn)) == network_xml_of(
            conn.networkLookupByName("n").XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
        )


def network_xml_of(text):
    return {line.strip() for line in text.splitlines()} - {""}


def test_a_tag_becomes_a_trunk_and_back(done, conn):
    done({"n": OVS | {"portgroups": {"lan": {"tag": 10}}, "running": True}})
    done({"n": {"portgroups": {"lan": {"tag": None, "trunk": [10, 20]}}}})
    assert "<vlan trunk='yes'>" in live(conn)
    done({"n": {"portgroups": {"lan": {"tag": 30, "trunk": None}}}})

    assert "<tag id='30'/>" in live(conn)
    assert "trunk" not in live(conn)


@pytest.mark.parametrize(
    "wish",
    [
        OVS | {"portgroups": {"lan": {"tag": 10, "default": True}, "trunk": {"trunk": [10, 20]}}},
        {"forward": "bridge", "bridge": "br-lab"},
        ISOLATED | {"dhcp": ["192.168.77.10-192.168.77.20"], "domain": "a.example"},
        ISOLATED | {"forward": "nat", "bridge": "virbr9", "mtu": 1400},
    ],
    ids=["ovs", "bridge", "isolated", "nat"],
)
def test_each_kind_runs_and_goes(wish, done, conn):
    done({"n": wish | {"running": True, "autostart": True}})
    assert conn.networkLookupByName("n").isActive()
    done({"n": None, "never": None})

    assert network.read(conn) == {}


def test_ranges_of_a_network_that_runs_change_at_once(done, conn):
    done({"n": ISOLATED | {"dhcp": ["192.168.77.10-192.168.77.20"], "running": True}})
    for ranges in (
        ["192.168.77.30-192.168.77.40", "192.168.77.50-192.168.77.60"],
        None,
        ["192.168.77.70-192.168.77.80"],
    ):
        changes = done({"n": {"dhcp": ranges}})
        assert "impact" not in changes["n.dhcp"]
        assert live(conn).count("<range ") == len(ranges or [])


def test_ranges_wait_for_their_address(done, conn):
    done({"n": ISOLATED | {"dhcp": ["192.168.77.10-192.168.77.20"], "running": True}})
    before = live(conn)
    changes = done({"n": {"address": "192.168.78.1/24", "dhcp": ["192.168.78.10-192.168.78.20"]}})

    assert {change.get("impact") for change in changes.values()} == {"next-boot"}
    assert live(conn) == before
    done({"n": {"running": False}})
    done({"n": {"running": True}})
    assert "start='192.168.78.10'" in live(conn)


def test_what_a_network_that_runs_keeps_is_for_its_next_start_and_guests_stay_plugged_in(done, bring, conn):
    done({"n": ISOLATED | {"running": True}})
    before = live(conn)
    changes = done({"n": {"domain": "a.example", "autostart": True}})

    assert {path: change.get("impact") for path, change in changes.items()} == {
        "n.domain": "next-boot",
        "n.autostart": None,
    }
    assert live(conn) == before
    assert bring({"n": {}})["comment"] == "as wished; n takes on domain at its next start"
    done({"n": {"running": False}})
    done({"n": {"running": True}})
    assert "<domain name='a.example'/>" in live(conn)
    assert bring({"n": {}})["comment"] == "as wished"


def test_v1_a_plan_makes_no_call_that_writes(bring, daemon):
    bring({"a": OVS | {"portgroups": {"lan": {"tag": 1}}, "running": True}})
    seen = len(daemon.calls())
    wish = {"a": {"portgroups": {"lan": {"tag": 2}}}, "n": ISOLATED | {"running": True, "autostart": True}}
    bring(wish, test=True)
    calls = daemon.calls()[seen:]

    assert "virNetworkGetXMLDesc" in calls
    assert set(calls) <= storage.LOOKS
    bring(wish)
    assert {"virNetworkDefineXML", "virNetworkUpdate"} <= set(daemon.calls()[seen:])


def test_what_the_model_does_not_know_stays(done, conn):
    conn.networkDefineXML(
        "<network><name>n</name><metadata><a:b xmlns:a='http://them.example'>kept</a:b></metadata><forward mode='nat'/>"
        "<dns><host ip='192.168.77.2'><hostname>printer</hostname></host></dns><ip address='192.168.77.1' prefix='24'>"
        "<dhcp><range start='192.168.77.10' end='192.168.77.20'/>"
        "<host mac='52:54:00:00:00:01' ip='192.168.77.5'/></dhcp>"
        "</ip><ip family='ipv6' address='fd00::1' prefix='64'/></network>"
    )
    done(
        {
            "n": {
                "adopt": True,
                "dhcp": ["192.168.77.30-192.168.77.40"],
                "domain": "a.example",
                "address": "192.168.77.3/24",
            }
        }
    )
    text = live(conn)

    for kept in ("kept", "printer", "192.168.77.5", "fd00::1", "nat"):
        assert kept in text


def test_v10_a_network_of_somebody_else_is_left_alone_until_it_is_adopted(bring, done, conn):
    conn.networkDefineXML("<network><name>n</name><bridge name='virbr7'/></network>")
    before = storage.everything(conn)
    for wish in ({"n": {"domain": "a.example"}}, {"n": None}):
        refused = bring(wish)
        assert (refused["result"], refused["changes"], storage.everything(conn)) == (False, {}, before)
        assert "was not made by this suite" in refused["comment"]

    assert done({"n": {"adopt": True, "bridge": "virbr7"}}) == {"n.adopt": {"old": False, "new": True}}
    done({"n": None})


def test_one_bad_network_of_three_fails_alone(bring, conn):
    twice = ISOLATED | {"running": True, "bridge": "virbr8"}
    made = bring({"a": twice, "bad": twice | {"forward": "bridge", "running": True}, "c": OVS})

    assert made["result"] is False
    assert "network bad" in made["comment"]
    assert set(network.read(conn)) >= {"a", "c"}


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"portgroups": {"lan": {"tag": 4095}}}, "less than or equal to 4094"),
        ({"address": "192.168.77.1"}, "needs its prefix"),
        ({"dhcp": ["192.168.77.20-192.168.77.10"]}, "first address is above its last"),
        ({"forwrd": "nat"}, "did you mean forward"),
    ],
)
def test_a_mistake_is_named(wish, why, bring):
    assert why in bring({"n": wish})["comment"]


def test_a_network_that_went_in_the_middle_is_no_error(conn, bring):
    bring({"n": OVS})
    one = conn.networkLookupByName("n")
    one.undefine()

    assert network._read(conn, one, set()) is None
    network.write(conn, [Change(("n",), {}, None)])
