"""Run steps, each as soon as what it needs is there, as many at once as may be."""

import os
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import NamedTuple

from saltext.lab.boot.graph import Step
from saltext.lab.errors import LabError

BEGUN, CHANGED, SAME, FAILED, SKIPPED = "begun", "changed", "as wished", "failed", "skipped"
WORKERS = 8
INTERRUPTED = 130  #: exit code, as a shell has it for SIGINT


class Event(NamedTuple):
    """What became of a step."""

    at: float  #: seconds since 1970
    step: str
    machine: str
    state: str
    took: float = 0.0  #: seconds
    said: str = ""
    error: dict | None = None  #: of a step that failed: ``what``, ``why``, ``fix``


def execute(steps, act):
    """
    Yield an ``Event`` when a step begins and when it ends.

    ``act(step)`` makes it so and returns what it changed, or an empty text when it was so
    already.  A step that raises ``LabError`` has failed; what needs it is skipped, and all
    else goes on.
    """
    waiting = {step.id: step for step in steps}
    ended: dict[str, Event] = {}
    running: dict[Future, Step] = {}
    pool = ThreadPoolExecutor(WORKERS)
    try:
        while waiting or running:
            for event in _skipped(waiting, ended):
                ended[event.step] = event
                yield event
            for step in _ready(waiting, ended)[: WORKERS - len(running)]:  # a step that has begun is at work
                yield _event(step, BEGUN)  # first: whoever keeps a journal has it there before anything is done
                running[pool.submit(_timed, act, waiting.pop(step.id))] = step
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                running.pop(done)
                event = done.result()
                ended[event.step] = event
                yield event
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever interrupts does not wait for what is under way


@contextmanager
def interruptible(text):
    """
    End the process at once on Ctrl-C, and say *text*.

    Salt makes a SystemExit of it, and Python would wait for all that runs.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        print(f"\ninterrupted; {text}", file=sys.stderr, flush=True)  # what `--out json` shows is a document or nothing
        os._exit(INTERRUPTED)


def _ready(waiting, ended):
    return [step for step in waiting.values() if all(need in ended for need in step.needs)]


def _skipped(waiting, ended):
    for step in list(waiting.values()):
        lost = [need for need in step.needs if need in ended and ended[need].state in (FAILED, SKIPPED)]
        if lost:
            del waiting[step.id]
            yield _event(step, SKIPPED, said=f"needs: {lost[0]}")


def _timed(act, step):
    begun, error = time.monotonic(), None
    try:
        said = act(step)
        state = CHANGED if said else SAME
    except LabError as err:
        state, said, error = FAILED, str(err), {"what": err.what, "why": err.why, "fix": err.fix}
    return _event(step, state, took=round(time.monotonic() - begun, 2), said=said, error=error)


def _event(step, state, **about):
    return Event(round(time.time(), 3), step.id, step.machine, state, **about)
