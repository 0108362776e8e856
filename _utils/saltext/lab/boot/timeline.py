"""When each step of a run was at work, what it had waited for, and which chain of them took longest.  Pure."""

from collections.abc import Callable
from typing import NamedTuple

from saltext.lab.boot.run import SKIPPED


class Bar(NamedTuple):
    """One step that has begun; times are seconds since the run began."""

    step: str
    machine: str
    state: str  #: as in ``boot.run``; ``running`` or ``killed`` where it has not ended
    begin: float
    end: float
    after: str  #: of what it needs, the step that ended last; empty where it needs none
    waited: float  #: s from when it could have begun until it did: all workers were busy
    critical: bool  #: whether it is in the chain that took longest


def timeline(run, state, now):
    """
    Return the timeline of *run*, whose state is *state*, *now* being when what is under way is looked at.

    A dict of ``run``, ``command``, ``state``, ``at`` (seconds since 1970), ``took`` (s), ``bars`` (dicts as ``Bar``, in
    the order of the graph), ``critical`` (the steps of the longest chain), ``critical_s`` (s that those were at
    work; no run of these steps is shorter), ``skipped`` and ``open`` (steps that were not reached).
    """
    took = (run.end.get("at") or now) - run.head.get("at", now)
    spans = _spans(run, now)
    chain = longest(run.steps, lambda step: spans[step][1] - spans[step][0] if step in spans else 0.0)
    chain = [step for step in chain if step in spans]
    bars = [_bar(run, step, spans, state, chain) for step in run.steps if step in spans]
    skipped = [step for step, event in run.ended.items() if event["state"] == SKIPPED]
    return {
        "run": run.id,
        "command": run.head.get("command", ""),
        "state": state,
        "at": run.head.get("at", 0.0),
        "took": round(took, 2),
        "bars": [bar._asdict() for bar in bars],
        "critical": chain,
        "critical_s": round(sum(spans[step][1] - spans[step][0] for step in chain), 2),
        "skipped": skipped,
        "open": [step for step in run.steps if step not in spans and step not in skipped],
    }


def longest(steps, cost: Callable[[str], float]):
    """Return the chain of *steps*, each needed by the next, with the largest sum of ``cost(step)``."""
    sums: dict[str, tuple[float, tuple]] = {}
    for step in _in_order(steps):
        before = max((sums[need] for need in steps[step]["needs"] if need in sums), default=(0.0, ()))
        sums[step] = (before[0] + cost(step), (*before[1], step))
    return list(max(sums.values(), default=(0.0, ()))[1])


def _in_order(steps):
    """Return the ids of *steps*, each after those that it needs."""
    found: dict[str, None] = {}
    left = dict(steps)
    while ready := [one for one, step in left.items() if not any(need in left for need in step["needs"])]:
        found |= dict.fromkeys(ready)
        left = {one: step for one, step in left.items() if one not in found}
    return found


def _spans(run, now):
    """Return ``{step: (begin, end)}``, since the run began."""
    zero = run.head.get("at", now)
    ends = {step: event["at"] for step, event in run.ended.items()}
    return {step: (begun - zero, max(begun, ends.get(step, now)) - zero) for step, begun in run.begun.items()}


def _bar(run, step, spans, state, chain):
    begin, end = spans[step]
    ready = {need: spans[need][1] for need in run.steps[step]["needs"] if need in spans}
    after = max(ready, key=lambda need: ready[need], default="")
    event = run.ended.get(step) or {"state": state}
    waited = max(0.0, begin - ready.get(after, 0.0))
    times = (round(begin, 2), round(end, 2), after, round(waited, 2))
    return Bar(step, run.steps[step]["machine"], event["state"], *times, step in chain)
