"""The packets that probes send to each other.  Pure."""

import struct
from typing import NamedTuple

ETHERTYPE = 0x88B5  #: IEEE 802, local experimental: no other protocol of the lab looks at it
EVERYBODY = b"\xff" * 6
NONCE = 8  #: bytes
_HEAD = struct.Struct(f"!{NONCE}sHHH?")


class Word(NamedTuple):
    """What one packet says."""

    cell: int  #: who sent it
    size: int  #: bytes, without the Ethernet header: what an MTU counts
    turn: int  #: a sender says each size once in a turn, so two alike are copies
    content: bool  #: whether its host has heard all that it waits for


def packed(nonce, word, mac):
    """Return *word* as an Ethernet frame to everybody from *mac*."""
    head = _HEAD.pack(nonce, word.cell, word.size, word.turn, word.content)
    return EVERYBODY + mac + ETHERTYPE.to_bytes(2, "big") + head.ljust(word.size, b"\0")


def unpacked(nonce, frame):
    """Return the ``Word`` in the Ethernet *frame*, or None when it is not of this proof or not whole."""
    payload = frame[14:]
    if len(payload) < _HEAD.size:
        return None
    told, *word = _HEAD.unpack_from(payload)
    return Word(*word) if told == nonce and len(payload) == word[1] else None
