"""
Which pools, volumes and secrets of this host are ours.

libvirt gives networks and domains a place for a mark of ours in their XML, but neither pools nor volumes nor secrets
(schemas storagepool.rng, storagevol.rng, secret.rng of 9.0).  A derived UUID would mark pools and secrets, but it can
be given to none that is there already, so that nothing could be adopted; and volumes have none.  So there is one small
file for each thing of ours: ``pool/<uuid>``, ``secret/<uuid>``, ``volume/<uuid of the pool>/<name>``.  It is written
before the thing is made: a run that is killed in between leaves a mark of nothing, never a thing without one.
"""

import json
import os
import tempfile
from pathlib import Path

from saltext.lab.errors import Refused

DIRECTORY = "/var/lib/saltext-lab/marks"


class Marks:
    """The marks in *directory*; each has a record, a dict of what is known about how the thing was made."""

    def __init__(self, directory=DIRECTORY):
        self.directory = Path(directory)

    def all(self, kind):
        """Return ``{name: record}`` of all marks of *kind*, such as ``pool`` or ``volume/<uuid>``."""
        try:
            names = [file.name for file in (self.directory / kind).iterdir() if not file.name.startswith(".#")]
        except FileNotFoundError:
            return {}
        return {name: self.get(kind, name) for name in names}

    def get(self, kind, name):
        """Return the record of *name*, None if it has no mark."""
        try:
            return json.loads((self.directory / kind / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as err:
            raise Refused(f"the mark of {name} in {self.directory / kind} cannot be read", str(err)) from err

    def put(self, kind, name, record=None):
        """Mark *name* as ours, with *record*; who reads meanwhile sees the old record or the new one."""
        home = self.directory / kind
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=home, prefix=".#", delete=False, encoding="utf-8") as file:
            json.dump(record or {}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, home / name)

    def drop(self, kind, name):
        """Forget *name*."""
        (self.directory / kind / name).unlink(missing_ok=True)
