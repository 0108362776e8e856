"""What can be judged of a spec that has mistakes.  Pure."""

from saltext.lab.errors import BadWish
from saltext.lab.mistake import named
from saltext.lab.schema import parse
from saltext.lab.schema_told import documented
from saltext.lab.spec.model import Lab

#: Parts whose entries stand for themselves: without one, the others are a lab still.
PARTS = {name for name, info in Lab.model_fields.items() if str(info.annotation).startswith("dict[")}

#: Parts without which the others could not be judged.
NEEDED = {"netboot", *(name for name, info in Lab.model_fields.items() if info.is_required())}


def filled(spec, mistakes):
    """
    Return the ``Lab`` that *spec* is with examples in place of what *mistakes* are in; a lab of nothing if that fails.

    It says what the entries with mistakes refer to otherwise.
    """
    data = _copy(spec)
    for path in sorted({mistake.path for mistake in mistakes}, key=_last_first):
        _fill(data, path)
    try:
        return parse(Lab, data, "lab")
    except BadWish as err:
        return sound(data, err.mistakes) or parse(Lab, EMPTY, "lab")


def sound(spec, mistakes, dangling=lambda lab: []):
    """Return what is left of *spec* as a ``Lab`` without the entries with *mistakes*, and those that refer to them."""
    left = spec
    while mistakes:
        before, left = left, _without(left, [mistake.path for mistake in mistakes])
        if left is None or left == before:
            return None
        try:
            lab = parse(Lab, left, "lab")
        except BadWish as err:
            mistakes = err.mistakes
            continue
        if not (mistakes := dangling(lab)):
            return lab
    return None


def _without(spec, paths):
    """Return *spec* without the entries that *paths* lead to, or None where a lab cannot be without one."""
    if not isinstance(spec, dict) or not all(paths):
        return None
    left = {key: dict(part) if isinstance(part, dict) else part for key, part in spec.items()}
    for path in paths:
        part, name = path[1] if len(path) > 1 else None, path[2] if len(path) > 2 else None
        if part in PARTS and name is not None:
            left[part] = {key: entry for key, entry in left.get(part, {}).items() if named(key) != name}
        elif part in NEEDED:
            return None
        else:
            left = {key: entry for key, entry in left.items() if named(key) != part}
    return left


def _fill(data, path):
    """Put an example into *data* at *path*, or take out what is there, where nobody knows one."""
    if len(path) < 2:
        return
    *above, last = path[1:]
    for part in above:
        data = _at(data, part)
    known, value = documented(Lab, path[1:])
    if isinstance(data, dict):
        for key in [key for key in data if named(key) == last]:
            del data[key]
        if known:
            data[last] = _copy(value)
    elif (number := _number(data, last)) is not None:
        del data[number]


def _at(data, part):
    if isinstance(data, dict):
        return next((value for key, value in data.items() if named(key) == part), None)
    return None if (number := _number(data, part)) is None else data[number]


def _number(data, part):
    """Return the number *part* if the list *data* has as many entries, else None."""
    number = int(part) if isinstance(data, list) and part.isascii() and part.isdigit() and len(part) < 9 else None
    return number if number is not None and number < len(data) else None


def _last_first(path):
    """Sort numbers of a list from its end, that those before them stay."""
    return [-int(part) if part.isascii() and part.isdigit() and len(part) < 9 else 0 for part in path]


def _copy(value):
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value


EMPTY = {
    **{"name": "x", "domain": "x", "masters": {"physical": "x", "virtual": "x"}},
    **{"networks": {"x": {"subnet": "10.0.0.0/24"}}, "hosts": {"x": {"mac": "52:54:00:00:00:01", "address": "x+1"}}},
}
