"""What a pillar path leads to in the text of an SLS, by the YAML nodes of it.  Pure."""

import yaml

from saltext.lab.mistake import named

MERGE = "tag:yaml.org,2002:merge"


def composed(text):
    """Return the root node of *text*, or None where that is no YAML."""
    try:
        return yaml.compose(text, yaml.SafeLoader) if text else None
    except (yaml.YAMLError, RecursionError):
        return None


def deepest(node, path):
    """Return the deepest node that *path* leads to from *node*, how many parts lead there, and the line of its key."""
    line = None
    for depth, part in enumerate(path):
        step = _step(node, part, [])
        if step is None:
            return node, depth, line
        node, line = step
    return node, len(path), line


def value(node):
    """Return what *node* stands for, or None where that is nothing that YAML knows."""
    try:
        return yaml.SafeLoader("").construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _step(node, part, seen):
    """Return the node below *node* that *part* names, and its line; what is merged (``<<``) comes last, as in YAML."""
    if isinstance(node, yaml.SequenceNode) and _number(part) < len(node.value):
        return node.value[_number(part)], node.value[_number(part)].start_mark.line
    if not isinstance(node, yaml.MappingNode) or node in seen:
        return None
    own = [(key, below) for key, below in node.value if key.tag != MERGE]
    for key, below in reversed(own):
        if named(value(key)) == part:  # `yes` is True in a path, as YAML has it
            return below, key.start_mark.line
    for merged in (one for key, below in node.value if key.tag == MERGE for one in _several(below)):
        if step := _step(merged, part, [*seen, node]):
            return step
    return None


def _several(node):
    return node.value if isinstance(node, yaml.SequenceNode) else [node]


def _number(part):
    """Return *part* as a place in a list; beyond any list, if it is none."""
    return int(part) if part.isascii() and part.isdigit() and len(part) < 9 else 10**9
