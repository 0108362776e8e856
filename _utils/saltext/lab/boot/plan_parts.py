"""What a plan is made of, and how its parts become one document.  Pure."""

import hashlib
import json
import re
from typing import Any, NamedTuple

from saltext.lab.plan import LIVE

UNKNOWN = "unknown"  #: the impact of what only shows later
DATA_LOSS = "data loss"
HIDDEN = "**********"
DIGITS = 10
#: A private key, in whatever a line of a diff begins with.
KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(-----END[^\n]*|\Z)", re.DOTALL)
NOTHING: dict[str, Any] = {"changes": [], "facts": {}, "problems": []}


class Planned(NamedTuple):
    """One change that a bootstrap would make."""

    machine: str
    path: str
    old: Any
    new: Any
    impact: str = LIVE


class Fact(NamedTuple):
    """What was seen of a machine, and would change nothing by itself."""

    machine: str
    name: str
    value: Any


class Problem(NamedTuple):
    """What could not be looked at, or would fail."""

    machine: str
    why: str


def restart(seconds):
    """Return the impact of a restart, which takes about so many *seconds*, None where nobody knows."""
    return "restart" if seconds is None else f"restart ≈ {seconds:.0f} s of downtime"


def unknown(machine, until):
    """Return the ``Planned`` that stands for all that shows only when *until* is so."""
    return Planned(machine, "everything else", None, f"unknown until {until}", UNKNOWN)


def document(lab, spec, slices, parts, secrets=()):
    """
    Return the plan of the lab named *lab* as plain data, with its ``id``: the same for what is the same.

    *spec* is the digest of the spec, *slices* ``{machine: digest}``, *parts* as for ``machines``.
    """
    plan = {"lab": lab, "spec": spec, "slices": slices, "machines": machines(parts, secrets)}
    return {"id": f"p{digest(plan)[:DIGITS]}", **plan}  # with a letter: Salt takes a word of digits for a number


def machines(parts, secrets=()):
    """
    Return ``{machine: {"changes", "facts", "problems", "world"}}`` of *parts*: each ``Planned``, ``Fact``, ``Problem``.

    ``world`` is the digest of the other three.  None of *secrets*, texts, is in it, and no private key.
    """
    found: dict = {}
    for part in parts:
        its = found.setdefault(part.machine, {"changes": [], "facts": {}, "problems": []})
        match _plain(part._asdict(), secrets):
            case {"why": why}:
                its["problems"].append(why)
            case {"name": name, "value": value}:
                its["facts"][name] = value
            case {"machine": _, **change}:
                its["changes"].append(change)
    return {machine: its | {"world": digest(its)} for machine, its in found.items()}


def digest(data):
    """Return a short text that is another one for other plain *data*."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]


def changes(plan):
    """Return ``[(machine, change)]`` of all changes of *plan*."""
    return [(machine, one) for machine, its in plan["machines"].items() for one in its["changes"]]


def problems(plan):
    """Return ``[(machine, why)]`` of all problems of *plan*."""
    return [(machine, why) for machine, its in plan["machines"].items() for why in its["problems"]]


def _plain(data, secrets):
    """Return *data* as it is read from JSON, with *secrets* hidden wherever a text has one."""
    if isinstance(data, dict):
        return {str(_plain(key, secrets)): _plain(part, secrets) for key, part in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(part, secrets) for part in data]
    if data is None or isinstance(data, (bool, int, float)):
        return data
    text = KEY.sub(HIDDEN, str(data))
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
