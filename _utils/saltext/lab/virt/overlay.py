"""
An overlay: XML of a domain that a person states beside the model, merged in by element.

An element of it that can be there once is merged into the one that is there.  One that can be there many times is
there when some element holds all that it says, and is added if none does.  So merging twice is merging once, and
what an older overlay put there can be found again and taken out.
"""

from copy import deepcopy

#: What holds elements that can be there many times.
MANY = {
    "devices",
    "commandline",
    "capabilities",
    "override",
    "sysinfo",
    "oemStrings",
    "cputune",
    "numatune",
    "iothreadids",
}


def holds(node, part):
    """Return whether *node* says all that *part* says."""
    return (
        node.tag == part.tag
        and part.attrib.items() <= node.attrib.items()
        and (part.text or "").strip() in ("", (node.text or "").strip())
        and all(any(holds(child, wanted) for child in node) for wanted in part)
    )


def merge(node, part):
    """Make *node* say all that *part* says."""
    node.attrib.update(part.attrib)
    if (part.text or "").strip():
        node.text = part.text
    for wanted in part:
        if any(holds(child, wanted) for child in node):
            continue
        there = None if _local(node) in MANY else node.find(wanted.tag)
        if there is None:
            node.append(deepcopy(wanted))
        else:
            merge(there, wanted)


def subtract(node, part):
    """Take out of *node* what *part* put there; an element that says nothing then goes."""
    for key in part.attrib:
        node.attrib.pop(key, None)
    if (part.text or "").strip():
        node.text = None
    for wanted in part:
        there = next((child for child in node if holds(child, wanted)), None)
        if there is None:
            continue
        if _local(node) in MANY:
            node.remove(there)
            continue
        subtract(there, wanted)
        if not len(there) and not there.attrib and not (there.text or "").strip():
            node.remove(there)


def _local(node):
    return node.tag.rpartition("}")[2]
