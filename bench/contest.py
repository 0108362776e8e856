"""
A contest: contenders do the same cases in turn, and somebody else looks whether they did.

A contender is a function of the case.  It is made with all that it needs, so that only its work is measured.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bench.report import measured, row

CASES = ("create", "noop", "change", "delete")
FIXED = "fixed"  #: the case of what costs the same however many things there are

Contender = Callable[[str], object]


class Unable(Exception):
    """Why a contender cannot take part, or not in this case."""


@dataclass(frozen=True)
class Entry:
    """A contender under its *name*: ``make(n)`` returns it for *n* things; it does each of *cases* *runs* times."""

    name: str
    make: Callable[[int], Contender]
    n: int
    runs: int
    cases: tuple[str, ...] = CASES
    peer: bool = False  #: not ours, so it may be unable


@dataclass(frozen=True)
class Ground:
    """Where the contest is held."""

    check: Callable[[str, int], object]  #: raises ``AssertionError`` unless all is as it has to be after that case
    clear: Callable[[], object]  #: takes away whatever is there


def race(entries, ground):
    """Return the rows of *entries*, by case; a peer that is unable has a row with the reason."""
    times: dict = {}
    reasons: dict = {}
    contenders: dict = {}
    for entry in _turns(entries):
        contender = contenders.get(entry) or contenders.setdefault(entry, _made(entry))
        for case in (one for one in entry.cases if (one, entry) not in reasons):
            try:
                times.setdefault((case, entry), []).append(_took(entry, contender, case, ground))
            except (Unable, AssertionError) as err:
                if not entry.peer:
                    raise
                reasons[case, entry] = str(err)
        ground.clear()
    entered = [(case, entry) for case in (FIXED, *CASES) for entry in entries if case in entry.cases]
    return [_row(*one, times.get(one), reasons.get(one)) for one in entered]


def ratios(rows, limit, ours="ours"):
    """Return ``{case: ours / limit}`` of the medians in *rows*, after subtracting Salt's fixed cost from ours."""
    took = medians(rows)
    both = [case for case in CASES if {(case, ours), (case, limit)} <= took.keys()]
    return {case: round((took[case, ours] - took[FIXED, "salt"]) / took[case, limit], 2) for case in both}


def medians(rows):
    """Return ``{(case, contender): seconds}``."""
    return {(one["case"], one["contender"]): one["median_s"] for one in rows if "median_s" in one}


def _turns(entries):
    most = max(entry.runs for entry in entries)
    return (entry for turn in range(most) for entry in entries if turn < entry.runs)


def _made(entry):
    try:
        return entry.make(entry.n)
    except Unable as err:
        return _unable(err)


def _unable(err):
    def contender(case):
        raise err

    return contender


def _took(entry, contender, case, ground):
    taken = measured(lambda: contender(case))
    if case != FIXED:
        ground.check(case, entry.n)
    return taken


def _row(case, entry, taken, reason):
    if reason or not taken:
        return {"case": case, "contender": entry.name, "n": entry.n, "reason": reason or "no run of it was asked for"}
    return row(case, entry.name, entry.n, *zip(*taken, strict=True))
