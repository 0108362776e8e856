"""``lab_ovs`` against a real ovsdb-server and ovs-vswitchd.  O1-O7 are faults of the modules before us."""

import subprocess
import time
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.ovs import db, queries
from saltext.lab.plan import Change
from saltext.lab.wait import until
from tests.support import daemons
from tests.support.ovs import bringer, cleaned, column, count, dump, vsctl
from tests.support.ovs_wishes import bridges as wishes

WISH = {
    "br-lab": {
        "fail_mode": "secure",
        "external_ids": {"owner": "attic"},
        "local": {"mtu": 1600},
        "ports": {
            "vm0": {"tag": 10, "protected": True, "type": "internal", "mtu": 1400},
            "vm1": {"trunks": [30, 20], "external_ids": {"note": "grün"}},
            "tun1": {"type": "vxlan", "options": {"remote_ip": "10.0.0.2", "key": 5, "csum": True}},
            "p1": {"type": "patch", "options": {"peer": "p2"}},
        },
    },
    "br-two": {"ports": {"p2": {"type": "patch", "options": {"peer": "p1"}}}},
}


@pytest.fixture
def lab(address):
    """A function that brings the bridges to a wish; no bridge is left after the test."""
    with cleaned(address) as bring:
        yield bring


def test_bridges_are_made_once(lab):
    made, again = lab(WISH), lab(WISH)

    assert made["result"] is True, made["comment"]
    assert made["changes"]["br-lab.ports.vm0.tag"] == {"old": None, "new": 10}
    assert (again["result"], again["changes"], again["comment"]) == (True, {}, "as wished")


def test_what_was_wished_is_in_the_database(lab, address):
    lab(WISH)

    assert column(address, "Interface", "br-lab", "type") == "internal"
    assert column(address, "Port", "vm0", "tag") == 10
    assert column(address, "Port", "vm0", "protected") is True
    assert column(address, "Port", "vm1", "trunks") == ["set", [20, 30]]
    assert column(address, "Interface", "vm0", "mtu_request") == 1400
    assert column(address, "Interface", "br-lab", "mtu_request") == 1600
    assert column(address, "Interface", "vm1", "external_ids") == ["map", [["note", "grün"]]]
    assert column(address, "Bridge", "br-lab", "external_ids") == ["map", [["owner", "attic"], ["saltext-lab", "made"]]]


def test_test_mode_names_exactly_what_the_run_changes_and_writes_nothing(lab, address):
    for wish in (WISH, {"br-lab": {"ports": {"vm0": {"tag": 11}, "p1": None, "new0": {}}}, "br-two": None}):
        before = dump(address)
        told = lab(wish, test=True)

        assert dump(address) == before
        assert told["result"] is None
        done = lab(wish)
        assert (done["result"], done["changes"]) == (True, told["changes"]), done["comment"]


def test_a_strange_port_stays_and_an_unwanted_one_goes(lab, address):
    lab({"br-lab": {"ports": {"old0": {}}}})
    vsctl(address, "add-port", "br-lab", "tap7", "tag=7", "--", "set", "Interface", "tap7", "external_ids:iface-id=x")
    lab({"br-lab": {"ports": {"old0": None, "vm0": {}}}})

    ports = lab.read()["br-lab"]["ports"]
    assert set(ports) == {"tap7", "vm0"}
    assert ports["tap7"] == {"tag": 7, "external_ids": {"iface-id": "x"}}


def test_null_clears_a_field_and_leaves_the_other_keys_of_a_map(lab):
    lab(WISH)
    wish = {"fail_mode": None, "ports": {"vm0": {"tag": None, "mtu": None}, "tun1": {"options": {"csum": None}}}}
    ret = lab({"br-lab": wish})

    assert ret["result"] is True, ret["comment"]
    actual = lab.read()["br-lab"]
    assert "fail_mode" not in actual
    assert actual["ports"]["vm0"].keys() & {"tag", "mtu"} == set()
    assert actual["ports"]["tun1"]["options"] == {"remote_ip": "10.0.0.2", "key": "5"}
    assert lab({"br-lab": wish})["changes"] == {}


