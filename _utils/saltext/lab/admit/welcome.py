"""The first highstate of a machine that has just been admitted: once in each of its boots."""

import hashlib
import json
import time
from pathlib import Path

from saltext.lab.admit.record import Highstate
from saltext.lab.errors import LabError


def digest(part, trees):
    """Return a digest of what a highstate applies: a minion's slice *part*, and every file below *trees*."""
    found = hashlib.sha256(json.dumps(part, sort_keys=True, default=str).encode())
    for path in sorted(path for tree in trees for path in Path(tree).rglob("*.*") if path.is_file()):
        found.update(f"{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def welcome(store, apply, minion, digest, again=False):
    """
    Return the ``Highstate`` of *minion* after applying its states, or None when that is another's job or done.

    *apply* is called with the minion's id and returns ``Applied``.  However many events ask
    for it, the highstate runs once for each enrolment; *again* asks for one more.
    """
    if not store.update(minion, lambda record: _claim(record, again)):
        return None
    try:
        failed = apply(minion).failed
        why = "; ".join(f"{name}: {comment}" for name, comment in failed.items())
    except LabError as err:
        why = str(err)
    outcome = Highstate(state="failed" if why else "done", at=time.time(), digest="" if why else digest, why=why)
    store.update(minion, lambda record: {"highstate": outcome})
    return outcome


def _claim(record, again):
    if record.admitted is None or (record.highstate and not again):
        return None
    return {"highstate": Highstate(state="running", at=time.time())}
