"""One mistake in what a person wrote: where it is, and what would be right.  Pure."""

from typing import NamedTuple

from saltext.lab.errors import BadWish

LONGEST = 60  #: characters of a wrong value that are shown


class Mistake(NamedTuple):
    path: tuple[str, ...]  #: pillar path
    said: str  #: the rest of the sentence that begins with the path
    wrong: object = None  #: the wrong value, where it is one value and no secret
    file: str | None = None  #: the SLS that it stands in
    line: int | None = None  #: of that file, from 1; None where nobody can tell

    @property
    def message(self):
        """The sentence, in one line, without the place."""
        return " ".join((":".join(self.path) + self.said).split())

    @property
    def place(self):
        """The place, such as ``pillar/demo.sls:41``; empty where it is not known."""
        return ":".join(str(part) for part in (self.file, self.line) if part)

    def __str__(self):
        return f"{self.place} {self.message}".strip()

    def shown(self):
        """Return it as data: ``path``, ``file``, ``line``, ``wrong`` and ``message``."""
        about = {"path": ":".join(self.path), "file": self.file, "line": self.line}
        return about | {"wrong": self.wrong, "message": self.message}


def told(sentence):
    """Return the ``Mistake`` that a rule tells of in a *sentence* whose first word is the pillar path."""
    path, _, said = sentence.partition(" ")
    return Mistake(tuple(path.split(":")), f" {said}")


def bad(mistakes, at):
    """Return the ``BadWish`` of *mistakes* in *at*, a pillar path; it has them as ``mistakes``."""
    error = BadWish(f"{len(mistakes)} mistake(s) in {at}", "; ".join(map(str, mistakes)), "correct the pillar")
    error.mistakes = tuple(mistakes)
    return error


def named(key):
    """Return *key* of a dict as part of a path; Python refuses to write an integer of more than 4,300 digits."""
    try:
        return str(key)
    except ValueError:
        return "<unprintable int object>"  # as pydantic calls it


def plain(value):
    """Return *value* if it is one value that JSON has, else as text that is short; None for lists and dicts."""
    if value is None or isinstance(value, bool | dict | list):
        return value if isinstance(value, bool) else None
    small = isinstance(value, int) and abs(value) < 2**63
    return value if small else value[:LONGEST] if isinstance(value, str) else short(value)


def short(value):
    """Return *value* as a short text, however long it is."""
    try:
        return repr(value[:LONGEST]) if isinstance(value, str) else repr(value)[:LONGEST]
    except ValueError:  # as in ``named``
        return "a number of thousands of digits"
