"""A DHCP client that speaks for any MAC."""

import os
import socket

from saltext.lab.netboot.packet import DISCOVER, REQUEST, answer, asking, pxe

__all__ = ["Client", "pxe"]


class Client:
    """Speaks through the interface *link* of the namespace that its thread is in; it has to have an address."""

    def __init__(self, link, port=68):
        self.server = (port, 67)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for option in (socket.SO_REUSEADDR, socket.SO_BROADCAST):
            self.socket.setsockopt(socket.SOL_SOCKET, option, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        self.socket.bind(("", port))

    def offer(self, mac, seconds=8, **more):
        """Return what the first server offers *mac*, or None when nobody does within *seconds*."""
        return self._ask(mac, DISCOVER, {**more}, seconds)

    def lease(self, mac, seconds=8, **more):
        """Return what *mac* gets: offer, then request of what was offered."""
        offer = self.offer(mac, seconds, **more)
        if offer is None:
            return None
        chosen = {50: socket.inet_aton(offer["ip"]), 54: socket.inet_aton(offer["server"])}
        return self._ask(mac, REQUEST, {**more, "options": {**more.get("options", {}), **chosen}}, seconds)

    def _ask(self, mac, kind, more, seconds):
        xid = os.urandom(4)
        self.socket.sendto(asking(mac, kind, xid, more.get("options", {})), ("255.255.255.255", self.server[1]))
        self.socket.settimeout(seconds)
        while True:
            try:
                data = self.socket.recv(4096)
            except TimeoutError:
                return None
            if found := answer(data, xid):
                return found
