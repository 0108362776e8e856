"""The course of a highstate, as its record tells it: due, out, ended.  Pure, and each step is taken once."""

from saltext.lab.admit.record import Highstate
from saltext.lab.boot import returns
from saltext.lab.errors import LabError

DUE, NOTE, LEAVE = "due", "note", "leave"


def is_open(highstate, now):
    """Return whether a machine with *highstate* has yet to get one, whichever boot it is in."""
    return highstate is None or highstate.is_stale(now) or (highstate.state == "failed" and not highstate.jid)


def booted(highstate, boot, now):
    """Return what is to do for a machine with *highstate* that says that it is in *boot*."""
    if is_open(highstate, now):
        return DUE
    if highstate.state == "running":
        return LEAVE
    if highstate.boot is None:
        return NOTE
    return LEAVE if highstate.boot == boot else DUE


def begin(seen, **how):
    """Return a change of a record: a highstate with the fields *how* begins, if nobody has begun one since *seen*."""
    new = {"highstate": Highstate(state="running", **how)}
    return lambda record: new if record.admitted is not None and record.highstate == seen else None


def end(jid, now, why, returned):
    """Return a change of a record: the highstate of job *jid* has ended at *now*, and failed if there is a *why*."""
    told = {"state": "failed", "why": why, "digest": ""} if why else {"state": "done"}
    told |= {"at": now, "jid": jid if returned else None}
    return lambda record: {"highstate": record.highstate.model_copy(update=told)} if _is_at(record, jid) else None


def revive(seen, began):
    """Return a change of a record: the highstate that was given up as *seen* is as it *began*, if it still stands."""
    return lambda record: {"highstate": began} if record.highstate == seen else None


def drop(jid):
    """Return a change of a record: the highstate of job *jid* has never been."""
    return lambda record: {"highstate": None} if _is_at(record, jid) else None


def note(seen, boot):
    """Return a change of a record: the highstate *seen* was that of *boot*."""
    known = {"highstate": seen.model_copy(update={"boot": boot})}
    return lambda record: known if record.highstate == seen else None


def failure(minion, answer):
    """Return why the highstate of *minion* failed, by its return *answer*, or an empty text."""
    try:
        failed = returns.applied(returns.value(minion, "state.apply", answer)).failed
        return "; ".join(f"{name}: {comment}" for name, comment in failed.items())
    except LabError as err:
        return str(err)
    except Exception as err:  # noqa: BLE001 (anything may come back)
        return f"its return cannot be read: {err!r}"


def _is_at(record, jid):
    return record.highstate is not None and (record.highstate.state, record.highstate.jid) == ("running", jid)
