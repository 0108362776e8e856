"""What the events on a master's bus ask for, each thing once.  Pure: ids are data, whatever is in them."""

from fnmatch import fnmatchcase
from typing import NamedTuple

AUTH, START, RETURN = "salt/auth", "salt/minion/*/start", "salt/job/*/ret/*"
LOOKED_AT = ("pend", "denied")  #: Salt's word for what became of a key that was presented; else nothing is to decide


class Hints(NamedTuple):
    """Who may have done what; anybody may have said so."""

    knocks: list  #: ids that presented a key
    starts: list  #: ids of minions that have started
    returns: list  #: (job id, minion, the whole return)


def concerns(tag):
    """Return whether an event with *tag* is a hint at all."""
    return tag == AUTH or fnmatchcase(tag, START) or fnmatchcase(tag, RETURN)


def hints(events):
    """Return the ``Hints`` in *events*, a list of ``(tag, data)``: each id once, in the order of their coming."""
    events = [(tag, data) for tag, data in events if isinstance(data, dict)]
    knocks = [data.get("id") for tag, data in events if tag == AUTH and data.get("act") in LOOKED_AT]
    starts = [data.get("id") for tag, data in events if fnmatchcase(tag, START)]
    returns = [(tag.split("/")[2], data.get("id"), data) for tag, data in events if fnmatchcase(tag, RETURN)]
    return Hints(_once(knocks), _once(starts), returns)


def _once(ids):
    """Return *ids* without those that were there before; not all that is sent for an id can be hashed."""
    found: dict = {}
    for one in ids:
        found.setdefault(repr(one), one)
    return list(found.values())
