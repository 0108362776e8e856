"""The pure parts of commit-confirm, and the rename that decides between confirm and revert."""

import stat
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.net import links, tables
from saltext.lab.net.reach import reach
from saltext.lab.net.steady import steady
from saltext.lab.net.store import Store

NOTHING = ["map", []]
BRIDGE, PORT, DEVICE, ROOT = "0-b", "0-p", "0-i", "0-o"


def database(**more):
    """One bridge with one port, in the shape of ``tables``."""
    return {
        "Open_vSwitch": {ROOT: {"bridges": ["uuid", BRIDGE]}},
        "Bridge": {BRIDGE: {"name": "br", "ports": ["uuid", PORT]}},
        "Port": {PORT: {"name": "p", "interfaces": ["uuid", DEVICE]}},
        "Interface": {DEVICE: {"name": "p", "external_ids": ["map", [["uuid", "x"], ["set", "y"]]]}},
        "Queue": {},
    } | more


def test_nothing_is_written_where_nothing_changed():
    assert tables.operations(database(), database(), ["Open_vSwitch", "Queue"]) == []


def test_rows_that_are_gone_are_made_anew_under_names_and_extra_roots_are_deleted():
    now = database(Open_vSwitch={ROOT: {"bridges": ["set", []]}}, Bridge={}, Port={}, Interface={}, Queue={"0-q": {}})

    assert tables.operations(database(), now, ["Open_vSwitch", "Queue"]) == [
        insert("Bridge", BRIDGE, {"name": "br", "ports": ["named-uuid", "row0_p"]}),
        insert("Port", PORT, {"name": "p", "interfaces": ["named-uuid", "row0_i"]}),
        insert("Interface", DEVICE, database()["Interface"][DEVICE]),
        {"op": "update", "table": "Open_vSwitch", "where": at(ROOT), "row": {"bridges": ["named-uuid", "row0_b"]}},
        {"op": "delete", "table": "Queue", "where": at("0-q")},
    ]


def test_only_columns_that_differ_are_written_for_others_may_be_immutable():
    now = database(Port={PORT: {"name": "p", "interfaces": ["set", []]}})

    [update] = tables.operations(database(), now, [])
    assert update["row"] == {"interfaces": ["uuid", DEVICE]}


@pytest.mark.parametrize(("ids", "stays"), [([["iface-id", "1"]], True), ([["owner", "1"]], False)])
def test_the_port_of_a_guest_that_came_in_between_stays_and_another_goes(ids, stays):
    now = database()
    now["Bridge"] = {BRIDGE: {"name": "br", "ports": ["set", [["uuid", PORT], ["uuid", "0-g"]]]}}
    now["Port"] |= {"0-g": {"name": "g", "interfaces": ["uuid", "0-h"]}}
    now["Interface"] |= {"0-h": {"name": "g", "external_ids": ["map", ids]}}

    written = [one["row"]["ports"] for one in tables.operations(database(), now, [])]
    kept = ["set", [["uuid", PORT], ["uuid", "0-g"]]] if stays else ["uuid", PORT]
    assert written in ([], [kept])
    assert bool(written) != stays


def test_what_ovs_itself_writes_is_not_saved():
    columns = {"name": {}, "ofport": {}, "mtu": {"ephemeral": True}}

    assert tables.columns({"tables": {"Interface": {"columns": columns}}}) == {"Interface": ["name"]}


def insert(table, uuid, row):
    return {"op": "insert", "table": table, "row": row, "uuid-name": "row" + uuid.replace("-", "_")}


def at(uuid):
    return [["_uuid", "==", ["uuid", uuid]]]


LINK = {"mtu": 1500, "up": True, "addresses": ["10.0.0.1/24 broadcast 10.0.0.255"]}


def test_links_are_set_back_as_far_as_they_are_still_there():
    now = {"eth0": {"mtu": 1400, "up": False, "addresses": ["10.0.0.2/24"]}, "new0": LINK}

    assert links.commands({"eth0": LINK, "gone0": LINK}, now) == [
        "link set dev eth0 mtu 1500",
        "link set dev eth0 up",
        "address del 10.0.0.2/24 dev eth0",
        "address add 10.0.0.1/24 broadcast 10.0.0.255 dev eth0",
    ]
    assert links.commands({"eth0": LINK}, {"eth0": LINK}) == []


def test_routes_of_the_kernel_and_what_ip_does_not_take_are_left_out():
    text = "\n".join(
        [
            "default via 10.0.0.254 dev eth0 proto dhcp src 10.0.0.1 metric 100 linkdown ",
            "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 ",
            "10.9.0.0/16 \\\tnexthop via 10.0.0.3 dev eth0 weight 1 \\\tnexthop via 10.0.0.4 dev eth0 weight 1 ",
        ]
    )
    found = links.routes(text)

    assert found == [
        "10.9.0.0/16 nexthop via 10.0.0.3 dev eth0 weight 1 nexthop via 10.0.0.4 dev eth0 weight 1",
        "default via 10.0.0.254 dev eth0 proto dhcp src 10.0.0.1 metric 100",
    ]
    assert links.route_commands(found[1:], found[:1]) == [f"route del {found[0]}", f"route add {found[1]}"]


def test_confirm_and_revert_at_once_have_one_winner(tmp_path):
    store = Store(tmp_path / "net")

    def race(act, start):
        start.wait()
        return act()

    with ThreadPoolExecutor(2) as pool:
        for _ in range(50):
            store.arm({"wish": "x"})
            won = [
                one.result()
                for one in [
                    pool.submit(race, act, start) for start in [Barrier(2)] for act in (store.disarm, store.claim)
                ]
            ]
            assert sorted(won) == [False, True]
            if won[1]:
                store.conclude({"wish": "x"})
            assert store.pending() is None


def test_a_record_is_for_root_alone_and_one_change_waits_at_a_time(tmp_path):
    store = Store(tmp_path / "net")
    store.arm({"wish": "x"})

    assert {stat.S_IMODE(path.stat().st_mode) for path in store.home.iterdir()} == {0o600}
    assert stat.S_IMODE(store.home.stat().st_mode) == 0o700
    with pytest.raises(Refused, match="another network change waits"):
        store.arm({"wish": "y"})
    assert store.claim()
    with pytest.raises(Refused):
        store.arm({"wish": "y"})
    assert Store(store.home).claim(), "one that was interrupted goes on"
    assert not store.disarm()
    store.conclude({"wish": "x", "why": "late"})
    store.explain("no way")
    assert store.reverted() == {"wish": "x", "why": "no way"}
    store.forget()
    assert store.reverted() is None


def test_steady_begins_anew_after_a_bad_look():
    looks = iter([True, False, True, True])
    look = steady(partial(next, looks), 0)

    assert [look() for _ in range(4)] == [True, False, True, True]
    assert not steady(lambda: True, 60)()


def test_what_is_not_reached_is_named():
    with pytest.raises(Unreachable, match="127.0.0.1:9 takes no connection .* refused"):
        reach([("127.0.0.1", 9)], 0)
