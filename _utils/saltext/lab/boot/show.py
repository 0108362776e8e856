"""How runs are shown on a terminal: a table of them, one as a timeline, what failed."""

from rich.text import Text

from saltext.lab.boot.timeline_text import gantt
from saltext.lab.tables import table, when

COLOURS = {"done": "green", "failed": "red", "killed": "red", "interrupted": "yellow", "running": "bold"}


class Gantt:
    """A timeline as wide as the terminal that it is shown on."""

    def __init__(self, timeline):
        self.timeline = timeline

    def __rich_console__(self, console, options):
        for line in gantt(self.timeline, options.max_width):
            yield Text(line, no_wrap=True, overflow="fold")


def _runs(rows):
    made = table("run", "command", "by", "began", "s", "state", "steps", "goes on from")
    for row in rows:
        cells = (row["run"], row["command"], row["user"], when(row["at"]), f"{row['took']:.1f}", row["state"])
        made.add_row(*cells, _counts(row["steps"]), row["follows"] or "", style=COLOURS[row["state"]])
    yield made


def _counts(steps):
    counts = [f"{count} {word}" for word, count in steps.items() if count and word != "all"]
    return f"{steps['all']}: {', '.join(counts) or 'none has ended'}"


def _failures(rows):
    for row in rows:
        yield Text(f"{row['machine']}: {row['step']} failed", style="bold red")
        for word, told in (("tried", f"to {row['tried']}"), ("cause", _cause(row)), ("do", row["fix"])):
            yield from [Text(f"  {word:<6} {told}")] if told else ()
        yield from _log(row.get("log") or {})
        if row["waits"]:
            yield Text(f"  waits  {', '.join(row['waits'])}")


def _cause(row):
    return " — ".join(part for part in (row["what"], row["why"]) if part)


def _log(log):
    if log:
        yield Text(f"  log    {log['of']}:")
        yield from (Text(f"    | {line}", style="dim") for line in log["lines"])


TABLES = {"runs": _runs, "timeline": lambda timeline: [Gantt(timeline)], "failures": _failures}
