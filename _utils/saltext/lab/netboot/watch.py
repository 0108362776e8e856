"""
Follow the log of dnsmasq and tell the master of each machine that asks for the first time: ``lab/netboot/seen``.

dnsmasq only writes its log, and never waits for us.  A machine is marked when the minion has taken the event, so that
one which asked while the minion was down is told later, and none is told twice.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from saltext.lab.errors import LabError
from saltext.lab.netboot import dnsmasq, seen, tell
from saltext.lab.netboot.marks import Marks

EVENT = "lab/netboot/seen"
PAUSE = 0.5  #: seconds between two looks


class Log:
    """New lines of the file *path*, which may be not there yet, be cut, or be another one since the last look."""

    def __init__(self, path):
        self.path, self.inode, self.at, self.rest = Path(path), None, 0, ""

    def lines(self):
        """Return the lines that were not returned yet; one that has no end yet waits for it."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return []
        if found.st_ino != self.inode or found.st_size < self.at:
            self.inode, self.at, self.rest = found.st_ino, 0, ""
        with self.path.open(encoding="utf-8", errors="replace") as file:
            file.seek(self.at)
            *lines, self.rest = (self.rest + file.read()).split("\n")
            self.at = file.tell()
        return lines


def look(log, waiting, marks, send):
    """
    Tell of the machines in *waiting* and in the new lines of *log* that have no mark; return who still waits.

    *send* takes the data of one event, and raises ``LabError`` when it cannot be told now.
    """
    waiting = seen.machines(log.lines()) | waiting
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


def follow(log, marks, send, pause=PAUSE):
    """Look for ever."""
    waiting: dict = {}
    while True:
        waiting = look(log, waiting, marks, send)
        time.sleep(pause)


def main():
    """Follow the log of this host; the one argument is the configuration of its minion."""
    follow(Log(dnsmasq.LOG), Marks(), tell.sender(sys.argv[1], EVENT))


if __name__ == "__main__":
    main()
