"""What a highstate would apply, as one short text: another one when the slice or a formula has changed."""

import hashlib
import json
from pathlib import Path


def digests(parts, trees):
    """Return ``{minion: digest}`` of *parts*, ``{minion: slice}``, and every file below *trees*."""
    tree = hashlib.sha256()
    for path in sorted(path for tree in trees for path in Path(tree).rglob("*.*") if path.is_file()):
        tree.update(f"{path.name}\0".encode() + path.read_bytes())
    return {minion: _digest(part, tree.digest()) for minion, part in parts.items()}


def _digest(part, tree):
    return hashlib.sha256(json.dumps(part, sort_keys=True, default=str).encode() + tree).hexdigest()[:16]
