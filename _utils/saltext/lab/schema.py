"""
One description per thing, three uses: check a wish, document it, give it an example.

The description is a pydantic model.  A wish that fits comes back as the merge patch
that it is: what nobody stated stays unstated (``exclude_unset``).
"""

import typing
from functools import cache

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from saltext.lab.mistake import bad
from saltext.lab.schema_told import nearest, told

__all__ = ["Model", "check", "example", "field", "nearest", "parse"]


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
        raise bad(told(kind, data, at, err.errors(include_url=False)), at) from err


def example(kind):
    """Return a wish for a *kind* that passes ``check``; the docs and the tests use it."""
    return {name: info.examples[0] for name, info in kind.model_fields.items()}


@cache
def _adapter(kind):
    return TypeAdapter(kind)
