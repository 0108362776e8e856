"""What of something that is there fits a model.  Pure."""

from collections.abc import Mapping
from functools import cache

from pydantic import TypeAdapter, ValidationError


def fitting(kind, data, whole=()):
    """
    Return *data* without what does not fit *kind*, and ``[(path, why)]`` of what was left out.

    Where it does not fit as a whole, no part of it is told: the keys *whole* are left out then, one by one.
    """
    lost, whole = [], [key for key in whole if key in data]
    while errors := _errors(kind, data):
        wrong = {_there(data, error["loc"]): _why(error) for error in errors}  # each once: a list has many mistakes
        for path, why in wrong.items():
            if not path and not whole:
                return {}, [((), why)]
            gone = path or (whole.pop(0),)
            data = _without(data, gone)
            lost.append((gone, why))
    return data, lost


def _errors(kind, data):
    try:
        _adapter(kind).validate_python(data)
    except ValidationError as err:
        return err.errors(include_url=False)
    return []


@cache
def _adapter(kind):
    return TypeAdapter(kind)


def _why(error):
    shown = "" if isinstance(error["input"], Mapping | list) else f"{error['input']}: "
    return f"{shown}{error['msg'][:1].lower()}{error['msg'][1:]}"


def _there(data, loc):
    """Return as much of *loc* as is there in *data*; what stands in a list goes with the list."""
    path: tuple = ()
    for part in loc:
        if not isinstance(data, Mapping) or part not in data:
            break
        path, data = (*path, part), data[part]
    return path


def _without(data, path):
    key, *rest = path
    if rest and isinstance(data.get(key), Mapping):
        return data | {key: _without(data[key], rest)}
    return {one: part for one, part in data.items() if one != key}


def fits(kind, value):
    """Return whether *value* is a *kind*."""
    return not _errors(kind, value)
