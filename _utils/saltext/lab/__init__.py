"""Bring up a home lab with Salt: domains, bridges, netboot, two masters."""

from importlib import import_module

__version__ = "0.1.0"


def loader_paths():
    """Where Salt's loader finds our modules, in a wheel and in a checkout alike."""
    kinds = ("modules", "states", "runners", "pillar", "output", "engines")
    return {kind: list(import_module(f"{__name__}.{kind}").__path__) for kind in kinds}
