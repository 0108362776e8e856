"""Only one run at a time, and who it is."""

import contextlib
import fcntl
import getpass
import json
import os
import time
from contextlib import contextmanager
from pathlib import Path

from saltext.lab.errors import Locked

DIRECTORY = "/run/saltext-lab"


@contextmanager
def held(name, directory=DIRECTORY, **about):
    """
    Hold the lock *name* while the block runs; the kernel lets go of it when the process dies.

    Raises ``Locked``, whose ``owner`` says who holds it: ``pid``, ``user``, ``since`` (seconds since 1970), and what
    that one told *about* itself.
    """
    path = Path(directory, f"{name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            owner = _owner(path)
            raise Locked(f"{name} is running already", told(owner), "wait for its end", owner) from err
        file.truncate(0)
        json.dump({"pid": os.getpid(), "user": user(), "since": time.time(), **about}, file)
        file.flush()
        yield


def user():
    """Return the name of the person who runs this, also by ``sudo``."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def told(owner):
    """Return who *owner* is, and since when it holds the lock, as text."""
    if not owner:
        return "another process"
    since, age = time.strftime("%F %T", time.localtime(owner["since"])), time.time() - owner["since"]
    return f"pid {owner['pid']} of {owner['user']} since {since} ({age:.0f} s)"


def _owner(path):
    with contextlib.suppress(OSError, ValueError):  # it has taken the lock, and not yet written who it is
        return json.loads(path.read_text())
    return {}
