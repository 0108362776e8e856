"""Where in the files of a spec a pillar path stands.  Pure."""

from typing import NamedTuple

import yaml

from saltext.lab.mistake import named

ENDS = (".sls", "/init.sls")
MERGE = "tag:yaml.org,2002:merge"


class File(NamedTuple):
    """An SLS, as it was read and as it was when it became YAML."""

    name: str  #: such as pillar/demo.sls
    raw: str
    text: str | None = None  #: None where the file is no YAML, such as one in Python
    under: tuple[str, ...] = ()  #: the key that what it holds was included under


class Spec(dict):
    """A spec that knows the files it came from, the one that states what others say too first."""

    files: tuple[File, ...] = ()

    @classmethod
    def of(cls, data, files):
        """Return *data* as a ``Spec`` of *files*; as it is, if it is no dict."""
        if not isinstance(data, dict):
            return data
        spec = cls(data)
        spec.files = included(files)
        return spec


def included(files):
    """Return *files* with the key that each was included under: ``include: [{other: {key: lab}}]``."""
    keys = {name: how.get("key") for file in files for name, how in _includes(file) if isinstance(how, dict)}
    return tuple(file._replace(under=_under(file, keys)) for file in files)


def _includes(file):
    step = _step(_composed(file), "include", [])
    entries = _value(step[0]) if step else None
    return [item for entry in entries or () if isinstance(entry, dict) for item in entry.items()]


def _under(file, keys):
    for name, key in keys.items():
        if key and file.name.endswith(tuple(f"/{str(name).lstrip('.').replace('.', '/')}{end}" for end in ENDS)):
            return tuple(str(key).split(":"))
    return ()


def located(mistakes, files):
    """Return *mistakes* with file and line, where these can be known."""
    trees = [(file, _composed(file)) for file in files]
    return [_located(mistake, trees) for mistake in mistakes]


def written(path, value, files):
    """Return whether *value* stands at *path* in one of *files* as it is: neither encrypted nor made by a template."""
    return any(_written(path, value, file, _composed(file)) for file in files)


def _written(path, value, file, root):
    node, depth, _ = _deepest(root, path[len(file.under) :])
    same = isinstance(node, yaml.ScalarNode) and node.value == value and depth == len(path) - len(file.under)
    return same and value.strip().splitlines()[0] in file.raw


def source_line(raw, text, number):
    """
    Return which line of *raw* line *number* of *text*, made of it by a template, is; None where nobody can tell.

    It is the one that reads the same and is joined by lines that all read the same to one that *raw* has only once,
    or to the first line of both; or the one line between two such.  Both are lists of lines; lines count from 0.
    """
    if (same := _same_line(raw, text, number)) is not None or not 0 < number < len(text) - 1:
        return same
    above, below = _same_line(raw, text, number - 1), _same_line(raw, text, number + 1)
    return above + 1 if above is not None and below == above + 2 else None


def _same_line(raw, text, number):
    for step in (-1, 1):
        at = number
        while 0 <= at < len(text) and not (text[at].strip() and raw.count(text[at]) == 1):
            at += step
        begin = raw.index(text[at]) - at if 0 <= at < len(text) else 0 if step < 0 else None
        first, last = max(min(at, number), 0), max(min(at, len(text) - 1), number)
        if begin is not None and raw[max(first + begin, 0) : last + begin + 1] == text[first : last + 1]:
            return number + begin
    return None


def _located(mistake, trees):
    if mistake.file:
        return mistake
    found = [(file, *_deepest(root, mistake.path[len(file.under) :])) for file, root in trees if _below(mistake, file)]
    if not found:
        return mistake._replace(file=trees[0][0].name) if len(trees) == 1 else mistake
    file, _, depth, line = max(found, key=lambda one: one[2] + len(one[0].under))
    if not depth:
        return mistake._replace(file=file.name) if len(trees) == 1 else mistake
    number = None if line is None else source_line(file.raw.splitlines(), file.text.splitlines(), line)
    return mistake._replace(file=file.name, line=None if number is None else number + 1)


def _below(mistake, file):
    return mistake.path[: len(file.under)] == file.under


def _composed(file):
    try:
        return yaml.compose(file.text, yaml.SafeLoader) if file.text else None
    except (yaml.YAMLError, RecursionError):
        return None


def _deepest(node, path):
    """Return the deepest node that *path* leads to from *node*, how many parts lead there, and the line of its key."""
    line = None
    for depth, part in enumerate(path):
        step = _step(node, part, [])
        if step is None:
            return node, depth, line
        node, line = step
    return node, len(path), line


def _step(node, part, seen):
    """Return the node below *node* that *part* names, and its line; what is merged (``<<``) comes last, as in YAML."""
    if isinstance(node, yaml.SequenceNode) and _number(part) < len(node.value):
        return node.value[int(part)], node.value[int(part)].start_mark.line
    if not isinstance(node, yaml.MappingNode) or node in seen:
        return None
    own = [(key, value) for key, value in node.value if key.tag != MERGE]
    for key, value in reversed(own):
        if _key(key) == part:
            return value, key.start_mark.line
    for merged in (one for key, value in node.value if key.tag == MERGE for one in _several(value)):
        if step := _step(merged, part, [*seen, node]):
            return step
    return None


def _several(node):
    return node.value if isinstance(node, yaml.SequenceNode) else [node]


def _key(node):
    """Return the key *node* as a part of a path: ``yes`` is ``True`` there, as YAML has it."""
    return named(_value(node))


def _value(node):
    try:
        return yaml.SafeLoader("").construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _number(part):
    """Return *part* as a place in a list; beyond any list, if it is none."""
    return int(part) if part.isascii() and part.isdigit() and len(part) < 9 else 10**9
