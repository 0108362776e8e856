"""Only one bootstrap at a time."""

import fcntl
import os
import time
from contextlib import contextmanager
from pathlib import Path

from saltext.lab.errors import Unreachable

DIRECTORY = "/run/saltext-lab"


@contextmanager
def held(name, directory=DIRECTORY):
    """
    Hold the lock *name* while the block runs; the kernel lets go of it when the process dies.

    Raises ``Unreachable`` naming who holds it, and since when.
    """
    path = Path(directory, f"{name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            owner = path.read_text().strip() or "another process"
            raise Unreachable(f"{name} is running already", owner, "wait for its end") from err
        file.truncate(0)
        file.write(f"pid {os.getpid()} since {time.strftime('%F %T')}\n")
        file.flush()
        yield
