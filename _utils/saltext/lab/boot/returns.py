"""Read what minions returned.  Pure."""

from typing import NamedTuple

from saltext.lab.errors import Refused, Unreachable


class Applied(NamedTuple):
    """What one ``state.apply`` did."""

    changes: dict  #: name of a state -> its changes; states without any are left out
    failed: dict  #: name of a state -> why


def value(minion, fun, answer):
    """
    Return the value in *answer*, what ``LocalClient.cmd(full_return=True)`` gave for one *minion*.

    Raises ``Unreachable`` when there is none, and ``Refused`` with the minion's own words when *fun* failed there.
    """
    if not answer:
        raise Unreachable(
            f"{minion} does not answer {fun}", "its minion is not connected", f"look at `lab.status {minion}`"
        )
    if answer.get("retcode") and not isinstance(answer["ret"], dict):
        raise Refused(f"{fun} failed on {minion}", _text(answer["ret"]))
    return answer["ret"]


def runner(minion, fun, ret):
    """Return what the runner *fun* returned, from *ret*, what ``saltutil.runner`` with ``full_return=True`` gave."""
    if not isinstance(ret, dict) or "return" not in ret:
        raise Refused(f"the master on {minion} did not run {fun}", _text(ret))
    if not ret.get("success"):
        raise Refused(f"{fun} failed on the master {minion}", _last_line(ret["return"]))
    return ret["return"]


def applied(ret):
    """Return ``Applied`` from the return of ``state.apply``: a dict by state tag, or text when nothing was rendered."""
    if not isinstance(ret, dict):
        return Applied({}, {"state.apply": _text(ret)})
    states = [state for state in ret.values() if isinstance(state, dict) and "result" in state]
    changes = {state["name"]: state["changes"] for state in states if state["changes"]}
    failed = {state["name"]: state["comment"] for state in states if state["result"] is False}
    return Applied(changes, failed)


def _text(ret):
    return " ".join(str(line) for line in ret) if isinstance(ret, list) else str(ret).removeprefix("ERROR: ")


def _last_line(text):
    return (str(text).strip().splitlines() or [""])[-1]
