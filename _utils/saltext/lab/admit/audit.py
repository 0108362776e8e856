"""What was decided at the door: a line each in an append-only log, and an event each on the master's bus."""

import json
import time
from pathlib import Path

from saltext.lab.admit.decide import LEAVE, REJECT

AUDIT = "/var/log/saltext-lab/admission.log"
TAIL = 64 * 1024  #: bytes at the end of the log that are searched for the verdict before: some 300 lines
LONGEST = 256  #: characters of an id that are told; Salt takes ids of any length


class Audit:
    """The log at *path*; *tell* takes a list of ``(tag, data)`` to the master's event bus."""

    def __init__(self, path=AUDIT, tell=lambda events: None):
        self.path, self.tell = Path(path), tell

    def note(self, decided):
        """
        Append *decided*, a list of ``{id, act, why, source, key}``, in one write; tell each as ``lab/admission/ACT``.

        A minion knocks each second, and each knock has the same answer: what the log says of an id and its *key*
        already stands there once, until something else is decided on them.  Nothing is remembered but the log.
        """
        said, lines = self._said(), []
        for line in ({**one, "id": str(one["id"])[:LONGEST]} for one in decided):
            if line["act"] not in (LEAVE, REJECT) or said.get(_on(line)) != _verdict(line):
                said[_on(line)] = _verdict(line)
                lines.append({"at": round(time.time(), 3), **line})
        if lines:
            self._append(lines)
            self.tell([(f"lab/admission/{line['act']}", line) for line in lines])

    def _said(self):
        """Return the last verdict on each id and key, as far back as the tail reaches."""
        lines = [_parsed(line) for line in self._tail().splitlines()]
        return {_on(line): _verdict(line) for line in lines if line}

    def _tail(self):
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - TAIL))
                return file.read()
        except FileNotFoundError:  # none yet, or rotated a moment ago
            return b""

    def _append(self, lines):
        self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        text = "".join(json.dumps(line) + "\n" for line in lines)
        torn = not (self._tail() or b"\n").endswith(b"\n")  # by somebody who was killed as he wrote
        with self.path.open("ab", buffering=0) as file:
            file.write((("\n" if torn else "") + text).encode())


def _on(line):
    return line["id"], line.get("key")


def _verdict(line):
    return line["act"], line["why"]


def _parsed(line):
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"id", "act", "why"} <= found.keys() else None
