"""The event bus of a master, for those who decide who may join."""

import time

import salt.utils.event

from saltext.lab.admit.gather import concerns

WINDOW = 0.075  #: seconds in which events are gathered after the first: a crowd comes as one
MANY = 1000  #: events that are enough at once


class Bus:
    """What happens on the bus of the master whose configuration is *opts*, from when it is entered."""

    def __init__(self, opts):
        self.opts = opts

    def __enter__(self):
        self._bus = salt.utils.event.get_master_event(self.opts, self.opts["sock_dir"], listen=True)
        self._bus.connect_pub()
        return self

    def __exit__(self, *_):
        self._bus.destroy()

    def gather(self, seconds):
        """Return the next hints that come together, a list of ``(tag, data)``; none after *seconds*."""
        found: list[tuple] = []
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and len(found) < MANY:
            event = self._bus.get_event(wait=left, full=True, auto_reconnect=True)
            if event and concerns(event["tag"]):
                end = end if found else time.monotonic() + WINDOW
                found.append((event["tag"], event["data"]))
        return found


def tell(opts, events):
    """Fire *events*, a list of ``(tag, data)``, on the bus of the master whose configuration is *opts*."""
    if events:
        with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
            for tag, data in events:
                bus.fire_event(data, tag)
