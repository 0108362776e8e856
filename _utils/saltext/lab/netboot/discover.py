"""Ask who gives addresses on a wire: one DHCPDISCOVER of a machine that there is not, and all that is offered to it."""

import os
import socket
import time
from contextlib import closing

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.netboot import packet
from saltext.lab.netboot.seen import PROBE

CLIENT, SERVER = 68, 67  #: ports


def servers(link, seconds):
    """
    Return ``{address of the server: what it offers}`` of all that answer on interface *link* within *seconds*.

    It asks as the firmware of a card does, so that a proxyDHCP server, which offers no address (0.0.0.0), answers too.
    Nothing is taken: what was offered is free again.
    """
    xid, found = os.urandom(4), {}
    with closing(_socket(link)) as sock:
        _say(sock, link, packet.asking(_nobody(), packet.DISCOVER, xid, packet.pxe(0)))
        for data, sender in _heard(sock, time.monotonic() + seconds):
            if offer := packet.answer(data, xid):
                found[offer.pop("server", sender)] = _plain(offer)
    return found


def _nobody():
    """Return a locally administered MAC that no machine has, by which ``seen`` knows that it is none."""
    return f"{PROBE}:{os.urandom(2).hex(':')}"


def _socket(link):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        for option in (socket.SO_REUSEADDR, socket.SO_BROADCAST):
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        sock.bind(("", CLIENT))
    except OSError as err:
        sock.close()
        raise Refused(f"nobody can be asked on {link}", str(err), "ip address shows the interfaces") from err
    return sock


def _say(sock, link, data):
    try:
        sock.sendto(data, ("255.255.255.255", SERVER))
    except OSError as err:
        raise Unreachable(f"nobody can be asked on {link}", str(err), f"ip address show {link}") from err


def _heard(sock, end):
    """Yield ``(packet, address of its sender)`` until *end*."""
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            data, (sender, _) = sock.recvfrom(4096)
        except TimeoutError:
            return
        yield data, sender


def _plain(offer):
    """Return *offer* without the options that have no name: they are anybody's bytes."""
    kept = {key: value for key, value in offer.items() if isinstance(key, str) and key not in ("type", "file")}
    return kept | {"boot": offer["boot"] or offer.get("file", "")}
