"""
The conversation of one host's probes with all others.  Pure.

Hosts begin within some tenths of a second of each other, and their clocks differ.  So each
says its words turn after turn until it has heard all that it waits for *and* everybody it
hears has said the same of itself.  Where something is wrong, that never comes, and all
talk for as long as they may.
"""

from collections import Counter
from itertools import count

from saltext.lab.prove.frame import Word, packed, unpacked

LAST = 3  #: turns that a host goes on when it needs no more, so that the others hear that it is content


class Talk:
    """What *probes*, as ``expect.probes`` makes them, say and have heard; *nonce* tells this proof from others."""

    def __init__(self, nonce, probes):
        self.nonce, self.probes = nonce, {probe["id"]: probe for probe in probes}
        self.lacking = {(own, other) for own, probe in self.probes.items() for other in probe["hear"]}
        self.unsure = {other for probe in probes for other in probe["hear"]}
        self.heard: Counter = Counter()

    @property
    def content(self):
        """Whether each probe has heard a packet of full size from each that it waits for."""
        return not self.lacking

    @property
    def over(self):
        """Whether nobody needs to hear more."""
        return self.content and not self.unsure

    def turns(self):
        """Yield the number of each turn, until ``LAST`` of them were more than needed."""
        left = LAST
        for turn in count():
            yield turn
            left = left - 1 if self.over else LAST
            if not left:
                return

    def frames(self, own, turn, mac):
        """Return what probe *own* sends in *turn*, by size."""
        sizes = self.probes[own]["sizes"]
        return [packed(self.nonce, Word(own, size, turn, self.content), mac) for size in sizes]

    def hear(self, own, frame):
        """Take what arrived at probe *own*."""
        if (word := unpacked(self.nonce, frame)) is None:
            return
        self.heard[own, word.cell, word.size, word.turn] += 1
        if word.size == self.probes[own]["mtu"]:
            self.lacking.discard((own, word.cell))
        if word.content:
            self.unsure.discard(word.cell)

    def rows(self):
        """Return ``[own, other, size, copies]`` for all that was heard; more than one copy of a packet is a loop."""
        most: dict = {}
        for (own, other, size, _), copies in self.heard.items():
            most[own, other, size] = max(copies, most.get((own, other, size), 0))
        return [[*key, copies] for key, copies in sorted(most.items())]
