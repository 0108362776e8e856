"""A run from its beginning to its end: the lock, the journal, what is shown meanwhile, the report on what failed."""

import hashlib
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from saltext.lab.boot import journal, lock, trace
from saltext.lab.boot.estimate import RUNS
from saltext.lab.boot.failures import failures
from saltext.lab.boot.run import BEGUN, FAILED, execute, interruptible
from saltext.lab.boot.view import view
from saltext.lab.errors import Locked


class Phase(NamedTuple):
    """Steps that are run together."""

    steps: list
    act: Callable  #: does one of them
    begin: Callable = lambda: None  #: called before the first
    end: Callable = lambda ended: None  #: called after the last with the events of their ends, as dicts
    vital: bool = False  #: what comes after is not begun when one of them has failed


class Work(NamedTuple):
    """What a run does: its *phases*, one after the other, on a checked *lab*."""

    lab: Any
    phases: list
    logs: Any  #: ``of(failures)`` adds the last lines of logs


class Session:
    """
    Runs of *command*, such as ``lab.bootstrap``, on the master with the configuration *opts*, one at a time.

    *wishes* is what the caller asked for by name, *bus* tells of each step as it comes.
    """

    def __init__(self, opts, command, wishes, bus):
        self.opts, self.command, self.bus = opts, command, bus
        self.wishes = {key: wish for key, wish in wishes.items() if wish}
        self.directory = journal.place(opts)

    def go(self, prepare):
        """
        Do the ``Work`` that *prepare* returns under the lock, and return ``run``, ``steps``, ``failures``, ``retcode``.

        Raises ``Locked`` when somebody else is at it.
        """
        name = journal.new_id()
        text = f"what was begun may go on where it runs; to go on here: salt-run {self._again()}"
        try:
            with lock.held("run", self.directory, command=self.command, run=name), interruptible(text):
                return self._run(name, prepare())
        except Locked as err:
            raise _busy(err, self.directory) from err

    def _run(self, name, work):
        former = [journal.load(self.directory, one) for one in journal.names(self.directory)[-RUNS:]]
        with journal.kept(self.directory, name) as kept:
            with view(self.opts, self.bus, former) as shown:
                kept.add(trace.HEAD, **self._head(work, former))
                shown.show(kept.run, kept.run.head)
                for event in _events(work.phases):
                    record = kept.add(trace.STEP, **event)
                    shown.show(kept.run, record)
            failed = work.logs.of(failures(kept.run))
            kept.add(trace.END, retcode=1 if failed else 0, failures=failed)
        return trace.answer(kept.run)

    def _head(self, work, former):
        about = [step._asdict() | {"id": step.id} for phase in work.phases for step in phase.steps]
        head = {"command": self.command, "wishes": self.wishes, "user": lock.user(), "steps": about}
        head |= {"pid": os.getpid(), "born": journal.born(os.getpid()), "spec": _digest(work.lab)}
        return head | {"follows": former[-1].id if former else None}

    def _again(self):
        """Return the command as a person would call it again."""
        return " ".join([self.command, *(f"{key}={wish}" for key, wish in self.wishes.items())])


def _events(phases):
    """Yield the events of *phases*, as dicts."""
    for phase in phases:
        phase.begin()
        ended = []
        for event in execute(phase.steps, phase.act):
            yield event._asdict()
            if event.state != BEGUN:
                ended.append(event._asdict())
        phase.end(ended)
        if phase.vital and any(event["state"] == FAILED for event in ended):
            return


def _busy(err, directory):
    owner, at_it = err.owner, {}
    if owner.get("run") in journal.names(directory):
        at_it = trace.under_way(journal.load(directory, owner["run"]), time.time())
    now = ", ".join(f"{step} ({seconds:.0f} s)" for step, seconds in at_it.items()) or "between two steps"
    what = f"{owner.get('command', 'another run')} is running already"
    why = f"{lock.told(owner)}, run {owner.get('run', 'unknown')}, at: {now}"
    return Locked(what, why, "follow it: salt-run lab.watch", owner | {"at_it": at_it})


def _digest(lab):
    return hashlib.sha256(lab.model_dump_json().encode()).hexdigest()[:16]
