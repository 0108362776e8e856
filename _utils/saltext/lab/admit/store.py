"""Records of a master on disk, one JSON file each, changed under a lock and replaced as a whole."""

import fcntl
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from saltext.lab.admit.record import Minion, Record
from saltext.lab.files import replace

DIRECTORY = "/var/lib/saltext-lab/records"


class Store:
    """The records in *directory*, by minion id."""

    def __init__(self, directory=DIRECTORY):
        self.directory = Path(directory)

    def get(self, minion):
        """Return the ``Record`` of *minion*, or None; also for an id that no machine of ours can have."""
        try:
            return Record.model_validate_json(self._file(minion).read_text())
        except (FileNotFoundError, ValidationError):
            return None

    def all(self):
        """Return every ``Record``, by minion id."""
        ids = sorted(path.stem for path in self.directory.glob("*.json"))
        return {minion: record for minion in ids if (record := self.get(minion))}

    def put(self, record):
        """Keep *record*, in place of the one of that minion."""
        with self._locked():
            replace(self._file(record.id), record.model_dump_json())

    def update(self, minion, change):
        """
        Return the new record of *minion* after ``change(record)``, or None where nothing changed.

        *change* returns the fields to set, or None to leave the record; two callers take turns.
        """
        with self._locked():
            record = self.get(minion)
            fields = record and change(record)
            if not fields:
                return None
            record = record.model_copy(update=fields)
            replace(self._file(record.id), record.model_dump_json())
            return record

    def drop(self, minion):
        """Forget *minion*."""
        with self._locked():
            self._file(minion).unlink(missing_ok=True)

    @contextmanager
    def turn(self):
        """Hold the right to decide on keys: look, accept and note are one step, whoever else is at it."""
        with self._locked(".turn"):
            yield

    def _file(self, minion):
        return self.directory / f"{_MINION.validate_python(minion)}.json"

    @contextmanager
    def _locked(self, name=".lock"):
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.directory / name, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


_MINION = TypeAdapter(Minion)
