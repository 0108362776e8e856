"""What can go wrong, named by what the caller can do about it."""

from salt.exceptions import CommandExecutionError


class LabError(CommandExecutionError):
    """
    One line for the operator: what failed, why, and what to do next.

    Salt prints a ``CommandExecutionError`` without a traceback.
    """

    def __init__(self, what, why="", fix=""):
        self.what, self.why, self.fix = what, _one_line(why), fix
        super().__init__(" — ".join(part for part in (what, self.why, fix) if part))


class Unreachable(LabError):
    """A daemon does not answer.  Trying again later may help."""


class Locked(Unreachable):
    """Somebody else is at it; *owner* is a dict of who that is."""

    def __init__(self, what, why="", fix="", owner=None):
        super().__init__(what, why, fix)
        self.owner = owner or {}


class Refused(LabError):
    """A daemon answered no.  Trying again will not help."""


class BadWish(LabError):
    """The pillar or the call asks for something that cannot be."""

    mistakes: tuple = ()  #: each ``saltext.lab.mistake.Mistake``, where it has several parts


class NotSafe(LabError):
    """Going on would destroy data, or touch what is not ours.  A person has to say so first."""


class NotConverged(LabError):
    """Every write was accepted, and yet the thing is not as wished."""


def _one_line(text):
    return " ".join(str(text).split())
