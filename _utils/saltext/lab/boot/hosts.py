"""What a bootstrap does to a host: power, admission, convergence."""

from saltext.lab import power
from saltext.lab.admit.case import ACCEPTED
from saltext.lab.admit.key import fingerprint
from saltext.lab.boot import due
from saltext.lab.errors import NotConverged, Unreachable


def nothing(host, seconds):
    """Refuse nothing."""


class Hosts:
    """
    The hosts of a checked *lab*, reached through *fleet*; *desk* admits their minions.

    ``before(host, seconds)`` is called when the states of a host are about to be applied, and may refuse that.
    """

    def __init__(self, lab, fleet, desk, before=nothing):
        self.lab, self.fleet, self.desk, self.before = lab, fleet, desk, before

    def power(self, step):
        """Return what was done to have the host powered on."""
        driver = self.driver(step.machine)
        if driver is None or (state := driver.status()) == "on":
            return ""
        if state == "unknown" and self.fleet.answers(step.machine):  # as of wake-on-LAN, or a person
            return ""
        driver.on()
        return "powered on"

    def minion(self, step):
        """Return what was done to have the host's minion answer."""
        host = step.machine
        admitted = self._enrol(host)
        if not admitted and self.fleet.answers(host):
            return ""
        if not self.fleet.wait_for(host, step.budget):
            who = f"the virtual master {host}" if host == self.lab.masters.virtual else host
            fix = self._hint(host)
            raise Unreachable(f"{who} does not answer", f"no minion of it connected within {step.budget:.0f} s", fix)
        return admitted or "answers"

    def converge(self, step):
        """Return what ``state.apply`` changed on the host, as text; all states must have succeeded."""
        host = step.machine
        self.fleet.call(host, "saltutil.sync_all", timeout=step.budget)
        self.before(host, step.budget)
        done = self.fleet.apply(host, timeout=step.budget)
        if done.failed:
            why = "; ".join(f"{name}: {comment}" for name, comment in done.failed.items())
            raise NotConverged(f"{host} is not as wished", why, f"see all of it: salt {host} state.apply")
        return ", ".join(done.changes)

    def _enrol(self, host):
        print_ = self.known(host)
        what = due.entry(print_, self.accepted(host))
        if what == due.ACCEPTED:
            return ""
        if what == due.ASK:
            why = "no power driver can tell its key"
            raise Unreachable(f"{host} is not enrolled", why, f"start it, then: salt-run lab.enroll {host}")
        self.desk.enrol([{"id": host, "fingerprint": print_}])
        self.desk.admit(host)  # it may have knocked before
        return "admitted"

    def _hint(self, host):
        """Return what to do where the minion of *host*, whose key was accepted, does not come."""
        if self.lab.hosts[host].boot == "ram" and not self.known(host):
            return f"it has made itself another key if it has booted anew: salt-run lab.enroll {host}"
        return f"look at `journalctl -u salt-minion` on {host}"

    def known(self, host):
        """Return the fingerprint of its key where a power driver can tell it, else None."""
        driver = self.driver(host)
        return driver and driver.fingerprint()

    def accepted(self, host):
        """Return the fingerprint of its accepted key, or None."""
        pub = self.desk.keys.pub(host, ACCEPTED)
        return fingerprint(pub) if pub else None

    def status(self, host):
        """Return ``on``, ``off`` or ``unknown`` as its power driver says, and ``on`` where nothing is asked of one."""
        driver = self.driver(host) if host != self.lab.masters.physical else None
        return driver.status() if driver else "on"

    def driver(self, host):
        """Return the power driver of *host*, or None."""
        return power.of(self.lab, host)
