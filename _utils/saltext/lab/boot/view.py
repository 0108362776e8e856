"""
Show a run while it goes on: a table that moves on a terminal, else a line for each step, else nothing.

Each is a context manager with ``show(run, record)``, called with each line of the journal and the run so far.
"""

import sys
import time

from rich import live
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from saltext.lab.boot import estimate, progress, trace

COLOURS = {progress.AT_IT: "bold", progress.LOST: "red", progress.WAITS: "dim", progress.DONE: "green"}


def view(opts, bus, former):
    """
    Return the view that fits a runner with the configuration *opts*, which tells of each step on its event *bus*.

    *former* are the runs before, from which the estimates come.
    """
    if opts.get("output", "lab") != "lab":
        return Quiet()
    terminal = Console()
    if opts.get("output_file") or not sys.stdout.isatty() or terminal.is_dumb_terminal:
        return Lines(bus)
    return Live(bus, terminal, former)


class Quiet:
    """For who wants one document at the end."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Leave nothing behind."""

    def show(self, run, record):
        """Show nothing."""


class Lines(Quiet):
    """A line for each step that begins or ends, which Salt's outputter makes of an event on *bus*."""

    silent = False

    def __init__(self, bus):
        self.bus = bus

    def show(self, run, record):
        """Tell of *record* when it is of a step."""
        if record["kind"] == trace.STEP:
            self.bus.fire_event({**record, "outputter": "lab", "silent": self.silent}, "progress")
            sys.stdout.flush()


class Live(Lines):
    """A line for each machine on *terminal*; the table is gone in the end, when what the runner returns is shown."""

    silent = True  #: the event is for others; Salt prints nothing of it

    def __init__(self, bus, terminal, former):
        super().__init__(bus)
        self.terminal, self.former = terminal, former
        self.run, self.estimates = trace.Run(""), {}
        # Nothing is redirected: Salt's handler of Ctrl-C prints, and has to get by without the locks of the table.
        self.live = live.Live(
            console=terminal,
            get_renderable=self._table,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self):
        self.live.start()
        return self

    def __exit__(self, *_):
        self.live.stop()

    def show(self, run, record):
        """Show *run* as it is now."""
        super().show(run, record)
        if record["kind"] == trace.HEAD:
            self.estimates = estimate.estimates(self.former, run.steps)
        self.run = run
        self.live.refresh()

    def _table(self):
        now, table = time.time(), Table.grid(padding=(0, 2))
        rows, others = progress.fitting(progress.rows(self.run, self.estimates, now), self.terminal.height - 3)
        for row in rows:
            table.add_row(row.machine, row.state, row.step, _times(row), row.note, style=COLOURS[row.state])
        return Group(Text(_title(self.run, self.estimates, now), style="bold"), table, Text(others))


def _title(run, estimates, now):
    left = estimate.remaining(run, estimates, now)
    about = f", ≈ {left:.0f} s more" if left is not None and run.steps else ""
    spent = now - run.head.get("at", now)
    return f"{run.head.get('command', '')}: {len(run.ended)} of {len(run.steps)} steps, {spent:.0f} s{about}"


def _times(row):
    about = f"≈ {row.about:.0f} s" if row.about is not None else ""
    return about if row.since is None else f"{row.since:.0f} s{' of ' if about else ''}{about}"