@pytest.mark.parametrize("default", [None, "default"])
def test_the_default_of_a_field_is_the_same_as_null(lab, default):
    port = {"protected": default and False, "type": default and "system", "trunks": default and []}
    lab({"br-lab": {"datapath_type": "netdev", "ports": {"vm0": {"protected": True, "type": "internal"}}}})
    wish = {"br-lab": {"datapath_type": default and "system", "ports": {"vm0": port}}}

    assert lab(wish)["result"] is True
    assert lab(wish)["changes"] == {}
    assert lab.read()["br-lab"]["ports"]["vm0"] == {}


@pytest.mark.parametrize("options", [{"remote_ip": "10.0.0.2"}, {"remote_ip": "10.0.0.2", "dst_port": 4790}])
def test_o1_a_tunnel_with_and_without_dst_port(lab, options):
    wish = {"br-lab": {"ports": {"tun1": {"type": "vxlan", "options": options}}}}

    assert lab(wish)["result"] is True
    assert lab(wish)["changes"] == {}


def test_o2_options_are_changed_key_by_key(lab):
    lab(WISH)
    told = lab({"br-lab": {"ports": {"tun1": {"options": {"key": 6, "ttl": 9, "csum": None}}}}})

    at = "br-lab.ports.tun1.options."
    assert told["changes"] == {
        f"{at}key": {"old": "5", "new": "6"},
        f"{at}ttl": {"old": None, "new": "9"},
        f"{at}csum": {"old": "true", "new": None},
    }
    assert lab.read()["br-lab"]["ports"]["tun1"]["options"] == {"remote_ip": "10.0.0.2", "key": "6", "ttl": "9"}


def test_o3_removing_what_never_was_is_no_change(lab, address):
    lab({"br-lab": {}})
    before = dump(address)
    ret = lab({"br-lab": {"ports": {"never0": None}}, "br-never": None})

    assert (ret["result"], ret["changes"]) == (True, {})
    assert dump(address) == before


def test_o4_the_comment_says_what_happened(lab):
    assert [
        lab({"br-lab": {}}, test=True)["comment"],
        lab({"br-lab": {}})["comment"],
        lab({"br-lab": {}})["comment"],
    ] == [
        "to be changed",
        "changed",
        "as wished",
    ]


@pytest.mark.parametrize("vlan", [0, 4095, -1, "10"])
def test_o5_a_vlan_that_is_none_is_refused(lab, address, vlan):
    before = dump(address)
    ret = lab({"br-lab": {"ports": {"vm0": {"tag": vlan}, "vm1": {"trunks": [vlan]}}}})

    assert (ret["result"], ret["changes"]) == (False, {})
    assert "2 mistake(s)" in ret["comment"]
    assert "lab:bridges:br-lab:ports:vm0:tag" in ret["comment"]
    assert dump(address) == before


def test_o7_all_or_nothing(address, lab):
    """The database itself refuses one value: the good part of the same transaction is not there either."""
    with db.connect(address) as session:
        unchecked = bringer(session, kind=dict)
        ret = unchecked({"br-lab": {"adopt": True, "ports": {"vm0": {"tag": 10}, "vm1": {"tag": 5000}}}})

    assert (ret["result"], ret["changes"]) == (False, {})
    assert "5000 is not in the valid range 0 to 4095" in ret["comment"]
    assert lab.read() == {}


def test_one_transaction_for_everything(lab, address):
    conf = address.removeprefix("unix:").replace("db.sock", "conf.db")

    def wanted():
        """How often somebody wanted a new configuration; what ovs-vswitchd writes does not count."""
        argv = ["ovsdb-tool", "-mm", "show-log", conf]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=20).stdout.count("next_cfg=")

    before = wanted()
    lab(WISH)

    assert wanted() - before == 1


def test_a_port_moves_when_both_bridges_say_so(lab):
    lab({"br-a": {"ports": {"vm0": {"tag": 1}}}, "br-b": {}})
    alone = lab({"br-b": {"ports": {"vm0": {"tag": 2}}}})
    both = lab({"br-b": {"ports": {"vm0": {"tag": 2}}}, "br-a": {"ports": {"vm0": None}}})

    assert alone["result"] is False
    assert "port vm0 is on bridge br-a — state br-a:ports:vm0: null" in alone["comment"]
    assert both["result"] is True, both["comment"]
    assert lab.read()["br-b"]["ports"]["vm0"]["tag"] == 2


