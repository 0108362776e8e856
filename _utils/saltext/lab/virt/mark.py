"""Our mark in a domain's metadata, and what we keep in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from saltext.lab.virt import element, overlay

#: What has this element in its metadata was made or taken over by this suite.
SPACE = "https://saltext-lab/domain/1"
MARK = f"{{{SPACE}}}domain"
OVERLAY = f"{{{SPACE}}}overlay"


class Mark:
    """Our mark; it is there or not."""

    def get(self, root):
        """Return whether it is there."""
        return find(root) is not None

    def set(self, root, value):
        """Put it there, or take it away with all that it holds."""
        if value:
            make(root)
        elif (node := find(root)) is not None:
            root.find("metadata").remove(node)


@dataclass(frozen=True)
class Note:
    """One thing that the mark says."""

    attr: str
    load: Callable[[str], Any] = str

    def get(self, root):
        """Return it, or None."""
        node = find(root)
        return None if node is None or self.attr not in node.attrib else self.load(node.get(self.attr))

    def set(self, root, value):
        """Write it, or take it away."""
        if value is not None:
            make(root).set(self.attr, str(value))
        elif (node := find(root)) is not None:
            node.attrib.pop(self.attr, None)


class Overlay:
    """XML that was merged in; the mark keeps its text, to see whether it still holds and to take it out again."""

    def get(self, root):
        """Return its text if all that it says is there, else None."""
        text = self._text(root)
        return text if text and overlay.holds(root, ET.fromstring(text)) else None

    def set(self, root, value):
        """Take out the one before, and merge in *value*."""
        if text := self._text(root):
            overlay.subtract(root, ET.fromstring(text))
            node = find(root)
            node.remove(node.find(OVERLAY))
        if value is not None:
            ET.SubElement(make(root), OVERLAY).text = value
            overlay.merge(root, ET.fromstring(value))

    def _text(self, root):
        node = find(root)
        return None if node is None else node.findtext(OVERLAY)


def find(root):
    """Return the mark, or None."""
    return root.find(f"metadata/{MARK}")


def make(root):
    """Return the mark, made if need be."""
    node = find(root)
    return ET.SubElement(element.make(root, "metadata"), MARK) if node is None else node
