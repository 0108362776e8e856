"""What pydantic finds wrong, in our words: the path in the pillar, and what would be right.  Pure."""

import difflib
import json

from saltext.lab.mistake import Mistake, named, plain, short
from saltext.lab.schema_kind import bare, fields, inside, is_tag

QUOTE = "'"
#: Kinds of errors whose own words do not show what would be right.
VAGUE = ("string_pattern_mismatch", "string_type", "int_type", "dict_type", "list_type", "model_type", "value_error")


def told(kind, data, at, errors):
    """Return the mistakes that *errors*, pydantic's of *data* as a *kind*, tell of; *at* is the path of *data*."""
    found: dict = {}
    for error in errors:
        path = (*at.split(":"), *_stated(kind, data, error))
        head, why, wrong = _said(kind, error)
        found.setdefault((path, head), ([], wrong))[0].append(why)
    # What may be one thing or another has an error for each.
    return [
        Mistake(path, head + ", or ".join(dict.fromkeys(whys)), wrong) for (path, head), (whys, wrong) in found.items()
    ]


def nearest(word, words):
    """Return `` (did you mean …?)`` for the one of *words* nearest to *word*, or an empty string."""
    near = difflib.get_close_matches(str(word), [str(one) for one in words], n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def documented(kind, path):
    """Return whether *path* leads to a field below *kind*, and the example of that field."""
    for depth, part in enumerate(path):
        if depth == len(path) - 1 and part in fields(kind):
            return True, next(iter(fields(kind)[part].examples or ()))
        kind = inside(kind, part)
    return False, None


def _stated(kind, data, error):
    """Yield the parts of the path of *error* that a person wrote: no marks of keys, or of which model was meant."""
    for part in error["loc"]:
        tag, kind = is_tag(kind, part), inside(kind, part)
        known = {named(key): value for key, value in _items(data)}
        if not tag and part != "[key]" and (str(part) in known or (error["type"] == "missing")):
            yield str(part)
            data = known.get(str(part))
    if error["type"].startswith("union_tag"):
        yield error["ctx"]["discriminator"].strip(QUOTE)


def _items(data):
    return data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list | tuple) else ()


def _said(kind, error):
    """Return the head of what is said of *error*, what would be right, and the wrong value if it may be shown."""
    loc = error["loc"]
    if error["type"] == "extra_forbidden":
        return " is unknown", _alternatives(kind, loc), None
    if error["type"] in ("missing", "union_tag_not_found"):
        known, value = documented(kind, loc)
        return " is missing", f": state it{_such(known, value)}", None
    if error["type"] == "union_tag_invalid":
        tag, tags = str(error["ctx"]["tag"]), [one.strip(QUOTE) for one in error["ctx"]["expected_tags"].split(", ")]
        return f" is {short(tag)}", f"{nearest(tag, tags)}; there are {', '.join(tags)}", plain(tag)
    hidden = secret(kind, loc) or isinstance(error["input"], dict | list)
    shown = "" if hidden else f" is {short(error['input'])}"
    return f"{shown}: ", _why(kind, error), None if hidden else plain(error["input"])


def _why(kind, error):
    why = str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"].partition(" or instance of")[0]
    known, value = documented(kind, error["loc"])
    if error["loc"] and error["loc"][-1] == "[key]":
        known, value = documented(kind, error["loc"][:-2])
        known, value = (True, next(iter(value))) if known and isinstance(value, dict) and value else (False, None)
    return f"{why[:1].lower()}{why[1:]}{_such(known and error['type'] in VAGUE, value)}"


def _such(known, value):
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else short(value)
    return f", such as {shown}" if known else ""


def secret(kind, loc):
    """Return whether *loc* leads to a ``hidden`` model, or into one."""
    for part in loc:
        if getattr(bare(kind), "hidden", False):
            return True
        kind = inside(kind, part)
    return bool(getattr(bare(kind), "hidden", False))


def _alternatives(kind, loc):
    for part in loc[:-1]:
        kind = inside(kind, part)
    return f"{nearest(loc[-1], fields(kind))}; there are {', '.join(fields(kind))}"
