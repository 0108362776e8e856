"""Say whether a host still reaches what it has to reach: by new connections, old ones tell nothing."""

import socket

from saltext.lab.errors import Unreachable
from saltext.lab.net.steady import steady
from saltext.lab.wait import until

ONE_TRY = 2  #: seconds for one connection
HOLD = 1  #: seconds that all has to be well in a row: networkd applies a file a moment after it was told to


def reach(targets, seconds):
    """Return when all *targets*, ``(host, port)``, take connections; raises ``Unreachable`` after *seconds*."""
    ready = steady(lambda: all(map(_connects, targets)), HOLD)
    until(ready, seconds, "a way to what has to be reached", longest=0.25)


def _connects(target):
    try:
        socket.create_connection(target, ONE_TRY).close()
    except OSError as err:
        host, port = target
        raise Unreachable(f"{host}:{port} takes no connection", str(err)) from err
    return True
