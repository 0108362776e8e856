"""A DHCP client that speaks for any MAC: as much of RFC 2131 as the tests need."""

import os
import socket
import struct

COOKIE = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
ASKED = bytes([1, 3, 6, 12, 15, 42, 51, 60, 66, 67, 175])  #: options that it wants to hear (code 55)
NAMES = {1: "mask", 3: "router", 6: "dns", 12: "name", 15: "domain", 42: "ntp", 51: "lease", 53: "type", 54: "server"}
NAMES |= {60: "vendor", 66: "tftp", 67: "file"}


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
        chosen = {50: socket.inet_aton(offer["ip"]), 54: offer["server_raw"]}
        return self._ask(mac, REQUEST, {**more, "options": {**more.get("options", {}), **chosen}}, seconds)

    def _ask(self, mac, kind, more, seconds):
        xid = os.urandom(4)
        self.socket.sendto(_packet(mac, kind, xid, more.get("options", {})), ("255.255.255.255", self.server[1]))
        self.socket.settimeout(seconds)
        while True:
            try:
                answer = self.socket.recv(4096)
            except TimeoutError:
                return None
            if answer[4:8] == xid:
                return _read(answer)


def pxe(arch, ipxe=False):
    """Return the options of a network card's firmware of architecture *arch* (RFC 4578), or of iPXE."""
    vendor = f"{'HTTP' if arch == 16 else 'PXE'}Client:Arch:{arch:05d}:UNDI:003016".encode()
    return {60: vendor, 93: struct.pack("!H", arch)} | ({175: b"\x01\x01\x01"} if ipxe else {})


def _packet(mac, kind, xid, options):
    head = struct.pack("!BBBB4sHH", 1, 1, 6, 0, xid, 0, 0x8000) + bytes(16)
    words = {53: bytes([kind]), 55: ASKED} | options
    body = b"".join(bytes([code, len(data)]) + data for code, data in words.items())
    return head + bytes.fromhex(mac.replace(":", "")).ljust(16, b"\0") + bytes(192) + COOKIE + body + b"\xff"


def _read(answer):
    found = {"ip": socket.inet_ntoa(answer[16:20]), "next": socket.inet_ntoa(answer[20:24])}
    found["boot"] = answer[108:236].split(b"\0")[0].decode()
    at = 240
    while at < len(answer) and answer[at] != 255:
        if answer[at] == 0:
            at += 1
            continue
        code, data = answer[at], answer[at + 2 : at + 2 + answer[at + 1]]
        found[NAMES.get(code, code)] = _told(code, data)
        if code == 54:
            found["server_raw"] = data
        at += 2 + len(data)
    return found


def _told(code, data):
    if code in (1, 3, 6, 42, 54):
        return ",".join(socket.inet_ntoa(data[at : at + 4]) for at in range(0, len(data), 4))
    if code in (51, 53):
        return int.from_bytes(data)
    return data.rstrip(b"\0").decode(errors="replace")
