"""The proof by packets: who has to hear whom, the conversation of the probes, and what is made of what they heard."""

from itertools import islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from saltext.lab.errors import Unreachable
from saltext.lab.plan import merge
from saltext.lab.prove import expect, explain, judge, told
from saltext.lab.prove.expect import ANY, APART, REACH, Cell, between
from saltext.lab.prove.frame import Word, packed, unpacked
from saltext.lab.prove.judge import LEAK, LOOP, LOST, SHORT, Heard, Red
from saltext.lab.prove.talk import LAST, Talk
from saltext.lab.spec.check import checked
from tests.support.labs import PLAIN

SPEC = PLAIN
LAB = checked(SPEC)
CELLS = expect.cells(LAB)
calm = settings(deadline=None, max_examples=25)
NONCE, MAC = b"nonce678", b"\2probe"
NETWORKS = {"mgmt": None, "wire": 0, "lan": 10, "wan": 20}  # name -> tag; a card as it is has none


def id_of(name, cells=CELLS):
    return next(cell.id for cell in cells if cell.name == name)


@st.composite
def labs(draw):
    """Cells of some hosts, each in some networks."""
    hosts = draw(st.dictionaries(st.sampled_from("abcd"), st.sets(st.sampled_from(sorted(NETWORKS))), min_size=1))
    where = [(host, network) for host, networks in hosts.items() for network in sorted(networks)]
    return [Cell(n, host, network, 1500, tag=NETWORKS[network]) for n, (host, network) in enumerate(where)]


def pairs(cells, wish):
    return [(a.id, b.id) for a in cells for b in cells if a != b and between(a, b) == wish]


def world(cells):
    """What is heard where all is as wished, as ``{(sender, receiver): {size: copies}}``."""
    return {pair: dict.fromkeys(expect.sizes(1500), 1) for pair in pairs(cells, REACH)}


def red(cells, heard, silent=()):
    rows = [[to, of, size, copies] for (of, to), sizes in heard.items() for size, copies in sizes.items()]
    return list(judge.red(Heard(cells, rows), silent))


# What has to be heard


def test_the_places_of_the_demo_lab():
    assert {cell.name: (cell.bridge or cell.mac, cell.tag) for cell in CELLS if cell.host in ("pi1", "pi2")} == {
        "pi1/mgmt": ("52:54:00:00:01:01", None),
        "pi2/mgmt": ("52:54:00:00:01:02", None),
        "pi2/underlay": ("br-trunk0", 0),
        "pi2/lan": ("br-int", 10),
        "pi2/guests": ("br-int", 20),
    }
    assert {cell.name for cell in CELLS if cell.host == "hv1"} == {"hv1/mgmt", "hv1/underlay", "hv1/lan"}


def test_a_host_hears_those_of_the_same_network_and_no_other():
    probes = {probe["id"]: probe for part in expect.probes(CELLS).values() for probe in part}

    assert probes[id_of("pi2/lan")]["hear"] == [id_of("hv1/lan"), id_of("hv2/lan")]
    assert probes[id_of("pi2/guests")]["hear"] == []
    assert len(probes) == len(CELLS)


@pytest.mark.parametrize(
    ("one", "other", "wish"),
    [
        ("hv1/lan", "hv2/lan", REACH),
        ("hv1/lan", "pi2/guests", APART),
        ("pi2/lan", "pi2/guests", APART),
        ("hv1/mgmt", "hv2/lan", APART),
        ("hv1/mgmt", "hv2/underlay", ANY),  # the demo lab has both on one wire
    ],
)
def test_what_packets_have_to_do(one, other, wish):
    assert between(CELLS[id_of(one)], CELLS[id_of(other)]) == wish


def test_a_tagged_network_on_a_wire_is_probed_with_its_tag():
    networks = {"dmz": {"subnet": "10.30.0.0/24", "vlan": 30}}
    spec = merge(SPEC, {"networks": networks, "hosts": {"hv1": {"uplinks": {"trunk0": ["underlay", "dmz"]}}}})
    cells = expect.cells(checked(spec))

    assert cells[id_of("hv1/dmz", cells)][4:6] == ("br-int", 30)


@given(st.integers(576, 9216))
def test_the_sizes_of_packets_end_with_the_mtu(mtu):
    sizes = expect.sizes(mtu)

    assert sizes == sorted(set(sizes))
    assert sizes[-1] == mtu


