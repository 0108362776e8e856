"""The highstate of a machine that has just booted and was admitted: once in each of its boots."""

import hashlib
import json
import time
from pathlib import Path

from saltext.lab.admit.record import Highstate
from saltext.lab.errors import LabError

BOOT_ID = "/proc/sys/kernel/random/boot_id"  #: another one in each boot (random(4))


def digest(part, trees):
    """Return a digest of what a highstate applies: a minion's slice *part*, and every file below *trees*."""
    found = hashlib.sha256(json.dumps(part, sort_keys=True, default=str).encode())
    for path in sorted(path for tree in trees for path in Path(tree).rglob("*.*") if path.is_file()):
        found.update(f"{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def welcome(store, fleet, minion, digest, again=False):
    """
    Return the ``Highstate`` of *minion* after applying its states, or None when that is another's job or done.

    However many events ask for it, the highstate runs once in each boot of the machine;
    *again* asks for one more.  An event may be forged: that the machine has booted anew is
    believed when the machine itself says so.
    """
    boot = _rebooted(store.get(minion), fleet, again)
    if not store.update(minion, lambda record: _claim(record, boot, again)):
        return None
    why = "it was broken off"
    try:
        why = _applied(fleet, minion)
    finally:  # whatever happens, nobody waits for a highstate that does not run
        state = Highstate(state="failed" if why else "done", at=time.time(), digest="" if why else digest, why=why)
        store.update(minion, lambda record: {"highstate": state})
    return state


def _applied(fleet, minion):
    """Return why the highstate of *minion* failed, or an empty text."""
    try:
        return "; ".join(f"{name}: {comment}" for name, comment in fleet.apply(minion).failed.items())
    except LabError as err:
        return str(err)


def remember_boot(store, fleet, minion):
    """Note which boot of *minion* was highstated, after the fact: nobody has to wait for it."""
    boot = _boot(fleet, minion)
    store.update(minion, lambda record: record.highstate and {"highstate": record.highstate.model_copy(update=boot)})


def _rebooted(record, fleet, again):
    """Return ``{"boot": id}`` of a machine that was highstated before, else nothing: no job for the usual case."""
    return _boot(fleet, record.id) if record and record.highstate and not again else {}


def _boot(fleet, minion):
    try:
        return {"boot": fleet.call(minion, "file.read", BOOT_ID).strip()}
    except LabError:
        return {}


def _claim(record, boot, again):
    if record.admitted is None or not (again or _is_due(record.highstate, boot)):
        return None
    return {"highstate": Highstate(state="running", at=time.time(), **boot)}


def _is_due(highstate, boot):
    if highstate is None:
        return True
    if highstate.state == "running":
        return highstate.is_stale(time.time())
    return bool(boot and highstate.boot and boot["boot"] != highstate.boot)
