"""
Follow the log of dnsmasq and tell the master of each machine that asks for the first time: ``lab/netboot/seen``.

dnsmasq only writes its log, and never waits for us.  A machine is marked when the minion has taken the event, so that
one which asked while the minion was down is told later, and none is told twice.
"""

import os
import select
import subprocess
import sys
from datetime import UTC, datetime

from saltext.lab.errors import LabError, Unreachable
from saltext.lab.netboot import dnsmasq, seen, tell
from saltext.lab.netboot.marks import Marks

EVENT = "lab/netboot/seen"
AGAIN = 5  #: seconds until what could not be told is tried again


class Log:
    """The lines of the file *path*, which may be not there yet, be cut, or become another one: by tail(1)."""

    def __init__(self, path):
        argv = ["tail", "--lines=+1", "-F", f"--pid={os.getpid()}", str(path)]
        ours, its = os.pipe()
        self.tail = subprocess.Popen(argv, stdout=its, stderr=subprocess.DEVNULL)
        os.close(its)
        self.out, self.rest = ours, b""

    def lines(self, seconds=None):
        """Return the lines that have come, after waiting for one at most *seconds*, or for ever."""
        if not select.select([self.out], [], [], seconds)[0]:
            return []
        data = os.read(self.out, 1 << 16)
        if not data:
            raise Unreachable("the log cannot be followed", "tail has ended", "systemctl restart saltext-lab-seen")
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [line.decode(errors="replace") for line in lines]


def look(lines, waiting, marks, send):
    """
    Tell of the machines in *waiting* and in *lines* of the log that have no mark; return who still waits.

    *send* takes the data of one event, and raises ``LabError`` when it cannot be told now.
    """
    waiting = seen.machines(lines) | waiting
    for mac, interface in list(waiting.items()):
        told = {"mac": mac, "interface": interface, "when": datetime.now(UTC).isoformat(timespec="seconds")}
        if not marks.has(mac):
            try:
                send(told)
            except LabError:
                return waiting
            marks.add(mac, told)
        del waiting[mac]
    return waiting


def follow(log, marks, send):
    """Look for ever."""
    waiting: dict = {}
    while True:
        waiting = look(log.lines(AGAIN if waiting else None), waiting, marks, send)


def main():
    """Follow the log of this host; the one argument is the configuration of its minion."""
    follow(Log(dnsmasq.LOG), Marks(), tell.sender(sys.argv[1], EVENT))


if __name__ == "__main__":
    main()
