"""Where a rack keeps its things on the machine it runs on.  Two racks with different names share nothing."""

import fcntl
import os
import re
from dataclasses import dataclass
from pathlib import Path

from rack.topology import SWITCH
from saltext.lab.errors import BadWish

RUNTIME = Path("/run/saltext-lab-rack")  # short: the path of a socket has 108 bytes
CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Place:
    """All paths and names of the rack *instance*."""

    instance: str

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", self.instance):
            raise BadWish(f"a rack cannot be called {self.instance!r}", "use a-z, 0-9 and -, 32 at most", "set RACK")

    @property
    def runtime(self):
        """Return the directory of what lives as long as the rack is up."""
        return RUNTIME / self.instance

    @property
    def state(self):
        """Return the directory of what outlives it: the hosts' disks."""
        return Path(os.environ.get("RACK_STATE") or "/var/lib/saltext-lab-rack").resolve() / self.instance

    @property
    def socket(self):
        """Return the socket of the power daemon."""
        return self.runtime / "power.sock"

    def log(self, name):
        """Return the file with the words of the daemon (``daemon``) or the console of a host."""
        return self.runtime / "log" / f"{name}.log"

    def notify(self, host):
        """Return the socket at which the systemd of *host* tells how its boot goes."""
        return self.runtime / f"{host}.notify"

    def enrolment(self, host):
        """Return the file that says which key the minion of *host* has."""
        return self.runtime / "enrolments" / f"{host}.json"

    def disk(self, host):
        """Return the directory of what is on the disk of *host*."""
        return self.state / host

    def hosts(self):
        """Return the names of all hosts that have a disk here."""
        return sorted(upper.parent.name for upper in self.state.glob("[!.]*/upper"))

    def machine(self, host=SWITCH):
        """Return the name, among all on this machine, of a host and of its network namespace."""
        return f"{self.instance}-{host}"

    def lock(self):
        """Return an open file that says this rack is ours until it is closed, or None when it is another's."""
        self.runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (self.runtime / "lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file if os.fstat(file.fileno()).st_nlink else self.lock()  # a `down` removed it before we had it
