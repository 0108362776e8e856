"""What libvirt tells by itself, waited for instead of asked for."""

import os
import queue
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import libvirt

from saltext.lab.errors import Refused


class _Loop:
    """
    The thread in which this process handles libvirt's events, in GLib's default main context.

    It ends before the process forks, and begins again: a child in which the context belongs to a thread that is not
    there never hears anything (libvirt 9.0).
    """

    def __init__(self):
        self._thread, self._ends, self._wakes = None, False, None
        os.register_at_fork(before=self._pause, after_in_parent=self._go_on, after_in_child=self._part)

    def start(self):
        if self._wakes is None:
            self._register()
        if self._thread is None:
            self._ends, self._thread = False, threading.Thread(target=self._run, name="libvirt events", daemon=True)
            self._thread.start()

    def _register(self):
        """Once: what is forked has it from its parent."""
        before = _eventfds()
        libvirt.virEventRegisterDefaultImpl()
        libvirt.virEventRemoveTimeout(libvirt.virEventAddTimeout(-1, lambda *_: None, None))  # so there is a context
        self._wakes = _eventfds() - before

    def _run(self):
        while not self._ends:
            libvirt.virEventRunDefaultImpl()

    def _pause(self):
        if self._thread is not None:
            self._ends = True
            alarm = libvirt.virEventAddTimeout(0, lambda *_: None, None)  # or it would wait for the next event
            self._thread.join(10)
            libvirt.virEventRemoveTimeout(alarm)
            self._thread = None

    def _go_on(self):
        if self._wakes is not None:
            self.start()

    def _part(self):
        """Give the context of a child a wake-up of its own: parent and child would take each other's."""
        for wake in self._wakes or ():
            fresh = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            os.dup2(fresh, wake, inheritable=False)
            os.close(fresh)


def _eventfds():
    there = {int(name): Path("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")}
    return {number for number, at in there.items() if at.is_symlink() and "eventfd" in os.readlink(at)}


_loop = _Loop()


def serve():
    """Handle libvirt's events in a thread of this process; connections opened from now on have them."""
    _loop.start()


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
