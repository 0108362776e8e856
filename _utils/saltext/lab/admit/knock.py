"""Who knocks at a master, by its event bus."""

import time

import salt.utils.event


def knocks(opts, minion, seconds):
    """
    Yield *minion* at once, and then each time that it presents a key to the master with *opts*, for *seconds*.

    It listens before it yields, so nothing that comes after the first look is missed.  An event is a hint, no more.
    """
    end = time.monotonic() + seconds
    with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=True) as bus:
        bus.connect_pub()
        yield minion
        while (left := end - time.monotonic()) > 0:
            event = bus.get_event(wait=left, tag="salt/auth")
            if event and event.get("id") == minion:
                yield event["id"]
