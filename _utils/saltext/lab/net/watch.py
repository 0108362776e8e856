"""
The program that takes an unconfirmed change back: ``python -m saltext.lab.net.watch [DIRECTORY]``.

It is a service of its own, so it outlives the minion.  Started before the change, it has loaded all that it needs; it
takes back when its time is up or when it is stopped, unless the change was confirmed.  Started at boot, it takes back
what waited when the host lost its power, before Salt and guests start.
"""

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from saltext.lab.net.host import Host
from saltext.lab.net.store import HOME, Store

BOOT = Path("/proc/sys/kernel/random/boot_id")
STOPPED, LATE, OFF = "it was stopped before the confirmation", "no confirmation came in time", "the host was off"


def record(wish, host, seconds):
    """Return what has to be kept of *host* before the change to *wish*, which has *seconds* to be confirmed."""
    return {
        "wish": wish,
        "pid": os.getpid(),
        "boot": BOOT.read_text(),
        "until": time.clock_gettime(time.CLOCK_BOOTTIME) + seconds,
        "host": host.about,
        "saved": host.read(),
    }


def main(home=HOME):
    """Return the exit code: 0, or 1 when something could not be put back and has to be tried again."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # a revert that has begun is not stopped
    store = Store(home)
    problems = _watched(store, store.pending())
    for problem in problems:
        print(f"cannot put back: {problem}", flush=True)
    _ready()
    return 1 if problems else 0


def _watched(store, waiting):
    if not waiting:
        return []
    live = waiting["boot"] == BOOT.read_text()
    why = _wait(waiting["until"]) if live else OFF
    if not store.claim():
        return []
    print(f"taking back the network change {waiting['wish']}: {why}", flush=True)
    problems = Host(**waiting["host"]).put_back(waiting["saved"], live)
    if not problems:
        store.conclude({"wish": waiting["wish"], "why": why, "when": time.strftime("%Y-%m-%d %H:%M:%S")})
        print("the network is as it was", flush=True)
    return problems


def _wait(end):
    """Return why the change has to be taken back, once it has to."""
    _ready()
    left = end - time.clock_gettime(time.CLOCK_BOOTTIME)
    return STOPPED if left > 0 and signal.sigtimedwait({signal.SIGTERM}, left) else LATE


def _ready():
    """Tell systemd that what is to be ready is ready (sd_notify(3))."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        # Nobody to hear it is no reason to fail: then what was taken back would be tried again.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as tell:
            tell.sendto(b"READY=1", address.replace("@", "\0", 1))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
