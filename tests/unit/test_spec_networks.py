"""Wires, trunks, tunnels and cards: what each host gets, that frames arrive once, and mistakes."""

import copy
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.plan import merge
from saltext.lab.spec import derive, source
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile

ATTIC = source.load(sls="attic")
SIX = ("isp", "internet", "lan", "storage", "wan", "ipmi")


def lab(hosts, networks, vms=None):
    """A small lab: *hosts* ``{name: {card: [network, …]}}``, each with a guest in each network of *vms*."""
    base = {"under": {"subnet": "10.1.0.0/24", "mtu": 1600}, "mgmt": {"subnet": "10.2.0.0/24"}}
    made = {
        name: {
            "mac": f"52:54:00:00:00:{number:02x}",
            "address": f"mgmt+{number}",
            "uplinks": {"under0": ["under"]} | uplinks,
            "joins": [f"under+{number}", *(f"{network}+{number}" for network in networks)],
            "roles": ["hypervisor"],
        }
        for number, (name, uplinks) in enumerate(hosts.items(), start=1)
    }
    masters = {"physical": min(made), "virtual": min(made)}
    return {"name": "t", "domain": "t.example", "masters": masters, "networks": base | networks, "hosts": made}


def overlay(number, kind="vxlan", **more):
    return {"subnet": f"10.{number}.0.0/24", "vlan": number, "overlay": kind, "over": "under"} | more


def wire(number, **more):
    return {"subnet": f"10.{number}.0.0/24", "vlan": number} | more


def ports(slices, host, bridge="br-int"):
    return slices[host]["ovs"]["bridges"][bridge]["ports"]


def flood(slices, host, tag):
    """Return how often a broadcast from *host* with *tag* comes to each host's br-int, by the ports of *slices*."""
    heard, frames, steps = Counter(), [(host, None)], 0
    while frames:
        at, came_in = frames.pop()
        steps += 1
        assert steps < 1000, "the frame goes round for ever"
        inside = ports(slices, at)
        for name, port in inside.items():
            passes = port.get("trunks") and tag in port["trunks"]
            if (
                name == came_in
                or not passes
                or (came_in and port.get("protected") and inside[came_in].get("protected"))
            ):
                continue
            for peer, back in others(slices, at, name, port):
                if tag in ports(slices, peer)[back]["trunks"]:
                    heard[peer] += 1
                    frames.append((peer, back))
    return heard


def others(slices, host, name, port):
    """Yield the hosts at the other end of *port*, and where there the frame comes in."""
    ends = {(peer, back): its for peer in slices if peer != host for back, its in ports(slices, peer).items()}
    for (peer, back), its in ends.items():
        same_wire = port["type"] == its["type"] == "patch" and back == name  # one switch for each kind of card
        if same_wire or (port["type"] == its["type"] and _faces(port["options"], its.get("options", {}))):
            yield peer, back


def _faces(one, other):
    """Return whether the two tunnels are the ends of one."""
    return "local_ip" in one and (one["local_ip"], one["remote_ip"]) == (other["remote_ip"], other["local_ip"])


HOSTS = ["a", "b", "c", "d"]


@settings(max_examples=60)
@given(
    wired=st.fixed_dictionaries({network: st.sets(st.sampled_from(HOSTS)) for network in ("red", "blue")}),
    count=st.integers(2, 4),
    kinds=st.tuples(*[st.sampled_from(["vxlan", "geneve", "gre"])] * 2),
)
def test_a_broadcast_comes_to_every_host_exactly_once(wired, count, kinds):
    hosts = {name: {"trunk0": [network for network in wired if name in wired[network]]} for name in HOSTS[:count]}
    slices = compile(checked(lab(hosts, {"red": overlay(10, kinds[0]), "blue": overlay(20, kinds[1])})))

    for tag in (10, 20):
        for host in hosts:
            assert flood(slices, host, tag) == {peer: 1 for peer in hosts if peer != host}


def test_a_tagged_network_on_a_wire_is_patched_to_where_guests_are():
    slices = compile(checked(lab({"a": {"trunk0": ["red"]}, "b": {"trunk0": ["red"]}}, {"red": wire(10)})))

    assert ports(slices, "a", "br-trunk0") == {
        "trunk0": {},
        "int-trunk0": {"type": "patch", "options": {"peer": "to-trunk0"}},
    }
    assert ports(slices, "a") == {
        "to-trunk0": {"type": "patch", "options": {"peer": "int-trunk0"}, "trunks": [10], "tag": None},
        "red": {"type": "internal", "tag": 10, "mtu": 1500},
    }


