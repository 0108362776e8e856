"""Probes on this host: ports of their own in Open vSwitch bridges, sockets on them, packets.  Nothing is decided."""

import selectors
import socket
import time
from contextlib import ExitStack, closing, contextmanager

from saltext.lab.command import run
from saltext.lab.errors import Refused
from saltext.lab.ovs import db
from saltext.lab.plan import Change
from saltext.lab.prove.frame import ETHERTYPE

MARK = "saltext-lab-probe"  #: key in Interface.external_ids: this port is a probe, and goes when nobody uses it
PAUSE = 0.05  #: seconds between turns
#: seconds between sizes.  Where one packet of a batch is too long for the card, ovs-vswitchd in user space drops the
#: rest of the batch too: sent at once, large packets to one host took away the small ones to the next.
GAP = 0.005
CAST = (socket.PACKET_BROADCAST, socket.PACKET_MULTICAST)  # a packet with a tag of another network is OTHERHOST


@contextmanager
def ports(session, probes):
    """Have a port for each of *probes* that names a bridge, gone at the end; yield ``{id: device}``."""
    wanted = [probe for probe in probes if probe["bridge"]]
    _remove(session)  # what a run that was killed has left
    try:
        db.write(session, [_change(probe, wanted) for probe in wanted])
        _up([name(probe) for probe in wanted])
        yield {probe["id"]: name(probe) for probe in wanted}
    finally:
        _remove(session)


def name(probe):
    """Return the name of the port of *probe*."""
    return f"lab-probe{probe['id']}"


def cards(probes):
    """Return ``{id: device}`` for those of *probes* that name a card of this host, or its MAC."""
    oldest_last = sorted(socket.if_nameindex(), reverse=True)  # a device above a card may have its MAC too
    found = {_mac(device): device for _, device in oldest_last} | {device: device for _, device in oldest_last}
    wanted = {probe["id"]: probe["card"] or probe["mac"] for probe in probes}
    return {own: found[card] for own, card in wanted.items() if card in found}


def converse(talk, devices, window):
    """
    Let the probes of *talk* speak on *devices*, ``{id: device}``, for *window* seconds at the most.

    Returns ``{id: why}`` for what could not be sent.
    """
    faults: dict[int, str] = {}
    end = time.monotonic() + window
    with ExitStack() as stack:
        sockets = {own: stack.enter_context(closing(_socket(device, ETHERTYPE))) for own, device in devices.items()}
        selector = stack.enter_context(selectors.DefaultSelector())
        for own, sock in sockets.items():
            selector.register(sock, selectors.EVENT_READ, own)
        for turn in talk.turns():
            for frames in _by_size(talk, sockets, turn):
                _say(sockets, frames, faults)
                _listen(talk, selector, GAP)
            _listen(talk, selector, PAUSE)
            if time.monotonic() > end:
                break
        _listen(talk, selector, PAUSE)
    return faults


def _change(probe, wanted):
    """Return the change that makes a port for *probe*, with an MTU that lowers nobody else's."""
    # Internal ports without mtu_request get the least MTU of all other ports (find_min_mtu in OVS's ofproto.c).
    mtu = max(one["mtu"] for one in wanted if one["bridge"] == probe["bridge"])
    port = {"type": "internal", "tag": probe["tag"], "mtu": mtu, "external_ids": {MARK: str(probe["id"])}}
    return Change((probe["bridge"], "ports", name(probe)), None, port)


def _remove(session):
    old = [
        Change((bridge, "ports", port), fields, None)
        for bridge, part in db.read(session).items()
        for port, fields in part["ports"].items()
        if MARK in fields.get("external_ids", {})
    ]
    if old:
        db.write(session, old)


def _up(devices):
    """Bring *devices* up in a way that they say nothing by themselves."""
    lines = [f"link set dev {device} {words}" for device in devices for words in ("addrgenmode none", "arp off up")]
    run("ip", "-batch", "-", stdin="\n".join(lines), timeout=10)


def _mac(device):
    with closing(_socket(device, 0)) as sock:
        return sock.getsockname()[4].hex(":")


def _socket(device, protocol):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK)  # deaf until it is bound
    try:
        sock.bind((device, protocol))
    except OSError as err:
        sock.close()
        raise Refused(f"{device} cannot be probed", str(err)) from err
    return sock


def _by_size(talk, sockets, turn):
    """Yield what the probes send at once, ``{id: frame}``: the smallest size of each, then the next."""
    frames = {own: talk.frames(own, turn, sock.getsockname()[4]) for own, sock in sockets.items()}
    for number in range(max(map(len, frames.values()), default=0)):
        yield {own: sizes[number] for own, sizes in frames.items() if number < len(sizes)}


def _say(sockets, frames, faults):
    for own, frame in frames.items():
        try:
            sockets[own].send(frame)
        except OSError as err:  # too long for the device, or it is down: both are what is to be found out
            faults[own] = f"{sockets[own].getsockname()[0]}: {err.strerror}"


def _listen(talk, selector, seconds):
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            try:
                frame, (_, _, kind, *_) = key.fileobj.recvfrom(65536)
            except OSError:  # its device went down; nothing more is heard there
                continue
            if kind in CAST:
                talk.hear(key.data, frame)
