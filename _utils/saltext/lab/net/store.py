"""What is on disk of a change that waits for its confirmation.  A rename decides who has it: confirm or revert."""

import json
import os
from pathlib import Path

from saltext.lab.errors import Refused

HOME = Path("/var/lib/saltext-lab/net")


class Store:
    """The records in directory *home*, which root alone may read: OVSDB may hold keys of tunnels."""

    def __init__(self, home=HOME):
        self.home = Path(home)
        self._armed, self._reverting, self._reverted = (
            self.home / f"{name}.json" for name in ("armed", "reverting", "reverted")
        )

    def pending(self):
        """Return the record of the change that waits or is being taken back, or None."""
        return _read(self._reverting) or _read(self._armed)

    def arm(self, record):
        """Put *record* on the disk, so that it is there after a power cut; raises ``Refused`` when another waits."""
        if self.pending():
            raise Refused("another network change waits for its confirmation", "", "try again in a minute")
        self._write(self._armed, record)

    def disarm(self):
        """Return whether the change is confirmed now; False when its revert was faster."""
        confirmed = self.home / "confirmed.json"
        if not self._rename(self._armed, confirmed):
            return False
        confirmed.unlink()
        return True

    def claim(self):
        """Return whether the change has to be taken back by the caller; False when it was confirmed."""
        return self._rename(self._armed, self._reverting) or self._reverting.exists()

    def conclude(self, record):
        """Keep *record* of the revert that is done."""
        self._write(self._reverted, record)
        self._reverting.unlink()

    def reverted(self):
        """Return the record of the last revert that nobody has forgotten, or None."""
        return _read(self._reverted)

    def explain(self, why):
        """Add *why* to the record of the last revert."""
        if record := self.reverted():
            self._write(self._reverted, record | {"why": why})

    def forget(self):
        """Remove the record of the last revert."""
        self._reverted.unlink(missing_ok=True)

    def _rename(self, old, new):
        try:
            old.rename(new)
        except FileNotFoundError:
            return False
        self._sync()
        return True

    def _write(self, path, record):
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
        self._sync()

    def _sync(self):
        directory = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _read(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
