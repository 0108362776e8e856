"""The peers of PyPI: ``tools/peers`` makes each, in a virtual environment of its own that is kept."""

from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from bench.contest import Unable
from bench.programs import Command

TOOL = Path(__file__).parents[1] / "tools/peers"


@cache
def home(peer):
    """Return the virtual environment of *peer*.  Raises ``Unable`` if it cannot be installed."""
    return Path(Command([TOOL, peer]).run().strip())


def version(peer):
    """Return the version of *peer*, or None where it could not be installed."""
    try:
        [found] = distributions(name=peer, path=[str(path) for path in home(peer).glob("lib/python3*/site-packages")])
    except (Unable, ValueError):
        return None
    return found.version
