"""The words of DHCP: what a client asks is what a server would read, and no answer is more than it is."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.netboot import packet, seen

XID = b"\x01\x02\x03\x04"
OPTIONS = {53: b"\x02", 54: socket.inet_aton("10.0.0.1"), 6: socket.inet_aton("10.0.0.2") * 2, 67: b"boot.ipxe\0"}


def offer(options=None, xid=XID):
    """Return the packet of a server that offers 10.0.0.9."""
    head = b"\x02\x01\x06\x00" + xid + bytes(8) + socket.inet_aton("10.0.0.9")
    body = b"".join(bytes([code, len(data)]) + data for code, data in (OPTIONS if options is None else options).items())
    return head.ljust(236, b"\0") + packet.COOKIE + b"\x00" + body + b"\xff" + b"rest"


def test_an_answer_is_told_by_names():
    found = packet.answer(offer(), XID)

    assert (found["ip"], found["server"], found["dns"]) == ("10.0.0.9", "10.0.0.1", "10.0.0.2,10.0.0.2")
    assert (found["type"], found["file"]) == (packet.OFFER, "boot.ipxe")


def test_an_option_that_is_cut_off_is_not_told():
    cut = offer({54: socket.inet_aton("10.0.0.1"), 6: socket.inet_aton("10.0.0.2")}).removesuffix(b"\xffrest")[:-1]

    assert packet.answer(cut, XID).keys() & {"server", "dns"} == {"server"}


@pytest.mark.parametrize(
    "data",
    [offer(xid=b"else"), packet.asking("52:54:00:00:00:01", packet.DISCOVER, XID), offer()[:200], b""],
    ids=["to another request", "a request", "cut off", "empty"],
)
def test_what_is_no_answer_is_none(data):
    assert packet.answer(data, XID) is None


@given(st.binary(max_size=400))
def test_nothing_that_comes_over_the_wire_breaks_the_reader(rest):
    whole = offer()[:240]

    assert packet.answer(whole + rest, XID)["ip"] == "10.0.0.9"
    packet.answer(rest, XID)


def test_who_only_asks_who_serves_is_no_machine():
    line = f"x dnsmasq-dhcp[7]: 123 DHCPDISCOVER(lan) {seen.PROBE}:00:01"

    assert seen.machines([line, line.replace(seen.PROBE, "52:54:00:00")]) == {"52:54:00:00:00:01": "lan"}
