"""
One description per thing, three uses: check a wish, document it, give it an example.

The description is a pydantic model.  A wish that fits comes back as the merge patch
that it is: what nobody stated stays unstated (``exclude_unset``).
"""

import difflib
import typing
from functools import cache

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from saltext.lab.errors import BadWish
from saltext.lab.schema_path import bare, inside, is_tag

QUOTE = "'"


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
        mistakes = [_mistake(kind, at, one) for one in err.errors(include_url=False)]
        raise BadWish(f"{len(mistakes)} mistake(s) in {at}", "; ".join(mistakes), "correct the pillar") from err


def example(kind):
    """Return a wish for a *kind* that passes ``check``; the docs and the tests use it."""
    return {name: info.examples[0] for name, info in kind.model_fields.items()}


def nearest(word, words):
    """Return `` (did you mean …?)`` for the one of *words* nearest to *word*, or an empty string."""
    near = difflib.get_close_matches(str(word), [str(one) for one in words], n=1)
    return f" (did you mean {near[0]}?)" if near else ""


@cache
def _adapter(kind):
    return TypeAdapter(kind)


def _mistake(kind, at, error):
    path = ":".join(str(part) for part in (at, *_stated(kind, error["loc"])))
    if error["type"] == "union_tag_not_found":
        return f"{path}:{error['ctx']['discriminator'].strip(QUOTE)} is missing"
    if error["type"] == "union_tag_invalid":
        return _no_such_tag(path, **error["ctx"])
    if error["type"] == "extra_forbidden":
        return f"{path} is unknown{_alternatives(kind, error['loc'])}"
    if error["type"] == "missing":
        return f"{path} is missing"
    why = str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"]
    shown = "" if _secret(kind, error["loc"]) else _shown(error["input"])
    return f"{path}{shown}: {why[:1].lower()}{why[1:]}"


def _no_such_tag(path, discriminator, tag, expected_tags):
    tags = [one.strip(QUOTE) for one in expected_tags.split(", ")]
    near = nearest(tag, tags)
    return f"{path}:{discriminator.strip(QUOTE)} is {str(tag)[:60]!r}{near}; there are {', '.join(tags)}"


def _stated(kind, loc):
    """Yield the parts of *loc* that a person wrote: neither marks of keys, nor which of several models was meant."""
    for part in loc:
        tag, kind = is_tag(kind, part), inside(kind, part)
        if part != "[key]" and not tag:
            yield part


def _shown(value):
    """Return the wrong value where that helps; a whole mapping would not, and may hold what is secret."""
    return (
        ""
        if isinstance(value, dict | list)
        else f" is {str(value)[:60]!r}"
        if isinstance(value, str)
        else f" is {value!r}"
    )


def _secret(kind, loc):
    """Return whether *loc* leads to a ``hidden`` model, or into one."""
    for part in loc:
        if getattr(bare(kind), "hidden", False):
            return True
        kind = inside(kind, part)
    return bool(getattr(bare(kind), "hidden", False))


def _alternatives(kind, loc):
    for part in loc[:-1]:
        kind = inside(kind, part)
    names = [info.alias or name for name, info in bare(kind).model_fields.items()]
    return f"{nearest(loc[-1], names)}; there are {', '.join(names)}"
