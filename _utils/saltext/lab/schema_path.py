"""Where a path leads in a type that is made of models.  Pure."""

import types
import typing

from pydantic import BaseModel

UNIONS = (types.UnionType, typing.Union)


def inside(kind, part):
    """Return what *part* of a path leads to in *kind*; None where that has no parts of its own."""
    if is_tag(kind, part):
        return _tagged(kind)[part]
    kind = bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields.items()
        return next((info.annotation for name, info in fields if part in (name, info.alias)), None)
    return typing.get_args(kind)[-1] if typing.get_args(kind) else None


def is_tag(kind, part):
    """Return whether *part* of a path was written by nobody: it says which of several models was meant."""
    return part in _tagged(kind)


def _tagged(kind):
    """Return ``{tag: model}`` where *kind* is one of several models that a field of theirs tells apart."""
    if typing.get_origin(kind) is typing.Annotated:
        inner, *notes = typing.get_args(kind)
        if tag := next((note.discriminator for note in notes if getattr(note, "discriminator", None)), None):
            models = typing.get_args(inner)
            return {one: model for model in models for one in typing.get_args(model.model_fields[tag].annotation)}
    if typing.get_origin(kind) in UNIONS:
        return next((found for part in typing.get_args(kind) if (found := _tagged(part))), {})
    return {}


def bare(kind):
    """Return *kind* without ``| None`` and ``Annotated``."""
    while True:
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            kind = inner[0]
        elif origin in UNIONS:
            kind = next(part for part in inner if part is not type(None))
        else:
            return kind
