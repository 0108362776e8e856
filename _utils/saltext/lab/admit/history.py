"""What the audit says: the decisions on keys, read back from the append-only log and from what was rotated of it."""

import datetime
import gzip
import json
import re
from pathlib import Path

from saltext.lab.errors import BadWish

AGE = re.compile(r"(\d{1,6})([smhdw])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
ROTATED = re.compile(r".+\.(\d+)(\.gz)?")
FIELDS = {"at", "id", "act", "why"}


def read(path, minion=None, act=None, since=0.0):
    """
    Return the decisions in the log at *path*, newest last: those on *minion*, that did *act*, not before *since*.

    *since* is in seconds since 1970.  Lines that are torn are left out.
    """
    wanted = {"id": minion, "act": act}
    return [
        line
        for file in _files(Path(path), since)
        for line in parsed(_text(file))
        if line["at"] >= since and all(value in (None, line[key]) for key, value in wanted.items())
    ]


def parsed(text):
    """Return the decisions in *text*, oldest first, without what is none.  Pure."""
    return [line for one in text.splitlines() if (line := _line(one))]


def moment(text, now):
    """
    Return *text* in seconds since 1970: an age before *now* such as ``30m`` or ``2d``, or a local date and time.

    Raises ``BadWish`` for anything else.  Pure but for the time zone.
    """
    if found := AGE.fullmatch(str(text)):
        return now - int(found[1]) * SECONDS[found[2]]
    try:
        return datetime.datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError) as err:
        raise BadWish(f"since={text} is no moment", "", "say 30m, 2h or 3d, or 2026-11-21 14:00") from err


def _line(text):
    try:
        found = json.loads(text)
    except ValueError:
        return None
    whole = isinstance(found, dict) and found.keys() >= FIELDS and isinstance(found["at"], int | float)
    return found if whole else None


def _files(path, since):
    """Return the files of the log that were written to after *since*, oldest first: ``.2.gz``, ``.1``, and *path*."""
    aged = {int(age[1]): one for one in path.parent.glob(f"{path.name}.*") if (age := ROTATED.fullmatch(one.name))}
    files = [*(aged[age] for age in sorted(aged, reverse=True)), path]
    return [one for one in files if one.exists() and one.stat().st_mtime >= since]


def _text(file):
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as content:
        return content.read().decode(errors="replace")
