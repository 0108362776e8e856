"""The runs of lab.bootstrap, and pictures of the lab."""

import time
from pathlib import Path

from saltext.lab.answer import answers, lab_of
from saltext.lab.boot import dot, graph_dot, journal, timeline_svg, trace
from saltext.lab.boot import timeline as timeline_
from saltext.lab.boot.run import interruptible
from saltext.lab.boot.view import view
from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest

__virtualname__ = "lab"

UNWATCHED = "nobody watches now, and the run goes on; to follow it again: salt-run lab.watch"
GRAPHS = {"topology": graph_dot.topology, "bootstrap": graph_dot.bootstrap}


def __virtual__():
    return __virtualname__  # Salt adds the functions of this file to those of lab.py


@answers
def runs():
    """
    Return ``runs``, the last fifty, the oldest first: who, when, for how long, what became of it, what it goes on from.

    Each has ``run``, its name, ``command``, ``user``, ``at`` (seconds since 1970), ``took`` (s), ``state`` (running,
    done, failed, interrupted or killed), ``steps`` (how many by what became of them) and ``follows``.

    CLI Example:

    .. code-block:: bash

        salt-run lab.runs
    """
    found = [_load(name) for name in journal.names(_place())]
    return {"runs": [trace.summary(run, journal.is_alive(run)) for run in found], "said": "there is no run yet"}


@answers
def timeline(run=None, svg=None):
    """
    Return ``timeline`` of *run* or of the last one: when each step was at work, what it waited for, the longest chain.

    With *svg* it is also drawn into that file, which must not be there yet.

    CLI Example:

    .. code-block:: bash

        salt-run lab.timeline
        salt-run lab.timeline 20261121-161449-123 svg=/tmp/run.svg
    """
    found = _load(run)
    state = trace.state(found, journal.is_alive(found))
    made = timeline_.timeline(found, state, time.time() if state == trace.RUNNING else found.last)
    if svg:
        _written(svg, timeline_svg.svg(made))
    return {"timeline": made}


@answers
def watch(run=None):
    """
    Follow *run*, or the last one, until it ends, and return what it returned; it is shown as who called it sees it.

    Exits with the code of that run; with 1 when it was killed.  Ctrl-C ends the watching alone.

    CLI Example:

    .. code-block:: bash

        salt-run lab.watch
    """
    found = _load(run)
    former = [_load(name) for name in journal.names(_place()) if name < found.id]
    seen = trace.Run(found.id)
    with interruptible(UNWATCHED), view(__opts__, __jid_event__, former) as shown:
        for record in journal.followed(_place(), found):
            seen = seen.plus(record)
            shown.show(seen, record)
    return trace.answer(seen)


@answers
def graph(of="topology", svg=None):
    """
    Return the picture *of* the lab's topology, or of the steps of its bootstrap, in the language of Graphviz.

    With *svg* it is drawn into that file instead, by Graphviz, which must not be there yet.

    CLI Example:

    .. code-block:: bash

        salt-run lab.graph svg=/tmp/lab.svg
        salt-run lab.graph bootstrap svg=/tmp/steps.svg
    """
    if of not in GRAPHS:
        raise BadWish(f"there is no picture of {of}{nearest(of, GRAPHS)}", "", f"one of {', '.join(GRAPHS)}")
    source = GRAPHS[of](lab_of(__opts__))
    if not svg:
        return {"said": source}
    _written(svg, dot.drawn(source))
    return {"said": f"the {of} is in {svg}"}


def _place():
    return journal.place(__opts__)


def _load(name):
    return journal.load(_place(), name)


def _written(path, text):
    """Write *text* to the new file *path*."""
    try:
        with Path(path).open("x") as file:
            file.write(text)
    except OSError as err:
        raise BadWish(f"{path} cannot be written", err.strerror, "name a new file") from err
