"""What a bootstrap would do to a host, from what was seen of it.  Pure."""

from typing import Any, NamedTuple

from saltext.lab.boot import due, plan_states
from saltext.lab.boot.plan_parts import Fact, Planned, Problem, unknown
from saltext.lab.errors import LabError

ENTRANCE = ("power", "key")  #: the paths of what becomes of a host before its states are applied


class Seen(NamedTuple):
    """What was seen of a host.  An answer that did not come is the ``LabError``."""

    power: str | LabError  #: on, off, or unknown
    known: str | None  #: fingerprint of its key, as a power driver tells it
    accepted: str | None  #: that of its accepted key
    heard: Any = None  #: whether its minion would sync modules by itself
    modules: str | LabError | None = None  #: digest of those that it has
    states: dict | LabError | None = None  #: what ``state.apply test=True`` returned; None where it was not asked for
    domains: dict | LabError | None = None  #: of a hypervisor
    records: dict | LabError | None = None  #: of the virtual master


def may_test(heard, modules, newest):
    """Return whether ``state.apply test=True`` syncs nothing: *heard* and *modules* as in ``Seen``."""
    return not isinstance(heard, LabError) and (not heard or modules == newest)


def parts(host, seen, newest, guests):
    """
    Yield the ``Planned``, ``Fact`` and ``Problem`` of *host*; *seen* is what was seen of it.

    *newest* is the digest of the modules that the master would sync, *guests* as for ``plan_states.parts``.
    """
    yield from _entrance(host, seen)
    if isinstance(seen.heard, LabError):
        if seen.power == "unknown":  # as of wake-on-LAN, or a person
            yield Planned(host, "power", "unknown", "on")
        elif seen.power != "off" and seen.accepted:
            yield Problem(host, str(seen.heard))
        yield unknown(host, "it answers")
        return
    stale = seen.modules != newest
    if isinstance(seen.states, dict):
        yield from plan_states.parts(host, seen.states, guests, stale)
    if stale:
        yield Planned(host, "modules", None if isinstance(seen.modules, LabError) else seen.modules, newest)
        yield unknown(host, "it has the modules of its master")
    else:
        silent = [one for one in (seen.states, seen.domains, seen.records) if isinstance(one, LabError)]
        yield from (Problem(host, str(why)) for why in silent)


def _entrance(host, seen):
    if isinstance(seen.power, LabError):
        yield Problem(host, str(seen.power))
    if seen.power == "off":
        yield Planned(host, "power", "off", "on")
    match due.entry(seen.known, seen.accepted):
        case due.ADMIT:
            yield Planned(host, "key", seen.accepted, seen.known)
        case due.ASK:
            yield Problem(host, f"no power driver can tell its key: start it, then: salt-run lab.enroll {host}")
        case due.ACCEPTED:
            yield Fact(host, "key", seen.accepted)
