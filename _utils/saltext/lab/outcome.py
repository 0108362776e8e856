"""The one place where a state return is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from saltext.lab.errors import LabError, NotConverged, NotSafe
from saltext.lab.plan import LIVE, RECREATE, Change, as_salt, diff
from saltext.lab.schema import check


@dataclass(frozen=True)
class Things:
    """All things of one kind on a minion, by name: bridges, domains."""

    name: str  #: the pillar path of the wish; every message starts from it
    kind: Any  #: the type that a wish must fit, such as ``dict[str, Bridge | None]``
    read: Callable[[], dict[str, Any]]  #: looks, never touches
    write: Callable[[list[Change]], None]  #: takes the changes to make
    impact: Callable[[Change, dict[str, Any]], str] = lambda change, actual: LIVE
    note: Callable[[dict[str, Any]], str] = lambda actual: ""  #: what else there is to say of what was read last


def converge(things, wish, test):
    """
    Bring *things* to *wish* and return what a Salt state returns.

    *wish* is ``{name: merge patch}``; None for a name removes that thing, and an empty wish
    does nothing, as where it comes from may be broken.  Under *test* the same changes are
    told and none is made.  What is there is read again after writing, so ``result: True``
    means seen, not hoped.  What would have to be made anew is told and refused, and all
    else is done.
    """
    try:
        wish = check(things.kind, wish, things.name)
        if not wish:
            return _outcome(things, True, "nothing is stated: nothing is changed", [])
        actual = things.read()
        changes = [change._replace(impact=things.impact(change, actual)) for change in diff(actual, wish)]
        _refuse_foreign(actual, wish, changes)
        fixed = [change for change in changes if change.impact == RECREATE]
        doable = [change for change in changes if change.impact != RECREATE]
        if not changes:
            return _outcome(things, True, _and("as wished", things.note(actual)), [])
        if test:
            return _outcome(things, False if fixed else None, _cannot(fixed) or "to be changed", changes)
        return _carried_out(things, wish, doable, fixed)
    except LabError as err:
        return _outcome(things, False, str(err), [])


def _refuse_foreign(actual, wish, changes):
    """Refuse to touch what does not carry our mark, unless the wish says ``adopt``."""
    foreign = sorted(
        name
        for name in {change.path[0] for change in changes}
        if name in actual and not actual[name].get("adopt") and not (wish[name] or {}).get("adopt")
    )
    if foreign:
        raise NotSafe(
            f"{', '.join(foreign)} was not made by this suite",
            "what has no mark of ours is left alone",
            "state `adopt: true` there to take it over",
        )


def _carried_out(things, wish, changes, fixed):
    refusals = [_cannot(fixed)] if fixed else []
    try:
        if changes:
            things.write(changes)
    except LabError as err:
        refusals.append(str(err))
    try:
        actual = things.read()
    except LabError as err:
        return _outcome(things, False, "; ".join([*refusals, f"what was done cannot be seen: {err}"]), [])
    left = list(diff(actual, wish))
    still = {change.path for change in left}
    landed = [change for change in changes if change.path not in still]
    if not left:
        return _outcome(things, True, _and("changed", things.note(actual)), landed)
    if not refusals:
        refusals = [str(NotConverged(f"{things.name} is not as wished", f"still to change: {as_salt(left)}"))]
    return _outcome(things, False, "; ".join(refusals), landed)


def _and(comment, note):
    return f"{comment}; {note}" if note else comment


def _cannot(fixed):
    if not fixed:
        return ""
    what = ", ".join(".".join(change.path) for change in fixed)
    return str(NotSafe(f"{what} cannot change", "it would have to be made anew", "remove it with null, then create it"))


def _outcome(things, result, comment, changes):
    return {"name": things.name, "result": result, "comment": comment, "changes": as_salt(changes)}
