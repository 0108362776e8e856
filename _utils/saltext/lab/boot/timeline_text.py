"""A timeline as text: a line for each step, as wide as a terminal.  Pure."""

from saltext.lab.boot.run import CHANGED, FAILED, SAME

MARKS = {CHANGED: "█", SAME: "░", FAILED: "▓"}
OPEN = "▒"  #: a step that had not ended
NARROWEST = 20  #: characters for the bars


def gantt(timeline, width):
    """Return the lines of *timeline*, at most *width* characters wide where there is room for bars at all."""
    bars = timeline["bars"]
    names = max([len(bar["step"]) for bar in bars], default=0)
    room = max(NARROWEST, width - names - 13)
    lines = [_head(timeline)]
    lines += [_line(bar, names, room, timeline["took"]) for bar in bars]
    return lines + list(_foot(timeline))


def _head(timeline):
    chain = f"critical path {timeline['critical_s']:.1f} s"
    return f"{timeline['run']}  {timeline['command']}  {timeline['state']}  {timeline['took']:.1f} s, {chain}"


def _line(bar, names, room, took):
    scale = room / took if took else 0
    begin = min(room - 1, int(bar["begin"] * scale))
    length = max(1, min(room - begin, round((bar["end"] - bar["begin"]) * scale)))
    drawn = " " * begin + MARKS.get(bar["state"], OPEN) * length
    sign = "*" if bar["critical"] else " "
    return f"{sign} {bar['step']:<{names}}  {drawn:<{room}} {bar['end'] - bar['begin']:6.1f} s"


def _foot(timeline):
    yield f"* critical path: {' → '.join(timeline['critical']) or 'no step has begun'}"
    yield "█ changed  ░ as wished  ▓ failed  ▒ had not ended"
    yield from (
        f"{bar['step']} waited {bar['waited']:.1f} s after {bar['after'] or 'the beginning'} for a free worker"
        for bar in timeline["bars"]
        if bar["waited"] >= 1
    )
    if timeline["skipped"]:
        yield f"skipped: {', '.join(timeline['skipped'])}"
    if timeline["open"]:
        yield f"not reached: {', '.join(timeline['open'])}"
