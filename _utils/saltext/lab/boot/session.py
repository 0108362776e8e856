"""A run from its beginning to its end: the lock, the journal, what is shown meanwhile, the report on what failed."""

import hashlib
import os
import time

from saltext.lab.boot import journal, lock, trace
from saltext.lab.boot.estimate import RUNS
from saltext.lab.boot.failures import failures
from saltext.lab.boot.run import execute, interruptible
from saltext.lab.boot.view import view
from saltext.lab.errors import Locked


class Session:
    """
    Runs of *command*, such as ``lab.bootstrap``, on the master with the configuration *opts*, one at a time.

    *lab* is the checked ``Lab``, *wishes* what the caller asked for by name, *bus* tells of each step as it comes.
    """

    def __init__(self, opts, command, lab, wishes, bus):
        self.opts, self.command, self.lab, self.bus = opts, command, lab, bus
        self.wishes = {key: wish for key, wish in wishes.items() if wish}
        self.directory = journal.place(opts)

    def go(self, steps, act, logs):
        """
        Run *steps* by ``act(step)`` and return the answer: ``run``, ``steps``, ``failures``, ``retcode``.

        ``logs.of(failures)`` adds the last lines of logs.  Raises ``Locked`` when somebody else is at it.
        """
        name = journal.new_id()
        text = f"what was begun may go on where it runs; to go on here: salt-run {self.command}"
        try:
            with lock.held("run", self.directory, command=self.command, run=name), interruptible(text):
                return self._run(name, steps, act, logs)
        except Locked as err:
            raise _busy(err, self.directory) from err

    def _run(self, name, steps, act, logs):
        former = [journal.load(self.directory, one) for one in journal.names(self.directory)[-RUNS:]]
        with journal.kept(self.directory, name) as kept:
            with view(self.opts, self.bus, former) as shown:
                kept.add(trace.HEAD, **self._head(steps, former))
                shown.show(kept.run, kept.run.head)
                for event in execute(steps, act):
                    record = kept.add(trace.STEP, **event._asdict())
                    shown.show(kept.run, record)
            failed = logs.of(failures(kept.run))
            kept.add(trace.END, retcode=1 if failed else 0, failures=failed)
        return trace.answer(kept.run)

    def _head(self, steps, former):
        about = [step._asdict() | {"id": step.id} for step in steps]
        head = {"command": self.command, "wishes": self.wishes, "user": lock.user(), "steps": about}
        head |= {"pid": os.getpid(), "born": journal.born(os.getpid()), "spec": _digest(self.lab)}
        return head | {"follows": former[-1].id if former else None}


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
