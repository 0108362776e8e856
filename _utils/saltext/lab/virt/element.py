"""
How one value sits in XML.

Each kind has ``get(root)``, which returns the value or None, and ``set(root, value)``, which touches nothing but that
value.  One entry serves both ways, so reading and writing cannot disagree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET


@dataclass(frozen=True)
class Value:
    """A text or an attribute; None removes the element that holds it."""

    path: str
    attr: str | None = None  #: None: the text of the element
    load: Callable[[str], Any] = str
    dump: Callable[[Any], str] = str
    #: attributes of elements that set has to make, by tag
    new: Mapping[str, dict[str, str]] = field(default_factory=dict)
    gone: str = ""  #: what None removes, if that is not the element: another one, or path/@attribute
    clear: str = ""  #: what would contradict a new value: an element, path/@attribute or path/text()
    unless: str = ""  #: an element beside which the value does not mean what it says

    def get(self, root):
        """Return what is at the path, or None."""
        node = root.find(self.path)
        if node is None or (self.unless and root.find(self.unless) is not None):
            return None
        text = node.get(self.attr) if self.attr else node.text
        return None if text is None else self.load(text)

    def set(self, root, value):
        """Write *value*; for None, remove the element and what is empty then above it."""
        if value is None:
            _clear(root, self.gone or self.path)
        else:
            self._put(root, self.dump(value))

    def _put(self, root, text):
        if self.clear:
            _clear(root, self.clear)
        node = make(root, self.path, self.new)
        if self.attr:
            node.set(self.attr, text)
        else:
            node.text = text


@dataclass(frozen=True)
class Switch:
    """A device that is there or not; *on* and *off* are its XML, empty for no element."""

    path: str
    on: str
    off: str = ""

    def get(self, root):
        """Return whether the device is there."""
        node = root.find(self.path)
        off = ET.fromstring(self.off).attrib if self.off else None
        return node is not None and (off is None or not off.items() <= node.attrib.items())

    def set(self, root, value):
        """Put the device there, or what stands for its absence, in the place of all that were there."""
        remove(root, self.path)
        if text := self.on if value else self.off:
            make(root, self.path.rpartition("/")[0]).append(ET.fromstring(text))


@dataclass(frozen=True)
class Map:
    """Elements of one tag, told apart by a key; each is read and written by a table of its own."""

    parent: str
    tag: str
    key: Any  #: what tells one from the other, such as a Value
    table: Mapping[str, Any]
    new: Mapping[str, dict[str, str]] = field(default_factory=dict)  #: as in Value

    def get(self, root):
        """Return ``{key: {...}}`` of all elements; of those with the same key the first one counts, as in *find*."""
        found: dict[str, Any] = {}
        for node in root.iterfind(f"{self.parent}/{self.tag}"):
            if (key := self.key.get(node)) and key not in found:
                found[key] = load(node, self.table)
        return found

    def find(self, root, key):
        """Return the element of *key*, made if need be."""
        for node in root.iterfind(f"{self.parent}/{self.tag}"):
            if self.key.get(node) == key:
                return node
        node = ET.SubElement(make(root, self.parent, self.new), self.tag, self.new.get(self.tag, {}))
        self.key.set(node, key)
        return node

    def drop(self, root, key):
        """Remove the element of *key*."""
        make(root, self.parent, self.new).remove(self.find(root, key))


def load(root, table):
    """Return ``{key: value}`` of what *root* has, by *table*."""
    found = {key: entry.get(root) for key, entry in table.items()}
    return {key: value for key, value in found.items() if value is not None}


def make(root, path, new=None):
    """Return the element at *path*; what is missing on the way is made with the attributes in *new*."""
    node = root
    for step in filter(None, path.split("/")):
        found = node.find(step)
        tag = step.partition("[")[0]
        node = ET.SubElement(node, tag, (new or {}).get(tag, {})) if found is None else found
    return node


def remove(root, path):
    """Remove every element at *path*, and what is empty then above it."""
    above, _, last = path.rpartition("/")
    parent = root.find(above) if above else root
    if parent is not None:
        for node in parent.findall(last):
            parent.remove(node)
        prune(root, above)


def prune(root, path):
    """Remove the element at *path*, and those above it, as far as they say nothing."""
    while path:
        node, above = root.find(path), path.rpartition("/")[0]
        if node is None or len(node) or node.keys() or (node.text or "").strip():
            return
        (root.find(above) if above else root).remove(node)
        path = above


def _clear(root, what):
    path, _, last = what.rpartition("/")
    node = root.find(path or ".")
    if node is None:
        return
    if last.startswith("@"):
        node.attrib.pop(last[1:], None)
        prune(root, path if path != "." else "")
    elif last == "text()":
        node.text = None
    else:
        remove(root, what)
