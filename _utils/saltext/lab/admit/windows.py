"""The windows of a master on disk: one small file each, beside the records of who was enrolled."""

import fcntl
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from saltext.lab.admit.window import Window
from saltext.lab.files import replace


class Windows:
    """The windows in *directory*, by host, each as ``HOST.window``; they outlast a restart of the master."""

    def __init__(self, directory):
        self.directory = Path(directory)

    def get(self, host):
        """Return the ``Window`` of *host*, or None; it may have expired, and one that cannot be read is none."""
        try:
            return Window.model_validate_json(self._file(host).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def put(self, window):
        """Keep *window*, in place of the one of that host."""
        replace(self._file(window.host), window.model_dump_json())

    def drop(self, host):
        """Close the window of *host*; return whether there was one."""
        there = self.get(host) is not None
        self._file(host).unlink(missing_ok=True)
        return there

    @contextmanager
    def turn(self):
        """Hold the right to open, use and close windows: of two who confirm at once, one does."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.directory / ".windows", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _file(self, host):
        return self.directory / f"{host}.window"