# Packets and conversation


@given(st.builds(Word, st.integers(0, 65535), st.integers(64, 9216), st.integers(0, 65535), st.booleans()))
def test_a_packet_says_what_was_put_into_it(word):
    frame = packed(NONCE, word, MAC)

    assert unpacked(NONCE, frame) == word
    assert len(frame) == 14 + word.size
    assert unpacked(b"another8", frame) is None
    assert unpacked(NONCE, frame[:-1]) is None


@given(st.binary(max_size=80))
def test_what_is_no_packet_of_ours_is_left_alone(noise):
    assert unpacked(NONCE, noise) is None


def converse(cells, starts, most, lost=()):
    """Let all hosts talk on a perfect wire, but for *lost* (sender, receiver); return their talks and turns."""
    talks = {host: Talk(NONCE, probes) for host, probes in expect.probes(cells).items()}
    turns = {host: islice(talk.turns(), most) for host, talk in talks.items()}
    spent = dict.fromkeys(talks, 0)
    for now in range(max(starts.values()) + most + 1):
        here = [host for host in talks if now >= starts[host] and next(turns[host], None) is not None]
        said = [
            (own, frame) for host in here for own in talks[host].probes for frame in talks[host].frames(own, now, MAC)
        ]
        for host in here:
            spent[host] += 1
        for own, frame in said:
            for cell in cells:
                if (
                    cell.host in here
                    and between(cells[own], cell) == REACH
                    and (own, cell.id) not in (*lost, (cell.id, cell.id))
                ):
                    talks[cell.host].hear(cell.id, frame)
    return talks, spent


@calm
@given(labs(), st.data())
def test_hosts_that_begin_at_different_times_all_hear_all_and_soon_end(cells, data):
    starts = {host: data.draw(st.integers(0, 8)) for host in {cell.host for cell in cells}}
    assume(starts)
    talks, spent = converse(cells, starts, most=50)

    assert all(talk.over for talk in talks.values())
    assert max(starts[host] + spent[host] for host in talks) <= max(starts.values()) + 3 + 2 * LAST
    rows = [row for talk in talks.values() for row in talk.rows()]
    assert list(judge.red(Heard(cells, rows))) == []


@calm
@given(labs(), st.data())
def test_where_one_is_not_heard_its_hosts_talk_for_as_long_as_they_may(cells, data):
    assume(pairs(cells, REACH))
    lost = data.draw(st.sampled_from(pairs(cells, REACH)))
    talks, spent = converse(cells, {cell.host: 0 for cell in cells}, most=20, lost=[lost])

    assert spent[cells[lost[1]].host] == 20
    assert spent[cells[lost[0]].host] == 20
    rows = [row for talk in talks.values() for row in talk.rows()]
    assert list(judge.red(Heard(cells, rows))) == [Red(LOST, *lost)]


def test_two_alike_in_one_turn_are_copies_and_one_in_each_of_two_turns_is_not():
    talk = Talk(NONCE, [{"id": 1, "mtu": 64, "sizes": [64], "hear": [2]}])
    for turn in (0, 1, 1):
        talk.hear(1, packed(NONCE, Word(2, 64, turn, False), MAC))

    assert talk.rows() == [[1, 2, 64, 2]]


# What is made of it


@calm
@given(labs())
def test_a_perfect_world_has_nothing_red(cells):
    assert red(cells, world(cells)) == []


@calm
@given(labs(), st.data())
def test_one_change_of_what_is_heard_makes_exactly_that_red(cells, data):
    assume(pairs(cells, REACH))
    at = data.draw(st.sampled_from(pairs(cells, REACH)))
    whole = world(cells)

    assert red(cells, whole | {at: {}}) == [Red(LOST, *at)]
    assert red(cells, whole | {at: {64: 1, 1446: 1}}) == [Red(SHORT, *at, 1446)]
    assert red(cells, whole | {at: {64: 1, 1500: 2}}) == [Red(LOOP, *at, 1500)]
    assert red(cells, whole | {(at[0], at[0]): {64: 1}}) == [Red(LOOP, at[0], at[0], 64)]


