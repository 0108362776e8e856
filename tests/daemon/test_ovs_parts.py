"""What hangs together in OVSDB: bonds, mirrors, QoS, controllers, the switch itself; and what others made of it."""

from contextlib import contextmanager
from functools import partial

import pytest

from saltext.lab.outcome import Things, converge
from saltext.lab.ovs import db
from saltext.lab.ovs.model import Switches
from tests.support import daemons
from tests.support.ovs import bringer, cleaned, column, count, dump, vsctl

HTB = {"type": "linux-htb", "queues": {"0": {"other_config": {"max-rate": "1000"}}, 1: {"dscp": 46}}}
BOND = {"interfaces": {"eth1": {}, "eth2": {}}, "bond_mode": "balance-slb", "lacp": "active"}


@pytest.fixture
def lab(address):
    with cleaned(address) as bring:
        yield bring


@contextmanager
def nothing_written(address):
    before = dump(address)
    yield
    assert dump(address) == before


def test_o6_everything_at_once_and_once(lab):
    """A trunk, a bond, patch and Geneve ports, STP, a mirror, QoS, a controller, the fail mode and external_ids."""
    wish = {
        "br-lab": {
            "fail_mode": "secure",
            "rstp_enable": True,
            "external_ids": {"owner": "attic"},
            "controllers": {"tcp:127.0.0.1:9": {"max_backoff": 8000}},
            "mirrors": {"watch": {"select_src_port": ["vm0", "bond0"], "output_port": "tap0"}},
            "sflow": {"targets": ["127.0.0.1:9"], "agent": "lo"},
            "ports": {
                "vm0": {"trunks": [10, 20], "tag": 5, "vlan_mode": "native-untagged", "qos": HTB},
                "tap0": {"type": "internal", "ingress_policing_rate": 1000},
                "bond0": BOND,
                "p1": {"type": "patch", "options": {"peer": "p2"}},
                "tun1": {"type": "geneve", "options": {"remote_ip": "10.0.0.2", "key": 5}},
            },
        },
        "br-two": {"ports": {"p2": {"type": "patch", "options": {"peer": "p1"}}}},
    }
    told, made, again = lab(wish, test=True), lab(wish), lab(wish)

    assert made["result"] is True, made["comment"]
    assert made["changes"] == told["changes"]
    assert (again["result"], again["changes"]) == (True, {})


def test_a_bond_is_made_of_interfaces_which_come_and_go(lab, address):
    lab({"br-lab": {"ports": {"bond0": BOND}}})
    assert len(column(address, "Port", "bond0", "interfaces")[1]) == 2
    more = {"interfaces": {"eth1": None, "eth3": {"mtu": 1400}}, "bond_mode": "active-backup"}
    ret = lab({"br-lab": {"ports": {"bond0": more}}})

    assert ret["result"] is True, ret["comment"]
    assert lab.read()["br-lab"]["ports"]["bond0"] == {
        "interfaces": {"eth2": {}, "eth3": {"mtu": 1400}},
        "bond_mode": "active-backup",
        "lacp": "active",
    }
    assert lab({"br-lab": {"ports": {"bond0": more}}})["changes"] == {}


def test_all_interfaces_of_a_bond_change_in_one_transaction(lab):
    lab({"br-lab": {"ports": {"bond0": BOND}}})
    ret = lab({"br-lab": {"ports": {"bond0": {"interfaces": {"eth1": None, "eth2": None, "eth3": {}, "eth4": {}}}}}})

    assert ret["result"] is True, ret["comment"]
    assert set(lab.read()["br-lab"]["ports"]["bond0"]["interfaces"]) == {"eth3", "eth4"}


def test_a_port_becomes_a_bond_that_takes_the_interface_of_another(lab):
    lab({"br-lab": {"ports": {"up0": {"tag": 7}, "eth1": {}}}})
    wish = {"br-lab": {"ports": {"eth1": None, "up0": {"interfaces": {"eth1": {}, "eth2": {}}}}}}

    assert lab(wish)["result"] is True
    assert lab.read()["br-lab"]["ports"] == {"up0": {"tag": 7, "interfaces": {"eth1": {}, "eth2": {}}}}
    assert lab(wish)["changes"] == {}


def test_an_interface_of_a_bond_that_is_not_there_fails_with_the_words_of_vswitchd(tmp_path):
    switch = partial(daemons.vswitchd, tmp_path, before=("unshare", "--net"))
    with daemons.ovsdb(tmp_path) as address, switch(), db.connect(address) as session:
        wish = {"br-lab": {"datapath_type": "netdev", "ports": {"bond0": {"interfaces": {"lo0": {}, "eth9": {}}}}}}
        first, second = bringer(session)(wish), bringer(session)(wish)

    assert first["result"] is second["result"] is False
    assert (
        "ovs-vswitchd cannot open eth9, lo0 — could not open network device eth9 (No such device)" in first["comment"]
    )
    assert second["comment"] == first["comment"]


