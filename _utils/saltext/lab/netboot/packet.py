"""What DHCP servers and clients say to each other: as much of RFC 2131 and 2132 as a client needs.  Pure."""

import socket
import struct

DISCOVER, OFFER, REQUEST = 1, 2, 3
#: The codes of the options that are told by a name; the others are told by their code.
NAMES = {1: "mask", 3: "router", 6: "dns", 12: "name", 15: "domain", 42: "ntp", 51: "lease", 53: "type", 54: "server"}
NAMES |= {60: "vendor", 66: "tftp", 67: "file"}
ASKED = bytes([1, 3, 6, 12, 15, 42, 51, 60, 66, 67, 175])  #: options that a client wants to hear (code 55)
COOKIE = b"\x63\x82\x53\x63"
_HEAD = 240  #: bytes before the options
_ADDRESSES, _NUMBERS = (1, 3, 6, 42, 54), (51, 53)
_PAD, _END = 0, 255


def asking(mac, kind, xid, options=None):
    """Return the request *kind* of *mac*; *xid* is four bytes that answers repeat, *options* ``{code: bytes}``."""
    head = struct.pack("!BBBB4sHH", 1, 1, 6, 0, xid, 0, 0x8000) + bytes(16)  # 0x8000: answer to everybody
    words = {53: bytes([kind]), 55: ASKED} | (options or {})
    body = b"".join(bytes([code, len(data)]) + data for code, data in words.items())
    return head + bytes.fromhex(mac.replace(":", "")).ljust(16, b"\0") + bytes(192) + COOKIE + body + b"\xff"


def pxe(arch, ipxe=False):
    """Return the options of a network card's firmware of architecture *arch* (RFC 4578), or of iPXE."""
    vendor = f"{'HTTP' if arch == 16 else 'PXE'}Client:Arch:{arch:05d}:UNDI:003016".encode()
    return {60: vendor, 93: struct.pack("!H", arch)} | ({175: b"\x01\x01\x01"} if ipxe else {})


def answer(data, xid):
    """Return what a server answers to the request *xid* in packet *data*; None when it is no answer to that."""
    if len(data) < _HEAD or (data[0], data[4:8], data[236:_HEAD]) != (2, xid, COOKIE):
        return None
    found = {"ip": socket.inet_ntoa(data[16:20]), "next": socket.inet_ntoa(data[20:24])}
    found["boot"] = data[108:236].split(b"\0")[0].decode(errors="replace")
    return found | {NAMES.get(code, code): _told(code, value) for code, value in _options(data[_HEAD:])}


def _options(rest):
    """Yield ``(code, bytes)`` of the options in *rest*, as far as it is whole."""
    while len(rest) > 1 and rest[0] != _END:
        if rest[0] == _PAD:
            rest = rest[1:]
            continue
        end = 2 + rest[1]
        if len(rest) >= end:
            yield rest[0], rest[2:end]
        rest = rest[end:]


def _told(code, value):
    if code in _ADDRESSES:
        return ",".join(socket.inet_ntoa(value[at : at + 4]) for at in range(0, len(value) // 4 * 4, 4))
    if code in _NUMBERS:
        return int.from_bytes(value)
    return value.rstrip(b"\0").decode(errors="replace")
