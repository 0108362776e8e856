"""What was heard beside what has to be heard.  Pure."""

from collections import defaultdict
from itertools import product
from typing import NamedTuple

from saltext.lab.prove.expect import ANY, APART, REACH, between

LOST, SHORT, LOOP, LEAK = "lost", "short", "loop", "leak"


class Red(NamedTuple):
    """What is wrong between two cells."""

    kind: str
    sender: int
    receiver: int
    size: int = 0  #: bytes of the largest packet that arrived


class Heard:
    """What the cells *found* heard: *rows* are ``[own, other, size, copies]``, as ``lab_probe.run`` returns them."""

    def __init__(self, found, rows):
        self.cells = {cell.id: cell for cell in found}
        self.size: dict[tuple[int, int], int] = {}  #: (sender, receiver) -> bytes of the largest packet
        self.copies: dict[tuple[int, int], int] = {}  #: (sender, receiver) -> how often one packet came at most
        for own, other, size, copies in rows:
            if other in self.cells:  # anybody on the wire can send what they like
                self.size[other, own] = max(size, self.size.get((other, own), 0))
                self.copies[other, own] = max(copies, self.copies.get((other, own), 0))
        self.met = {(self.cells[other].host, self.cells[own].host) for other, own in self.size}

    def has_met(self, sender, receiver):
        """Whether anything came from *sender*'s host to *receiver*'s: else silence between them shows nothing."""
        return (sender.host, receiver.host) in self.met


def red(heard, silent=()):
    """Yield a ``Red`` for each pair of cells that is not as wished; hosts *silent* have said nothing at all."""
    spoken = [cell for cell in heard.cells.values() if cell.host not in silent]
    for sender, receiver in product(spoken, repeat=2):
        at = (sender.id, receiver.id)
        size = heard.size.get(at, 0)
        if kind := _kind(sender, receiver, size, heard.copies.get(at, 0)):
            yield Red(kind, *at, size)


def networks(heard, silent=()):
    """Return ``{network: {"mtu", "reach": {from host: {to host: bytes, or None where one of them is silent}}}}``."""
    found: dict = {}
    for sender, receiver in product(heard.cells.values(), repeat=2):
        if sender.network == receiver.network:
            part = found.setdefault(sender.network, {"mtu": sender.mtu, "reach": {}})
            row = part["reach"].setdefault(sender.host, {})
            if sender is not receiver:
                mute = sender.host in silent or receiver.host in silent
                row[receiver.host] = None if mute else heard.size.get((sender.id, receiver.id), 0)
    return found


def isolation(heard, silent=()):
    """
    Return ``{network: {other network: word}}``.

    ``leak``: packets came over; ``apart``: each host that has both ends could have heard
    them, and did not; ``shared``: both are without tags, on one wire; ``unseen``: between
    some hosts nothing else came over either, so silence shows nothing.
    """
    words: dict = defaultdict(lambda: defaultdict(set))
    for sender, receiver in product(heard.cells.values(), repeat=2):
        if sender.network != receiver.network:
            words[sender.network][receiver.network].add(_word(heard, silent, sender, receiver))
    rank = ("leak", "shared", "unseen", "apart")
    return {one: {other: min(said, key=rank.index) for other, said in row.items()} for one, row in words.items()}


def _word(heard, silent, sender, receiver):
    if (sender.id, receiver.id) in heard.size:
        return "shared" if between(sender, receiver) == ANY else "leak"
    mute = sender.host in silent or receiver.host in silent
    return "unseen" if mute or not (sender.host == receiver.host or heard.has_met(sender, receiver)) else "apart"


def _kind(sender, receiver, size, copies):
    """Return what is wrong, or None; a packet that comes back to its sender has been round a loop."""
    if copies > (0 if sender is receiver else 1):
        return LOOP
    wish = ANY if sender is receiver else between(sender, receiver)
    if wish == REACH and size < sender.mtu:
        return SHORT if size else LOST
    return LEAK if wish == APART and size else None
