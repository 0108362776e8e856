"""The suite's code that a minion has been synced, and that its master would sync: compared by a digest."""

import hashlib
from pathlib import Path

KINDS = ("modules", "states", "utils")  #: what the states of a host are made of
SUFFIXES = (".py", ".pyx", ".so", ".zip")  #: what Salt syncs (3008, utils/extmods.py)


def of_minion(home):
    """Return the digest of what was synced into *home*, the ``extension_modules`` of a minion."""
    return _digest([{kind: Path(home, kind) for kind in KINDS}])


def of_master(roots):
    """Return the digest of what there is to sync in *roots*, file roots of a master; the first that has a file wins."""
    return _digest([{kind: Path(root, f"_{kind}") for kind in KINDS} for root in reversed(roots)])


def _digest(trees):
    found: dict[str, Path] = {}
    for tree in trees:
        for kind, top in tree.items():
            files = [path for path in top.rglob("*") if path.suffix in SUFFIXES and path.is_file()]
            found |= {f"{kind}/{path.relative_to(top)}": path for path in files}
    told = hashlib.sha256()
    for name in sorted(found):
        content = found[name].read_bytes()
        told.update(f"{name}\0{len(content)}\0".encode() + content)
    return told.hexdigest()[:16]