@calm
@given(labs(), st.data())
def test_one_packet_where_it_must_not_be_is_a_leak_and_on_a_shared_wire_it_is_none(cells, data):
    assume(pairs(cells, APART) and pairs(cells, ANY))
    leak, shared = (data.draw(st.sampled_from(pairs(cells, wish))) for wish in (APART, ANY))

    assert red(cells, world(cells) | {leak: {64: 1}, shared: {1500: 1}}) == [Red(LEAK, *leak, 64)]


@calm
@given(labs(), st.sampled_from("abcd"))
def test_a_silent_host_is_not_red_and_hides_nothing_of_the_others(cells, silent):
    heard = {pair: sizes for pair, sizes in world(cells).items() if silent not in {cells[one].host for one in pair}}
    seen = [pair for pair in pairs(cells, REACH) if pair in heard]

    assert red(cells, heard, {silent}) == []
    if seen:
        assert red(cells, heard | {seen[0]: {}}, {silent}) == [Red(LOST, *seen[0])]


def rows(cells, heard):
    return Heard(cells, [[to, of, size, copies] for (of, to), sizes in heard.items() for size, copies in sizes.items()])


def test_the_matrix_of_networks_and_of_isolation():
    cells = [Cell(0, "a", "lan", 1500, tag=10), Cell(1, "b", "lan", 1500, tag=10), Cell(2, "b", "wan", 1500, tag=20)]
    heard = rows(cells, {(0, 1): {64: 1, 1500: 1}, (1, 0): {64: 1}})

    assert judge.networks(heard)["lan"] == {"mtu": 1500, "reach": {"a": {"b": 1500}, "b": {"a": 64}}}
    assert judge.networks(heard, {"a"})["lan"]["reach"] == {"a": {"b": None}, "b": {"a": None}}
    assert judge.isolation(heard) == {"lan": {"wan": "apart"}, "wan": {"lan": "apart"}}
    assert judge.isolation(rows(cells, {(2, 0): {64: 1}}))["wan"] == {"lan": "leak"}


def test_silence_between_hosts_that_never_met_shows_nothing():
    cells = [Cell(0, "a", "lan", 1500, tag=10), Cell(1, "b", "wan", 1500, tag=20)]

    assert judge.isolation(rows(cells, {})) == {"lan": {"wan": "unseen"}, "wan": {"lan": "unseen"}}


def test_what_strangers_send_is_left_alone():
    assert Heard(CELLS, [[0, 999, 1500, 1]]).size == {}


# What is told of it

TRACE = """Flow: in_port="lab-probe3",vlan_tci=0x0000,dl_dst=ff:ff:ff:ff:ff:ff,dl_type=0x88b5

bridge("br-int")
----------------
 0. priority 0
    NORMAL
     -> no learned MAC for destination, flooding
     -> output to native tunnel
     -> tunneling to 10.98.0.12 via br-trunk0
     -> tunneling from 7e:c5:de:c2:65:4b 10.98.0.21 to 32:bd:74:63:89:4d 10.98.0.12
     -> output to native tunnel
     {}

Final flow: unchanged
"""  # of ovs-appctl 3.1.0
PROBE = {"bridge": "br-int", "tag": 10, "roads": ["vx-pi2"]}
TUNNEL = {"type": "vxlan", "options": {"remote_ip": "10.98.0.12"}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (">> native tunnel routing failed", ["native tunnel routing failed"]),
        (
            "-> neighbor cache miss for 10.98.0.99 on bridge br-trunk0, sending ARP request",
            ["neighbor cache miss for 10.98.0.99 on bridge br-trunk0, sending ARP request"],
        ),
        ("0. udp,tp_dst=4789, priority 9\n            drop", ["0. udp,tp_dst=4789, priority 9: drop"]),
        ("", []),
    ],
)
def test_a_trace_tells_of_trouble(line, said):
    text = TRACE.format(line)

    assert explain.trouble({"vx-pi2": TUNNEL}, PROBE, text) == said
    assert explain.ways(text) == ["10.98.0.12"]


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ({"vx": TUNNEL | {"tag": 99}}, ["port vx is in VLAN 99, and not VLAN 10"]),
        ({"vx": TUNNEL | {"trunks": [20, 30]}}, ["port vx lets VLAN 20, VLAN 30 through, and not VLAN 10"]),
        ({"vx": TUNNEL | {"trunks": [10]}, "vnet0": {"tag": 20}}, []),
        ({"vx": TUNNEL | {"error": "no such device"}}, ["port vx: no such device"]),
        ({"vnet0": {"tag": 20}}, ["there is no port vx on br-int"]),
        ({"vx": {}, "to-other": {"trunks": [20]}}, []),
    ],
)
def test_ports_tell_of_trouble(ports, said):
    assert explain.trouble(ports, PROBE | {"roads": ["vx"]}, "") == said