def test_a_bridge_made_by_hand_is_refused_then_adopted(lab, address):
    vsctl(address, "add-br", "br-hand", "--", "add-port", "br-hand", "theirs", "tag=3")
    before = dump(address)
    for wish in ({"fail_mode": "secure"}, None):
        ret = lab({"br-hand": wish})
        assert (ret["result"], ret["changes"]) == (False, {})
        assert "br-hand was not made by this suite" in ret["comment"]
    assert dump(address) == before

    adopted = lab({"br-hand": {"adopt": True, "fail_mode": "secure"}})
    assert set(adopted["changes"]) == {"br-hand.adopt", "br-hand.fail_mode"}
    assert lab.read()["br-hand"]["ports"]["theirs"]["tag"] == 3
    assert lab({"br-hand": {"fail_mode": "standalone"}})["result"] is True
    assert lab({"br-hand": None})["result"] is True


def test_what_is_made_by_hand_is_read_as_a_wish_would_say_it(lab, address):
    """The type "system" is the default in other words; VLAN 0 is none that we make, but it is not no VLAN."""
    vsctl(address, "add-br", "br-hand", "--", "set", "Bridge", "br-hand", "datapath_type=system")
    vsctl(address, "add-port", "br-hand", "eth1", "tag=0", "--", "set", "Interface", "eth1", "type=system")
    wish = {"br-hand": {"adopt": True, "datapath_type": "system", "ports": {"eth1": {"type": "system"}}}}

    assert set(lab(wish)["changes"]) == {"br-hand.adopt"}
    assert lab.read() == {"br-hand": {"adopt": True, "local": {}, "ports": {"eth1": {"tag": 0}}}}


def test_a_bond_made_by_hand_keeps_its_interfaces(lab, address):
    vsctl(address, "add-br", "br-hand", "--", "add-bond", "br-hand", "bond0", "eth1", "eth2")
    ok = lab({"br-hand": {"adopt": True, "ports": {"bond0": {"tag": 9}}}})
    refused = lab({"br-hand": {"ports": {"bond0": {"mtu": 9000}}}})

    assert ok["result"] is True, ok["comment"]
    assert refused["result"] is False
    assert "bond0 is a bond" in refused["comment"]
    assert len(column(address, "Port", "bond0", "interfaces")[1]) == 2


def test_a_port_that_cannot_be_opened_fails_with_the_words_of_vswitchd_until_it_is_mended(lab):
    wish = {"br-lab": {"ports": {"p0": {"type": "patch"}}}}
    first, second, mended = lab(wish), lab(wish), lab({"br-lab": {"ports": {"p0": {"options": {"peer": "p1"}}}}})

    words = "p0: patch type requires valid 'peer' argument"
    assert first["result"] is False
    assert first["comment"] == f"ovs-vswitchd cannot open p0 — {words}"
    assert (second["result"], second["comment"]) == (False, first["comment"])
    assert mended["result"] is True, mended["comment"]
    assert mended["changes"]["br-lab.ports.p0.error"] == {"old": words, "new": None}


def test_half_a_pair_of_patch_ports_does_not_flap(lab, address):
    """Interface.error says "No usable peer" some time later, and no more after each change: it is no state to wish."""
    wish = {"br-lab": {"ports": {"p0": {"type": "patch", "options": {"peer": "p1"}}}}}
    first = lab(wish)
    until(lambda: "No usable peer" in str(column(address, "Interface", "p0", "error")), 20, "the word of vswitchd")

    assert (first["result"], lab(wish)["changes"]) == (True, {})


def test_a_port_that_is_broken_by_a_change_is_a_failure(lab):
    lab({"br-lab": {"ports": {"p0": {"type": "patch", "options": {"peer": "p1"}}}}})
    ret = lab({"br-lab": {"ports": {"p0": {"options": {"peer": None}}}}})

    assert (ret["result"], list(ret["changes"])) == (False, ["br-lab.ports.p0.options.peer"])
    assert "requires valid 'peer' argument" in ret["comment"]


def test_a_device_that_is_not_there(tmp_path):
    """In a network namespace of its own, with real devices (needs root)."""
    switch = partial(daemons.vswitchd, tmp_path, before=("unshare", "--net"))
    with daemons.ovsdb(tmp_path) as address, switch(), db.connect(address) as session:
        wish = {"datapath_type": "netdev", "ports": {"eth9": {}, "in0": {"type": "internal"}}}
        ret = bringer(session)({"br-lab": wish})

    assert ret["result"] is False
    assert ret["comment"] == "ovs-vswitchd cannot open eth9 — could not open network device eth9 (No such device)"
    assert "br-lab.ports.in0.type" in ret["changes"]


