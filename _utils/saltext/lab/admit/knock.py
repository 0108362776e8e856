"""Who knocks at a master, by its event bus."""

import time

from saltext.lab.admit.bus import Bus
from saltext.lab.admit.gather import hints


def knocks(opts, minion, seconds):
    """
    Yield *minion* at once, and then each time that it presents a key to the master with *opts*, for *seconds*.

    It listens before it yields, so nothing that comes after the first look is missed.  An event is a hint, no more.
    """
    end = time.monotonic() + seconds
    with Bus(opts) as bus:
        yield minion
        while (left := end - time.monotonic()) > 0:
            if minion in hints(bus.gather(left)).knocks:
                yield minion