def document(changed, why=(), silent=()):
    heard = {
        (a.id, b.id): dict.fromkeys(expect.sizes(a.mtu), 1)
        for a in CELLS
        for b in CELLS
        if a != b and between(a, b) == REACH
    }
    seen = rows(CELLS, heard | changed)
    return told.document(LAB, seen, list(judge.red(seen, silent)), dict(silent), dict(why))


def said(*trouble, ways=()):
    return {"trouble": list(trouble), "ways": list(ways), "trace": ""}


def test_a_green_proof_has_nothing_to_tell():
    proof = document({})

    assert told.summary(proof) == ""
    assert (proof["lab"], proof["cells"], proof["red"], proof["silent"]) == ("demo", 11, [], {})
    assert proof["isolation"]["lan"] == {"mgmt": "apart", "underlay": "apart", "guests": "apart"}


def test_what_is_red_says_what_why_and_how_to_go_on():
    one, other = id_of("hv1/lan"), id_of("hv2/lan")
    why = {
        one: said("port vx-hv2 is in VLAN 99, and not VLAN 10", ways=["10.98.0.12"]),
        other: said(ways=["10.98.0.21"]),
    }
    proof = document({(one, other): {}}, why)

    assert proof["red"] == [
        {
            "kind": LOST,
            "from": "hv1/lan",
            "to": "hv2/lan",
            "wrong": "nothing arrives",
            "why": "hv1: port vx-hv2 is in VLAN 99, and not VLAN 10",
            "fix": "salt-run lab.bootstrap until=converge, then salt-run lab.prove",
        }
    ]
    assert told.summary(proof) == "hv1/lan → hv2/lan: nothing arrives, hv1: port vx-hv2 is in VLAN 99, and not VLAN 10"


def test_much_that_is_wrong_is_told_in_part():
    lost = {
        (id_of(f"{one}/mgmt"), id_of(f"{other}/mgmt")): {} for one in ("pi1", "pi2") for other in ("hv1", "hv2", "pi1")
    }

    assert told.summary(document(lost)).endswith("; and 1 more")


def test_a_reason_is_what_could_not_be_sent_then_what_the_host_says_or_that_it_says_nothing():
    there = {"7": said("port vx: no such device", ways=["10.98.0.12"])}

    assert told.reason("7", there, {"7": "eth0: Message too long"}) == said(
        "eth0: Message too long", "port vx: no such device", ways=["10.98.0.12"]
    )
    assert told.reason("7", Unreachable("hv1 does not answer"), {}) == said("hv1 does not answer")


def test_where_no_host_has_trouble_the_ways_are_told():
    one, other = id_of("hv1/lan"), id_of("hv2/lan")
    proof = document(
        {(one, other): {}}, {one: said(ways=["10.98.0.12"]), other: said(ways=["10.98.0.21", "10.98.0.12"])}
    )

    assert proof["red"][0]["why"] == "hv1 sends to 10.98.0.12; hv2 sends to 10.98.0.21, 10.98.0.12"


def test_an_overlay_that_is_lost_with_what_carries_it_says_so():
    lost = {(id_of(f"hv1/{network}"), id_of(f"hv2/{network}")): {} for network in ("underlay", "lan")}
    found = {row["from"]: row["why"] for row in document(lost)["red"]}

    assert found["hv1/lan"] == "nor in underlay, which carries it"


def test_a_wire_that_is_too_narrow_is_told_with_the_figures():
    [row] = document({(id_of("hv1/lan"), id_of("hv2/lan")): {64: 1, 1446: 1}})["red"]

    assert row["wrong"] == "packets of 1500 bytes are lost, 1446 cross"
    assert row["fix"] == "make the MTU of the wires of underlay larger by 54 bytes, or lab:networks:lan:mtu 1446"


def test_a_silent_host_is_told_in_its_own_words():
    assert told.summary(document({}, silent={"hv2": "hv2 does not answer"})) == "hv2 does not answer"