def test_without_vswitchd_it_fails_soon_and_says_so(tmp_path):
    with daemons.ovsdb(tmp_path) as address, db.connect(address, timeout=0.3) as session:
        began = time.monotonic()
        first, second = (bringer(session)({"br-lab": {}}) for _ in range(2))

        assert time.monotonic() - began < 3
    for ret in (first, second):
        assert ret["result"] is False
        assert "ovs-vswitchd did not follow within 0.3 s" in ret["comment"]
        assert "systemctl restart openvswitch-switch" in ret["comment"]


def test_a_vswitchd_that_comes_late_is_waited_for(tmp_path):
    with daemons.ovsdb(tmp_path) as address, db.connect(address, timeout=0.1) as session:
        bringer(session)({"br-lab": {}})
        with daemons.vswitchd(tmp_path, "--enable-dummy=override"), db.connect(address) as patient:
            assert bringer(patient)({"br-lab": {}}) == {
                "name": "lab:bridges",
                "result": True,
                "comment": "as wished",
                "changes": {},
            }


def test_a_dead_ovsdb_is_named_with_its_address(tmp_path):
    address = f"unix:{tmp_path}/no.sock"

    with pytest.raises(Unreachable, match=address), db.connect(address, timeout=1):
        pass


def test_an_ovsdb_that_dies_or_hangs_is_unreachable(tmp_path):
    with daemons.ovsdb(tmp_path) as address, db.connect(address, timeout=0.3) as session:
        pid = int((tmp_path / "db.pid").read_text())
        subprocess.run(["kill", "-STOP", str(pid)], check=True)
        with pytest.raises(Unreachable, match="takes too long"):
            db.read(session)
        subprocess.run(["kill", "-CONT", str(pid)], check=True)
        daemons.end(pid)
        for _ in range(2):
            with pytest.raises(Unreachable, match=f"OVSDB at {address} does not answer"):
                db.read(session)


def test_a_stale_answer_is_not_taken_for_a_new_one(tmp_path):
    """After a time-out the late answer is still in the pipe; the next request must not get it."""
    with daemons.ovsdb(tmp_path) as address, db.connect(address, timeout=0.2) as session:
        pid = int((tmp_path / "db.pid").read_text())
        subprocess.run(["kill", "-STOP", str(pid)], check=True)
        with pytest.raises(Unreachable):
            session.transact({"op": "comment", "comment": "late"})
        subprocess.run(["kill", "-CONT", str(pid)], check=True)

        assert "rows" in session.transact(queries.CURRENT)[0]


def test_what_is_written_between_our_read_and_our_write_stays(address, lab):
    lab({"br-lab": {"ports": {"vm0": {"external_ids": {"a": "1"}}}}})
    vsctl(address, "add-port", "br-lab", "tap1", "--", "set", "Interface", "vm0", "external_ids:iface-id=y")
    with db.connect(address) as session:
        db.write(session, [Change(("br-lab", "ports", "vm0", "external_ids", "a"), "1", "2")])

    ports = lab.read()["br-lab"]["ports"]
    assert ports["vm0"]["external_ids"] == {"a": "2", "iface-id": "y"}
    assert "tap1" in ports


def test_a_refusal_names_the_database(address):
    with db.connect(address) as session, pytest.raises(Refused, match="No table named Brigde"):
        session.transact({"op": "select", "table": "Brigde", "where": []})


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=wishes, second=wishes)
def test_after_a_run_the_database_is_as_wished(address, first, second):
    with db.connect(address) as session:
        bring = bringer(session)
        for wish in (first, second):
            ret = bring(wish)
            if "is on bridge" in ret["comment"] or _twice(wish):  # a port cannot be on both bridges
                continue
            assert ret["result"] is True, ret["comment"]
            assert bring(wish)["changes"] == {}
        bring({"br-a": None, "br-b": None})
    assert (count(address, "Port"), count(address, "QoS"), count(address, "Queue")) == (0, 0, 0)


def _twice(wish):
    """Say whether *wish* puts one port on two bridges, which OVSDB refuses."""
    named = [name for one in wish.values() if one for name, port in one.get("ports", {}).items() if port is not None]
    return len(named) != len(set(named))
