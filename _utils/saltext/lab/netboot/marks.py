"""Which machines were seen: one file for each, kept over restarts."""

import json
import os
from pathlib import Path

DIRECTORY = "/var/lib/saltext-lab/seen"


class Marks:
    """The marks in *directory*, by MAC."""

    def __init__(self, directory=DIRECTORY):
        self.directory = Path(directory)

    def all(self):
        """Return ``{mac: {"interface", "when"}}``."""
        files = sorted(self.directory.glob("??-??-??-??-??-??.json"))
        return {file.stem.replace("-", ":"): json.loads(file.read_text()) for file in files}

    def has(self, mac):
        """Return whether *mac* was seen."""
        return self._file(mac).exists()

    def add(self, mac, told):
        """Keep that *mac* was seen: *told* is a dict."""
        self.directory.mkdir(parents=True, exist_ok=True)
        new = self._file(mac).with_suffix(".new")
        new.write_text(json.dumps(told))
        os.replace(new, self._file(mac))

    def forget(self, mac):
        """Drop the mark of *mac*; return whether there was one."""
        there = self.has(mac)
        self._file(mac).unlink(missing_ok=True)
        return there

    def _file(self, mac):
        return self.directory / f"{mac.replace(':', '-')}.json"
