"""Interrupts that wait for the end of what must not be broken off."""

import signal
from contextlib import contextmanager

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed():
    """
    Let SIGINT and SIGTERM wait until the end of this; then the first of them comes.

    pyroute2 forks children that are still this program for some instructions.  A signal that raised there would
    unwind our stack in the child: it would take the rack down, for which it waits for the lock that its parent holds,
    which waits for the child.  Seen once as an ``up`` that hung when it was interrupted.
    """
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])
