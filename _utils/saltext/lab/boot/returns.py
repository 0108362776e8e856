"""Read what minions returned.  Pure."""

from typing import NamedTuple

from saltext.lab.errors import Refused, Unreachable

RESTART = "salt-minion-restart"  #: the state that has systemd restart the minion a moment after the job


class Applied(NamedTuple):
    """What one ``state.apply`` did."""

    changes: dict  #: id of a state -> its changes; states without any are left out
    failed: dict  #: id of a state -> why


def value(minion, fun, answer):
    """
    Return the value in *answer*, the return event of *fun* on *minion*, or None where none came.

    Raises ``Unreachable`` when there is none, and ``Refused`` with the minion's own words when *fun* failed there.
    """
    if not answer:
        why = "its minion is silent: it is not connected, or was restarted just now"
        fix = f"on {minion}: systemctl status salt-minion; then salt-run lab.status {minion}"
        raise Unreachable(f"{minion} does not answer {fun}", why, fix)
    if answer.get("retcode") and not isinstance(answer["return"], dict):
        raise Refused(f"{fun} failed on {minion}", _text(answer["return"]))
    return answer["return"]


def runner(minion, fun, ret):
    """Return what the runner *fun* returned, from *ret*, what ``saltutil.runner`` with ``full_return=True`` gave."""
    if not isinstance(ret, dict) or "return" not in ret:
        raise Refused(f"the master on {minion} did not run {fun}", _text(ret))
    if not ret.get("success"):
        said = ret["return"]
        raise Refused(f"{fun} failed on the master {minion}", said["error"] if "error" in said else _last_line(said))
    return ret["return"]


def applied(ret):
    """Return ``Applied`` from the return of ``state.apply``: a dict by state tag, or text when nothing was rendered."""
    if not isinstance(ret, dict):
        return Applied({}, {"state.apply": _text(ret)})
    states = [state for state in ret.values() if isinstance(state, dict) and "result" in state]
    changes = {_id(state): state["changes"] for state in states if state["changes"]}
    failed = {_id(state): state["comment"] for state in states if state["result"] is False}
    return Applied(changes, failed)


def _id(state):
    return state.get("__id__", "state.apply")  # what Salt says when there are no states at all has none


def _text(ret):
    return " ".join(str(line) for line in ret) if isinstance(ret, list) else str(ret).removeprefix("ERROR: ")


def _last_line(text):
    return (str(text).strip().splitlines() or [""])[-1]
