"""Where in the files of a spec a pillar path stands.  Pure."""

from functools import cached_property
from typing import NamedTuple

import yaml

from saltext.lab.spec import nodes
from saltext.lab.spec.lines import source_line

ENDS = (".sls", "/init.sls")


class File(NamedTuple):
    """An SLS, as it was read and as it was when it became YAML."""

    name: str  #: such as pillar/demo.sls
    raw: str
    text: str | None = None  #: None where the file is no YAML, such as one in Python


class Spec(dict):
    """A spec that knows the files it came from, the one that states what others say too first."""

    files: tuple[File, ...] = ()

    @classmethod
    def of(cls, data, files):
        """Return *data* as a ``Spec`` of *files*; as it is, if it is no dict."""
        if not isinstance(data, dict):
            return data
        spec = cls(data)
        spec.files = tuple(files)
        return spec


class Places:
    """The places in *files*; these are read as YAML when somebody asks for the first one."""

    def __init__(self, files):
        self._files = tuple(files)

    def located(self, mistakes):
        """Return *mistakes* with file and line, where these can be known."""
        return [self._located(mistake) for mistake in mistakes]

    def written(self, path, value):
        """Return whether *value* stands at *path* in a file as it is: not encrypted, nor made by a template."""
        first = value.strip().partition("\n")[0].strip()
        if not any(first in file.raw for file in self._files):
            return False
        return any(tree.has(path, value) and first in tree.file.raw for tree in self._trees)

    def _located(self, mistake):
        if mistake.file or not self._trees:
            return mistake
        best = max(self._trees, key=lambda tree: tree.depth(mistake.path))
        if not best.depth(mistake.path):
            return mistake._replace(file=best.file.name) if len(self._trees) == 1 else mistake
        return mistake._replace(file=best.file.name, line=best.line(mistake.path))

    @cached_property
    def _trees(self):
        trees = [_Tree(file) for file in self._files]
        keys = {name: how.get("key") for tree in trees for name, how in tree.includes() if isinstance(how, dict)}
        for tree in trees:
            tree.under = _under(tree.file, keys)
        return trees


class _Tree:
    def __init__(self, file):
        self.file, self.under = file, ()  # the key that what it holds was included under
        self._root, self._raw, self._text = (
            nodes.composed(file.text),
            file.raw.splitlines(),
            (file.text or "").splitlines(),
        )

    def includes(self):
        """Return ``[(SLS, how)]`` of what is included with more than a name."""
        node, depth, _ = nodes.deepest(self._root, ("include",))
        entries = nodes.value(node) if depth and isinstance(node, yaml.SequenceNode) else None
        return [item for entry in entries or () if isinstance(entry, dict) for item in entry.items()]

    def depth(self, path):
        """Return how many parts of *path* lead somewhere here."""
        found = nodes.deepest(self._root, self._below(path))[1]
        return found and found + len(self.under)

    def has(self, path, value):
        """Return whether the text *value* is at *path*."""
        node, depth, _ = nodes.deepest(self._root, self._below(path))
        return (
            depth and depth + len(self.under) == len(path) and isinstance(node, yaml.ScalarNode) and node.value == value
        )

    def line(self, path):
        """Return the line of the file, from 1, where what is here of *path* begins; None if nobody can tell."""
        _, _, line = nodes.deepest(self._root, self._below(path))
        found = None if line is None else source_line(self._raw, self._text, line)
        return None if found is None else found + 1

    def _below(self, path):
        return path[len(self.under) :] if path[: len(self.under)] == self.under else ()


def _under(file, keys):
    """Return the key that *file* was included under: ``include: [{other: {key: lab}}]``."""
    for name, key in keys.items():
        if key and file.name.endswith(tuple(f"/{str(name).lstrip('.').replace('.', '/')}{end}" for end in ENDS)):
            return tuple(str(key).split(":"))
    return ()
