"""Plans on the disk of the master, one JSON file each: all that a plan writes."""

import re
import time
from json import JSONDecodeError, dumps, loads
from pathlib import Path

from saltext.lab.boot.plan_parts import changes
from saltext.lab.errors import Refused
from saltext.lab.files import replace

DIRECTORY = "/var/lib/saltext-lab/plans"
KEPT = 20
ID = re.compile(r"p[0-9a-f]{10}")


class Shelf:
    """The last KEPT plans, in *directory*; one that is made again counts as new."""

    def __init__(self, directory=DIRECTORY):
        self.directory = Path(directory)

    def put(self, plan):
        """Keep *plan*; the oldest ones beyond KEPT go."""
        replace(self.directory / f"{plan['id']}.json", dumps({**plan, "made": time.time()}, indent=1) + "\n")
        for old in self.all()[KEPT:]:
            (self.directory / f"{old['id']}.json").unlink(missing_ok=True)

    def get(self, name):
        """Return the plan with the id *name*.  Raises ``Refused`` naming those that there are."""
        found = self._read(self.directory / f"{name}.json") if ID.fullmatch(str(name)) else None
        if found is None:
            there = ", ".join(one["id"] for one in self.all()) or "none"
            why = f"the last {KEPT} are kept; there are: {there}"
            raise Refused(f"there is no plan {name}", why, "make one: salt-run lab.plan")
        return found

    def all(self):
        """Return the plans, newest first."""
        found = [plan for path in self.directory.glob("p*.json") if (plan := self._read(path))]
        return sorted(found, key=lambda plan: plan["made"], reverse=True)

    def listed(self):
        """Return ``{id, made, lab, changes}`` of each, newest first; ``changes`` is how many."""
        keys = ("id", "made", "lab")
        return [{key: plan[key] for key in keys} | {"changes": len(changes(plan))} for plan in self.all()]

    def _read(self, path):
        try:
            return loads(path.read_text())
        except (FileNotFoundError, JSONDecodeError):
            return None
