"""What each machine is at while a run goes on.  Pure."""

from typing import NamedTuple

from saltext.lab.boot.run import FAILED, SKIPPED

AT_IT, LOST, WAITS, DONE = "at it", "failed", "waits", "done"
ORDER = (AT_IT, LOST, WAITS, DONE)


class Row(NamedTuple):
    """One machine."""

    machine: str
    state: str  #: at it, failed, waits, done
    step: str  #: its verb
    since: float | None  #: s that it is at it
    about: float | None  #: s that it took in former runs
    note: str  #: what it waits for, or why it failed


def rows(run, estimates, now):
    """Return a ``Row`` for each machine of *run*: first who is at work, then who failed, who waits, who is done."""
    by_machine: dict[str, list] = {}
    for name, step in run.steps.items():
        by_machine.setdefault(step["machine"], []).append(name)
    found = [_row(run, machine, steps, estimates, now) for machine, steps in by_machine.items()]
    return sorted(found, key=lambda row: ORDER.index(row.state))


def fitting(rows, height):
    """Return as many of *rows* as *height* lines have room for, and a text about the others, which may be empty."""
    if len(rows) <= height:
        return rows, ""
    shown, hidden = rows[: height - 1], rows[height - 1 :]
    counts = {state: sum(row.state == state for row in hidden) for state in ORDER}
    others = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return shown, f"and {len(hidden)} more: {others}"


def _row(run, machine, steps, estimates, now):
    begun, ended = run.begun, run.ended
    if at_it := [step for step in steps if step in begun and step not in ended]:
        step = at_it[0]
        return Row(machine, AT_IT, step.split()[0], now - begun[step], estimates.get(step), "")
    if lost := [step for step in steps if step in ended and ended[step]["state"] in (FAILED, SKIPPED)]:
        return Row(machine, LOST, lost[0].split()[0], None, None, ended[lost[0]]["said"])
    if waiting := [step for step in steps if step not in begun]:
        needs = [need for need in run.steps[waiting[0]]["needs"] if need not in ended]
        note = f"for {', '.join(needs)}" if needs else "for a free worker"
        return Row(machine, WAITS, waiting[0].split()[0], None, estimates.get(waiting[0]), note)
    return Row(machine, DONE, steps[-1].split()[0], None, None, "")