def test_a_mirror_names_ports_of_which_some_are_made_with_it(lab, address):
    lab({"br-lab": {"ports": {"vm0": {}}}})
    mirror = {"select_src_port": ["vm1", "vm0", "br-lab"], "select_vlan": [10], "output_port": "tap0"}
    ret = lab({"br-lab": {"ports": {"vm1": {}, "tap0": {}}, "mirrors": {"watch": mirror}}})

    assert ret["changes"]["br-lab.mirrors.watch.select_src_port"]["new"] == ["br-lab", "vm0", "vm1"]
    assert column(address, "Mirror", "watch", "output_port") == column(address, "Port", "tap0", "_uuid")
    changed = lab({"br-lab": {"mirrors": {"watch": {"select_src_port": ["vm1"]}}}})
    assert changed["changes"] == {
        "br-lab.mirrors.watch.select_src_port": {"old": ["br-lab", "vm0", "vm1"], "new": ["vm1"]}
    }


def test_a_mirror_loses_a_port_that_goes(lab):
    mirror = {"select_dst_port": ["vm0", "vm1"], "output_port": "vm2"}
    lab({"br-lab": {"ports": {"vm0": {}, "vm1": {}, "vm2": {}}, "mirrors": {"watch": mirror}}})
    lab({"br-lab": {"ports": {"vm0": None, "vm2": None}}})

    assert lab.read()["br-lab"]["mirrors"] == {"watch": {"select_dst_port": ["vm1"]}}


@pytest.mark.parametrize("ports", [{}, {"vm0": None}])
def test_a_mirror_of_a_port_that_is_not_on_the_bridge_is_refused(lab, address, ports):
    lab({"br-lab": {"ports": {"vm0": {}} if ports else {}}, "br-two": {"ports": {} if ports else {"vm0": {}}}})
    with nothing_written(address):
        ret = lab({"br-lab": {"ports": ports, "mirrors": {"watch": {"output_port": "vm0"}}}})

    assert (ret["result"], ret["changes"]) == (False, {})
    assert "mirror watch of br-lab names vm0 — there is no such port on the bridge" in ret["comment"]


@pytest.mark.parametrize(
    "wish",
    [
        {"br-lab": {"ports": {"vm0": {"qos": None}}}},
        {"br-lab": {"ports": {"vm0": None}}},
        {"br-lab": None},
        {"br-lab": {"ports": {"vm0": None}}, "br-two": {"ports": {"vm0": {}}}},
    ],
    ids=["taken off", "port goes", "bridge goes", "port moves"],
)
def test_no_qos_or_queue_of_ours_is_left_and_those_of_others_stay(lab, address, wish):
    lab({"br-lab": {"ports": {"vm0": {"qos": HTB}}}})
    vsctl(
        address, "--", "--id=@q", "create", "Queue", "dscp=1", "--", "create", "QoS", "type=linux-hfsc", "queues:3=@q"
    )
    assert (count(address, "QoS"), count(address, "Queue")) == (2, 3)

    assert lab(wish)["result"] is True
    assert (count(address, "QoS"), count(address, "Queue")) == (1, 1)
    assert (
        column(address, "QoS", vsctl(address, "--columns=_uuid", "--bare", "list", "QoS").strip(), "type")
        == "linux-hfsc"
    )


def test_a_queue_is_changed_in_place_and_one_that_goes_is_deleted(lab, address):
    lab({"br-lab": {"ports": {"vm0": {"qos": HTB}}}})
    before = column(address, "Port", "vm0", "qos")
    ret = lab({"br-lab": {"ports": {"vm0": {"qos": {"type": "linux-hfsc", "queues": {0: {"dscp": 8}, 1: None}}}}}})

    assert ret["result"] is True, ret["comment"]
    assert column(address, "Port", "vm0", "qos") == before
    assert lab.read()["br-lab"]["ports"]["vm0"]["qos"] == {
        "type": "linux-hfsc",
        "queues": {"0": {"dscp": 8, "other_config": {"max-rate": "1000"}}},
    }
    assert count(address, "Queue") == 1


def test_a_qos_of_ours_that_another_port_uses_stays(lab, address):
    lab({"br-lab": {"ports": {"vm0": {"qos": HTB}, "vm1": {}}}})
    vsctl(address, "set", "Port", "vm1", f"qos={column(address, 'Port', 'vm0', 'qos')[1]}")
    ret = lab({"br-lab": {"ports": {"vm0": None}}})

    assert ret["result"] is True, ret["comment"]
    assert lab.read()["br-lab"]["ports"]["vm1"]["qos"]["type"] == "linux-htb"
    assert (count(address, "QoS"), count(address, "Queue")) == (1, 2)


