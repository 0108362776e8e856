"""Draw a graph by the program ``dot`` of Graphviz."""

from saltext.lab import command
from saltext.lab.errors import Unreachable


def drawn(source, kind="svg"):
    """Return *source*, a graph in the language of dot, laid out and drawn as *kind*: ``svg`` or ``json``."""
    try:
        return command.run("dot", f"-T{kind}", stdin=source)
    except Unreachable as err:
        raise Unreachable(err.what, err.why, "apt-get install graphviz; without svg= the source is shown") from err
