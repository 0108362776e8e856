"""
One description per thing, three uses: check a wish, document it, give it an example.

The description is a pydantic model.  A wish that fits comes back as the merge patch
that it is: what nobody stated stays unstated (``exclude_unset``).
"""

import difflib
import types
import typing
from functools import cache

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from saltext.lab.mistake import Mistake, bad, plain, short


class Model(BaseModel):
    """Base of all models: nothing is guessed, nothing is dropped."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    hidden: typing.ClassVar[bool] = False  #: no value in it is in a message


def field(doc, example, unit="", default=None, **limits):
    """
    Return a documented field.

    *default* is ``...`` for one that has to be stated; *limits* are pydantic's
    (``ge``, ``le``, ``pattern``, ``alias``, …).
    """
    extra = {"unit": unit} if unit else None
    return Field(default, description=doc, examples=[example], json_schema_extra=extra, **limits)


def check(kind, data, at):
    """
    Return *data* as the merge patch it states, if it describes a *kind*.

    *kind* is a ``Model`` or a type made of them such as ``dict[str, Bridge]``; *at* is
    the pillar path of *data*.  Raises ``BadWish`` with every mistake, each with its path
    and what would be right.
    """
    return _adapter(kind).dump_python(parse(kind, data, at), exclude_unset=True, by_alias=True)


def parse(kind, data, at):
    """Return *data* as an instance of *kind*, defaults filled in; raises as ``check`` does."""
    try:
        return _adapter(kind).validate_python(data)
    except ValidationError as err:
        raise bad([_mistake(kind, at, one) for one in err.errors(include_url=False)], at) from err


def example(kind):
    """Return a wish for a *kind* that passes ``check``; the docs and the tests use it."""
    return {name: info.examples[0] for name, info in kind.model_fields.items()}


def documented(kind, path):
    """Return whether *path* leads to a field below *kind*, and the example of that field."""
    for depth, part in enumerate(path):
        kind = _bare(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            info = next((info for name, info in kind.model_fields.items() if part in (name, info.alias)), None)
            if info is None or depth == len(path) - 1:
                return (False, None) if info is None else (True, next(iter(info.examples or ())))
            kind = info.annotation
        elif not (inner := typing.get_args(kind)):
            return False, None
        else:
            kind = inner[-1]
    return False, None


def nearest(word, words):
    """Return `` (did you mean …?)`` for the one of *words* nearest to *word*, or an empty string."""
    near = difflib.get_close_matches(str(word), [str(one) for one in words], n=1)
    return f" (did you mean {near[0]}?)" if near else ""


@cache
def _adapter(kind):
    return TypeAdapter(kind)


def _mistake(kind, at, error):
    path = (*at.split(":"), *(str(part) for part in error["loc"] if part != "[key]"))
    if error["type"] == "extra_forbidden":
        return Mistake(path, f" is unknown{_alternatives(kind, error['loc'])}")
    if error["type"] == "missing":
        return Mistake(path, f" is missing: state it, such as {short(documented(kind, error['loc'])[1])}")
    why = str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"]
    hidden = _secret(kind, error["loc"]) or isinstance(error["input"], dict | list)
    shown = "" if hidden else f" is {short(error['input'])}"
    return Mistake(path, f"{shown}: {why[:1].lower()}{why[1:]}", None if hidden else plain(error["input"]))


def _secret(kind, loc):
    """Return whether *loc* leads to a ``hidden`` model, or into one."""
    for part in loc:
        kind = _bare(kind)
        if getattr(kind, "hidden", False):
            return True
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if (info := kind.model_fields.get(part)) is None:
                return False
            kind = info.annotation
        elif typing.get_args(kind):
            kind = typing.get_args(kind)[-1]
    return bool(getattr(_bare(kind), "hidden", False))


def _alternatives(kind, loc):
    for part in loc[:-1]:
        kind = _inside(kind, part)
    names = [info.alias or name for name, info in _bare(kind).model_fields.items()]
    return f"{nearest(loc[-1], names)}; there are {', '.join(names)}"


def _inside(kind, part):
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return next(info.annotation for name, info in kind.model_fields.items() if part in (name, info.alias))
    return typing.get_args(kind)[-1]


def _bare(kind):
    """Return *kind* without ``| None`` and ``Annotated``."""
    while True:
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            kind = inner[0]
        elif origin in (types.UnionType, typing.Union):
            kind = next(part for part in inner if part is not type(None))
        else:
            return kind
