"""
An overlay: XML of a domain that a person states beside the model, merged in by element.

An element of it that can be there once is merged into the one that is there.  One that can be there many times is
there when some element holds all that it says, and is added if none does.  So merging twice is merging once, and
what an older overlay put there can be found again and taken out.

A device that says its type is one more.  One that does not adds to the device of the same MAC, or of the same target.
"""

from copy import deepcopy

from saltext.lab.errors import Refused

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
#: What tells a device from the others of its kind.
NAMES = {"interface": ("mac", "address"), "disk": ("target", "dev"), "filesystem": ("target", "dir")}


def holds(node, part):
    """Return whether *node* says all that *part* says."""
    return (
        node.tag == part.tag
        and part.attrib.items() <= node.attrib.items()
        and (part.text or "").strip() in ("", (node.text or "").strip())
        and all(any(holds(child, wanted) for child in node) for wanted in part)
    )


def merge(node, part):
    """Make *node* say all that *part* says.  Raises ``Refused`` for what adds to a device that is not there."""
    node.attrib.update(part.attrib)
    if (part.text or "").strip():
        node.text = part.text
    for wanted in part:
        if any(holds(child, wanted) for child in node):
            continue
        there = _added_to(node, wanted) if _local(node) in MANY else node.find(wanted.tag)
        if there is None and _name(wanted) and not wanted.get("type"):
            fix = "state its type for one more device"
            raise Refused(f"the overlay adds to {wanted.tag} {_name(wanted)}", "the domain has none", fix)
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
        if _local(node) in MANY and there is not _added_to(node, wanted):
            node.remove(there)
            continue
        subtract(there, _unnamed(wanted))
        if not len(there) and not there.attrib and not (there.text or "").strip():
            node.remove(there)


def _added_to(node, wanted):
    """Return the device in *node* that *wanted* adds to, or None."""
    if wanted.get("type") or not _name(wanted):
        return None
    return next((child for child in node if child.tag == wanted.tag and _name(child) == _name(wanted)), None)


def _name(device):
    child, key = NAMES.get(device.tag, ("", ""))
    return device.find(child).get(key) if child and device.find(child) is not None else None


def _unnamed(device):
    """Return *device* without what names it, which is not the overlay's."""
    rest = deepcopy(device)
    if _name(rest):
        child, key = NAMES[rest.tag]
        rest.find(child).attrib.pop(key)
    return rest


def _local(node):
    return node.tag.rpartition("}")[2]
