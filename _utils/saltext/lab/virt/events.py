"""What libvirt tells by itself, waited for instead of asked for."""

import os
import queue
import threading
import time
from contextlib import contextmanager

import libvirt

from saltext.lab.errors import Refused

_serving: set[int] = set()


def serve():
    """Handle libvirt's events in a thread of this process; connections opened from now on have them."""
    if os.getpid() not in _serving:  # a thread does not survive a fork
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=_run, name="libvirt events", daemon=True).start()
        _serving.add(os.getpid())


def _run():
    while True:
        libvirt.virEventRunDefaultImpl()


@contextmanager
def of(conn, domain, *kinds):
    """Yield a ``Heard`` that hears the events *kinds*, ``VIR_DOMAIN_EVENT_ID_…``, of *domain* from now on."""
    heard: queue.SimpleQueue = queue.SimpleQueue()
    keep = [_listener(heard, kind) for kind in kinds]
    handles = [conn.domainEventRegisterAny(domain, kind, one, None) for kind, one in zip(kinds, keep, strict=True)]
    try:
        yield Heard(heard)
    finally:
        for handle in handles:
            conn.domainEventDeregisterAny(handle)


def _listener(heard, kind):
    return lambda _conn, _domain, *told: heard.put((kind, *told[:-1]))


class Heard:
    """The events of one domain so far."""

    def __init__(self, heard):
        self._queue = heard

    def until(self, ends, seconds, what):
        """
        Return the first event that *ends* takes, ``(kind, detail…)``.

        Raises ``Refused`` saying that there was no *what* when there is none within *seconds*.
        """
        end = time.monotonic() + seconds
        while True:
            try:
                event = self._queue.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise Refused(f"there was no {what} within {seconds} s", "the guest does not cooperate") from None
            if ends(*event):
                return event