def test_a_qos_of_ours_whose_port_others_removed_goes_with_the_next_change(lab, address):
    lab({"br-lab": {"ports": {"vm0": {"qos": HTB}}}})
    vsctl(address, "del-port", "vm0")
    assert lab({"br-lab": {}})["changes"] == {}
    lab({"br-lab": {"ports": {"vm1": {}}}})

    assert (count(address, "QoS"), count(address, "Queue")) == (0, 0)


def test_a_qos_of_others_is_not_changed_and_null_only_takes_it_off(lab, address):
    lab({"br-lab": {"ports": {"vm0": {}}}})
    vsctl(address, "set", "Port", "vm0", "qos=@q", "--", "--id=@q", "create", "QoS", "type=linux-sfq")
    with nothing_written(address):
        ret = lab({"br-lab": {"ports": {"vm0": {"qos": HTB}}}})
    assert ret["result"] is False
    assert "the QoS of port vm0 was not made by this suite" in ret["comment"]
    assert "state qos: null" in ret["comment"]

    assert lab({"br-lab": {"ports": {"vm0": {"qos": None}}}})["result"] is True
    assert count(address, "QoS") == 1
    assert lab({"br-lab": {"ports": {"vm0": {"qos": HTB}}}})["result"] is True
    assert count(address, "QoS") == 2


def test_controllers_and_keys_of_others_stay_on_our_bridge(lab, address):
    lab({"br-lab": {"controllers": {"tcp:127.0.0.1:8": {}}, "external_ids": {"a": "1"}}})
    vsctl(
        address,
        "add",
        "Bridge",
        "br-lab",
        "controller",
        "@c",
        "--",
        "--id=@c",
        "create",
        "Controller",
        'target="tcp:127.0.0.1:9"',
    )
    vsctl(address, "set", "Bridge", "br-lab", "external_ids:theirs=x", "other_config:theirs=y")
    lab({"br-lab": {"controllers": {"tcp:127.0.0.1:8": None}, "external_ids": {"a": None}}})

    bridge = lab.read()["br-lab"]
    assert bridge["controllers"] == {"tcp:127.0.0.1:9": {}}
    assert (bridge["external_ids"], bridge["other_config"]) == ({"theirs": "x"}, {"theirs": "y"})


@pytest.mark.parametrize(
    ("port", "told"),
    [
        ({"tag": 5000}, "5000 is not in the valid range 0 to 4095"),
        ({"ofport_request": 70000}, "70000 is not in the valid range 1 to 65279"),
        ({"vlan_mode": "sideways"}, "sideways is not one of the allowed values"),
        ({"qos": {"type": "linux-htb", "queues": {"0": {"dscp": 64}}}}, "64 is not in the valid range 0 to 63"),
    ],
)
def test_a_value_that_the_idl_would_drop_is_told_and_nothing_is_committed(lab, address, port, told):
    """Once by the model, with its path; and by OVSDB itself, when the model is not asked."""
    field = "qos:queues:0:dscp" if "qos" in port else next(iter(port))
    with nothing_written(address):
        checked = lab({"br-lab": {"ports": {"good0": {"tag": 7}, "vm0": port}}})
    assert (checked["result"], checked["changes"]) == (False, {})
    assert f"lab:bridges:br-lab:ports:vm0:{field}" in checked["comment"]

    with nothing_written(address), db.connect(address) as session:
        unchecked = bringer(session, kind=dict)(
            {"br-lab": {"adopt": True, "ports": {"good0": {"tag": 7}, "vm0": port}}}
        )
    assert (unchecked["result"], unchecked["changes"]) == (False, {})
    assert told in unchecked["comment"]


def test_the_switch_itself_is_set_key_by_key(lab, address):
    vsctl(address, "set", "Open_vSwitch", ".", "external_ids:system-id=abc", "other_config:theirs=1")
    with db.connect(address) as session:
        things = Things("lab:switch", Switches, partial(db.read_switch, session), partial(db.write_switch, session))
        wish = {"switch": {"other_config": {"flow-limit": 100000}, "external_ids": {"rack": "a3"}}}
        told, made, again = (converge(things, wish, test) for test in (True, False, False))
        gone = {"switch": {"other_config": {"flow-limit": None}, "external_ids": {"rack": None}}}
        removed, once = (converge(things, gone, False) for _ in range(2))

    assert (told["result"], made["result"], again["result"], removed["result"]) == (None, True, True, True)
    assert made["changes"] == told["changes"]
    assert made["changes"]["switch.other_config.flow-limit"] == {"old": None, "new": "100000"}
    assert (again["changes"], once["changes"]) == ({}, {})
    assert column(address, "Open_vSwitch", ".", "external_ids")[1] == [["system-id", "abc"]]
    assert column(address, "Open_vSwitch", ".", "other_config")[1] == [["theirs", "1"]]