def test_one_wired_host_takes_a_network_to_those_without_a_wire():
    hosts = {"a": {"trunk0": ["red"]}, "b": {"trunk0": ["red"]}, "c": {"trunk0": []}, "d": {"trunk0": []}}
    slices = compile(checked(lab(hosts, {"red": overlay(10)})))

    tunnels = {host: sorted(name for name in ports(slices, host) if name.startswith("vx-")) for host in hosts}
    assert tunnels == {
        "a": ["vx-c-under", "vx-d-under"],
        "b": [],
        "c": ["vx-a-under", "vx-d-under"],
        "d": ["vx-a-under", "vx-c-under"],
    }


@pytest.mark.parametrize(("kind", "mtu"), [("vxlan", 1446), ("geneve", 1446), ("gre", 1454)])
def test_the_mtu_of_an_overlay_follows_from_what_carries_it(kind, mtu):
    spec = lab({"a": {}, "b": {}}, {"red": overlay(10, kind)})
    small = compile(checked(merge(spec, {"networks": {"under": {"mtu": None}}})))
    jumbo = compile(checked(merge(spec, {"networks": {"under": {"mtu": 9000}}})))

    assert small["a"]["links"]["red"]["mtu"] == mtu
    assert jumbo["a"]["links"]["red"]["mtu"] == 1500
    with pytest.raises(BadWish, match=f"lab:networks:red:mtu {mtu + 1} does not fit into under: make that mtu 1501"):
        checked(merge(spec, {"networks": {"under": {"mtu": 1500}, "red": {"mtu": mtu + 1}}}))


def test_a_guest_is_told_an_mtu_that_is_not_the_usual_one():
    slices = compile(checked(merge(copy.deepcopy(ATTIC), {"networks": {"storage": {"mtu": 9000}}})))
    nics = slices["hv2"]["virt"]["domains"]["nas1"]["nics"]

    assert [nic.get("mtu") for nic in nics.values()] == [None, 9000]


def test_guests_in_a_network_without_tags_are_on_the_bridge_around_its_card():
    nics = compile(checked(ATTIC))["hv1"]["virt"]["domains"]["router1"]["nics"].values()

    assert [(nic["bridge"], nic.get("tag")) for nic in nics] == [
        ("br-trunk0", None),
        ("br-int", 40),
        ("br-int", 30),
        ("br-int", 99),
    ]


MACVTAP = {"networks": {"dmz": {"subnet": "10.60.0.0/24", "attach": "macvtap"}}}


def test_a_guest_shares_the_card_of_its_host():
    spec = merge(copy.deepcopy(ATTIC), MACVTAP | {"hosts": {"hv1": {"uplinks": {"dmz0": ["dmz"]}}}})
    spec["vms"]["fw1"]["nics"] = ["internet", "isp", "dmz"]
    part = compile(checked(spec))["hv1"]

    assert list(part["virt"]["domains"]["fw1"]["nics"].values())[-1] == {
        "model": "virtio",
        "direct": "dmz0",
        "direct_mode": "bridge",
    }
    assert "br-dmz0" not in part["ovs"]["bridges"]
    assert part["links"]["dmz0"] == {"mtu": 1500}


def test_the_six_networks_are_in_the_example():
    assert set(checked(ATTIC).networks) == set(SIX)


