"""
Desired state, actual state, and the changes between them.

Pure functions on plain data; nothing here talks to a daemon.
A wish is a JSON merge patch (RFC 7396) on what is there now:
a key left out is not ours to manage, ``None`` means it must not exist,
a mapping is compared key by key, and anything else is compared whole.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

LIVE, NEXT_BOOT, RESTART, RECREATE = "live", "next-boot", "restart", "recreate"


class Change(NamedTuple):
    """One difference: where, from what, to what, and when it takes effect."""

    path: tuple[str, ...]
    old: Any
    new: Any
    impact: str = LIVE


def diff(actual, wish, at=()):
    """Yield the changes that turn *actual* into *wish*, parents before children."""
    if not isinstance(wish, Mapping):
        if actual != wish:
            yield Change(at, actual, wish)
        return
    if not isinstance(actual, Mapping):
        yield Change(at, actual, {})
        actual = {}
    for key, part in wish.items():
        yield from diff(actual.get(key), part, (*at, key))


def merge(actual, wish):
    """Return *actual* after every change in ``diff(actual, wish)`` (RFC 7396, section 2)."""
    if not isinstance(wish, Mapping):
        return wish
    merged = dict(actual) if isinstance(actual, Mapping) else {}
    for key, part in wish.items():
        merged[key] = merge(merged.get(key), part)
        if merged[key] is None:
            del merged[key]
    return merged


def plain(data):
    """Return *data* as plain dicts: Salt's renderers make ordered ones."""
    if isinstance(data, Mapping):
        return {key: plain(part) for key, part in data.items()}
    return [plain(part) for part in data] if isinstance(data, list) else data


def as_salt(changes):
    """
    Return *changes* as every state of ours reports them: ``{dotted path: {"old", "new"}}``.

    A change that is not live has its ``impact`` beside them.  A new parent is left out
    where its children tell the news.
    """
    changes = list(changes)
    parents = {change.path[:-1] for change in changes if change.path}
    return {
        ".".join(change.path): _told(change)
        for change in changes
        if not (change.old is None and change.new == {} and change.path in parents)
    }


def _told(change):
    told = {"old": change.old, "new": change.new}
    return told if change.impact == LIVE else told | {"impact": change.impact}
