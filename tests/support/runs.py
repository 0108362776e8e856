"""Runs for tests of pure code: what the journal of a bootstrap of two hosts holds."""

import json

from saltext.lab.boot import trace
from saltext.lab.boot.run import BEGUN, CHANGED, FAILED, SAME, SKIPPED

NEEDS = {
    "power hv1": [],
    "power hv2": [],
    "minion hv1": ["power hv1"],
    "minion hv2": ["power hv2"],
    "converge hv1": ["power hv2", "minion hv1"],
    "prove demo": ["converge hv1", "minion hv2"],
}
STEPS = [
    {"verb": name.split()[0], "machine": name.split()[1], "needs": needs, "budget": 120, "id": name}
    for name, needs in NEEDS.items()
]
ERROR = {"what": "hv2 does not answer", "why": "no minion connected", "fix": "look at it"}
#: step, when it began, when it ended, how; seconds since the run began
STORY = [
    ("power hv1", 0, 2, CHANGED),
    ("power hv2", 0, 1, SAME),
    ("minion hv2", 1, 9, FAILED),
    ("minion hv1", 2, 5, CHANGED),
    ("converge hv1", 7, 20, CHANGED),
    ("prove demo", None, 20, SKIPPED),
]
ZERO = 1_000_000.0


def records(story=STORY, end=None, **head):
    """Return the lines of a journal as dicts: *story*, and *end* as the exit code of a run that has ended."""
    about = {
        "command": "lab.bootstrap",
        "wishes": {},
        "user": "anna",
        "pid": 1,
        "born": 1,
        "spec": "0",
        "follows": None,
    }
    lines = [{"kind": trace.HEAD, "at": ZERO, **about, "steps": STEPS, **head}]
    lines += [_event(step, BEGUN, begin) for step, begin, _, _ in story if begin is not None]
    lines += [_event(step, how, at, at - (begin or 0)) for step, begin, at, how in story if at is not None]
    lines.sort(key=lambda line: line["at"])
    last = max(line["at"] for line in lines)
    return lines + ([{"kind": trace.END, "at": last, "retcode": end, "failures": []}] if end is not None else [])


def run(*args, name="r1", **kwargs):
    """Return the ``Run`` of ``records``."""
    return trace.run(name, data(*args, **kwargs))


def data(*args, **kwargs):
    """Return the bytes of the journal of ``records``."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in records(*args, **kwargs))


def _event(step, state, at, took=0.0):
    event = {"kind": trace.STEP, "at": ZERO + at, "step": step, "machine": step.split()[1], "state": state}
    said = "needs: minion hv2" if state == SKIPPED else ""
    return event | {"took": took, "said": said, "error": ERROR if state == FAILED else None}