JOINED = {"uplinks": {"trunk0": ["internet"]}, "joins": ["internet+13"], "datapath": "netdev"}
NUMBERED = {"mac": "52:54:00:00:00:{id:02x}", "address": "lan+6{id}"}
ATTACHED = {
    "a firewall in lan": (
        {"classes": {"firewall": {"nics": ["lan", "isp"]}}},
        "lab:vms:fw1 is in lan, where it has no business (it is firewall): take it out",
    ),
    "a first card elsewhere": (
        {"classes": {"storage": {"nics": ["storage", "lan"]}}},
        "lab:vms:nas1 has its first card in storage: that of every machine but the firewall is in lan",
    ),
    "a router at the provider": (
        {"classes": {"router": {"nics": ["lan", "internet", "wan", "ipmi", "isp"]}}},
        "lab:vms:router1 is in isp, where it has no business",
    ),
    "a router that is not in wan": (
        {"classes": {"router": {"nics": ["lan", "internet", "ipmi"]}}},
        "lab:vms:router1 is not in wan (it is router): add it",
    ),
    "a storage node without storage": (
        {"classes": {"storage": {"nics": ["lan"]}}},
        "lab:vms:nas1 is not in storage (it is storage): add it",
    ),
    "a compute node without wan": (
        {"classes": {"compute": {"nics": ["lan"]}}},
        "lab:vms:node1 is not in wan (it is compute): add it",
    ),
    "somebody else at the BMCs": (
        {"classes": {"compute": {"nics": ["lan", "wan", "ipmi"]}}},
        "lab:vms:node1 is in ipmi, where it has no business",
    ),
    "a host at the BMCs": (
        {"hosts": {"hv1": {"joins": ["storage+21", "wan+21", "ipmi+21"]}}},
        "lab:hosts:hv1 is in ipmi, where it has no business",
    ),
    "a host without a part in storage": (
        {"hosts": {"hv1": {"parts": ["compute"]}}},
        "lab:hosts:hv1 is in storage, where it has no business (it is compute)",
    ),
    "a firewall that is more": (
        {"classes": {"firewall": {"parts": ["firewall", "router"]}}},
        "lab:vms:fw1 is firewall and router: a firewall is nothing else",
    ),
    "a server where nobody boots": (
        {"hosts": {"nb1": JOINED}},
        "lab:hosts:nb1 is in internet, where it has no business",
    ),
    "a master of hosts where none is": (
        {"hosts": {"pi1": JOINED}},
        "lab:hosts:pi1 is in internet, where it has no business",
    ),
    "a block that is not in wan": (
        {
            "classes": {"thin": {"image": "ram", "nics": ["lan"], "parts": ["compute"]}},
            "blocks": {"thin": {"class": "thin", "ids": "1-2", "name": "thin{id}", **NUMBERED}},
        },
        "lab:blocks:thin is not in wan (it is compute): add it",
    ),
    "a machine without a part": (
        {"classes": {"compute": {"parts": []}}},
        "lab:vms:node1 is in wan, where it has no business (it has no part in lab:classes or lab:hosts)",
    ),
}
WIRED = {
    "an underlay with tags": (
        {"networks": {"wan": {"overlay": "vxlan", "over": "storage"}}},
        "lab:networks:wan:over storage has tags or is an overlay",
    ),
    "an overlay over an overlay": (
        {"networks": {"wan": {"overlay": "vxlan", "over": "isp"}, "isp": {"overlay": "gre", "over": "lan"}}},
        "lab:networks:wan:over isp has tags or is an overlay",
    ),
    "a wire that a guest needs": (
        {"hosts": {"hv2": {"uplinks": {"trunk0": ["lan", "storage", "internet", "isp", "ipmi"]}}}},
        "lab:hosts:hv2 needs wan, and no card carries it",
    ),
    "macvtap with tags": (
        {"networks": {"wan": {"attach": "macvtap"}}},
        "lab:networks:wan:attach macvtap takes frames as they are on the wire",
    ),
    "macvtap on a card with more": (
        MACVTAP | {"hosts": {"hv1": {"uplinks": {"trunk0": ["dmz", *SIX]}}}},
        "lab:hosts:hv1:uplinks:trunk0 is shared by macvtap in dmz: it carries nothing else",
    ),
    "a network on two cards": (
        {"hosts": {"hv1": {"uplinks": {"trunk1": ["wan"]}}}},
        "lab:hosts:hv1:uplinks has wan on trunk0 and trunk1",
    ),
    "a host twice in a network": (
        {"hosts": {"hv1": {"joins": ["storage+21", "wan+21", "lan+25"]}}},
        "lab:hosts:hv1:joins has lan twice",
    ),
}


@pytest.mark.parametrize(("patch", "words"), [*ATTACHED.values(), *WIRED.values()], ids=[*ATTACHED, *WIRED])
def test_a_mistake_is_told(patch, words):
    with pytest.raises(BadWish) as caught:
        checked(merge(copy.deepcopy(ATTIC), patch))

    assert words in str(caught.value)


def test_a_guest_that_needs_the_host_that_it_cannot_talk_to_is_told():
    spec = lab({"a": {"dmz0": ["dmz"]}, "b": {}}, {"dmz": {"subnet": "10.60.0.0/24", "attach": "macvtap"}})
    spec["hosts"]["b"]["joins"] = ["under+2"]
    spec |= {"images": {"ram": {"kind": "ram"}}, "classes": {"c": {"image": "ram", "nics": ["dmz"]}}}
    spec["vms"] = {"v": {"class": "c", "host": "a"}}

    with pytest.raises(BadWish, match="lab:vms:v would not reach its master: with macvtap in dmz it cannot talk to"):
        checked(spec)
    spec["masters"]["virtual"] = "b"
    spec["hosts"]["b"] |= {"joins": ["under+2", "dmz+2"], "uplinks": {"under0": ["under"], "dmz0": ["dmz"]}}
    assert checked(spec)


@given(
    kind=st.sampled_from(["vxlan", "geneve", "gre"]),
    peer=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True),
)
def test_the_kernel_takes_the_name_of_every_tunnel(kind, peer):
    names = {derive.tunnel_port(kind, peer, over) for over in ("under", "a-second-network")}

    assert len(names) == 2
    assert all(1 <= len(name) <= 15 for name in names)
