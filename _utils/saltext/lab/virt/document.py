"""XML of pools, volumes and networks as plain data and back, by the tables of each.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from saltext.lab.virt import element
from saltext.lab.virt.element import Map


@dataclass(frozen=True)
class Group:
    """Fields that a wish has under one key, wherever they are in the XML."""

    table: Mapping[str, Any]

    def get(self, root):
        """Return ``{field: value}`` of what is there, None if nothing is."""
        return element.load(root, self.table) or None

    def set(self, root, value):
        """Take all of them away for None; for anything else the fields come by themselves."""
        if value is None:
            for key in reversed(list(self.table)):
                self.table[key].set(root, None)


@dataclass(frozen=True)
class Texts:
    """A list of elements of one tag, each a text; *get* and *set* of one are given."""

    parent: str
    tag: str
    load: Any  #: element -> text
    dump: Any  #: text -> attributes
    having: str = ""  #: attribute without which one is something else: a host that is a socket has no name

    def get(self, root):
        """Return the list, None if there is none."""
        nodes = root.iterfind(f"{self.parent}/{self.tag}" + (f"[@{self.having}]" if self.having else ""))
        return [self.load(node) for node in nodes] or None

    def set(self, root, value):
        """Put the texts of *value* there in place of all that were."""
        element.remove(root, f"{self.parent}/{self.tag}")
        for text in value or ():
            ET.SubElement(element.make(root, self.parent), self.tag, self.dump(text))


def read(text, table):
    """Return the XML *text* as a dict with the keys of *table*; what is not there is left out."""
    return element.load(ET.fromstring(text), table)


def write(text, table, changes):
    """Return the XML *text* after *changes*, whose paths start inside it; what *table* does not name stays."""
    root = ET.fromstring(text)
    for path, _, new, _ in changes:
        if path and path[0] in table:
            put(root, table, path, new)
    return ET.tostring(root, encoding="unicode")


def put(root, table, path, new):
    """Write *new*, what a wish has at *path*, into element *root*, which *table* describes."""
    entry, rest = table[path[0]], path[1:]
    if isinstance(entry, Group) and rest:
        put(root, entry.table, rest, new)
    elif isinstance(entry, Map):
        _put_item(root, entry, rest, new)
    else:
        entry.set(root, new)


def _put_item(root, entry, rest, new):
    if not rest:
        for key in entry.get(root) if new is None else ():
            entry.drop(root, key)
    elif len(rest) > 1:
        put(entry.find(root, rest[0]), entry.table, rest[1:], new)
    elif new is None:
        entry.drop(root, rest[0])
    else:
        entry.find(root, rest[0])
