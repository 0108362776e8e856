"""What the journal of a run tells.  Pure: lines of JSON in, a ``Run`` out."""

import json
from typing import NamedTuple

from saltext.lab.boot.run import BEGUN, CHANGED, FAILED, INTERRUPTED, SAME, SKIPPED

HEAD, STEP, END = "head", "step", "end"  #: kinds of lines
STATES = {0: "done", 1: "failed", INTERRUPTED: "interrupted"}
RUNNING, KILLED = "running", "killed"


class Run(NamedTuple):
    """One run; times are seconds since 1970."""

    id: str
    head: dict = {}  #: ``at``, ``command``, ``pid``, ``user``, ``wishes``, ``spec``, ``follows``, ``steps``
    events: tuple = ()  #: dicts as ``boot.run.Event``, and ``at``
    end: dict = {}  #: ``at``, ``retcode``, ``failures``; empty where it has not ended, or was killed

    def plus(self, record):
        """Return the run with one more *record*, a line of its journal."""
        if record["kind"] == HEAD:
            return self._replace(head=record)
        return self._replace(end=record) if record["kind"] == END else self._replace(events=(*self.events, record))

    @property
    def steps(self):
        """Its steps by id, each a dict: ``verb``, ``machine``, ``needs``, ``budget``."""
        return {step["id"]: step for step in self.head.get("steps", ())}

    @property
    def begun(self):
        """When each step began that has."""
        return {event["step"]: event["at"] for event in self.events if event["state"] == BEGUN}

    @property
    def ended(self):
        """The event of its end of each step that has ended."""
        return {event["step"]: event for event in self.events if event["state"] != BEGUN}

    @property
    def last(self):
        """When it was last heard of."""
        return max([record["at"] for record in (self.head, *self.events, self.end) if record], default=0.0)


def records(data):
    """Return the lines in *data*, the bytes of a journal; one that a crash has cut off is no line."""
    return [record for line in data.split(b"\n") if (record := _record(line))]


def run(name, data):
    """Return the ``Run`` *name* from *data*, all bytes or any first part of its journal."""
    found = Run(name)
    for record in records(data):
        found = found.plus(record)
    return found


def state(run, alive):
    """Return how *run* is; without a last line it is running where its process is *alive*, else it was killed."""
    if run.end:
        return STATES.get(run.end["retcode"], "failed")
    return RUNNING if alive else KILLED


def answer(run):
    """Return what a runner answers with of a *run*: what became of each step, failures, exit code."""
    steps = [{key: part for key, part in event.items() if key != "kind"} for event in run.ended.values()]
    told = {"run": run.id, "steps": steps, "failures": run.end.get("failures", [])}
    told["retcode"] = run.end.get("retcode", 1)
    if (how := state(run, alive=False)) in (KILLED, STATES[INTERRUPTED]):
        told["error"] = f"run {run.id} was {how} — to go on where it was: salt-run {_command(run)}"
    return told


def summary(run, alive):
    """Return the row of *run* in a table of runs."""
    ended = [event["state"] for event in run.ended.values()]
    counts = {word: ended.count(word) for word in (CHANGED, SAME, FAILED, SKIPPED)}
    return {
        "run": run.id,
        "command": " ".join([_command(run), *(f"{key}={wish}" for key, wish in run.head.get("wishes", {}).items())]),
        "user": run.head.get("user", ""),
        "at": run.head.get("at", 0.0),
        "took": round(run.last - run.head.get("at", run.last), 1),
        "state": state(run, alive),
        "steps": counts | {"all": len(run.steps)},
        "follows": run.head.get("follows"),
    }


def under_way(run, now):
    """Return ``{step: seconds}`` of what *run* is at."""
    return {step: now - at for step, at in run.begun.items() if step not in run.ended}


def _command(run):
    return run.head.get("command", "lab.bootstrap")


def _record(line):
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "kind" in record else None
