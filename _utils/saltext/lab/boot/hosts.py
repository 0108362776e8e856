"""What a bootstrap does to a host: power, admission, convergence."""

from saltext.lab import power
from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.keystore import ACCEPTED
from saltext.lab.errors import NotConverged, Unreachable


class Hosts:
    """The hosts of a checked *lab*, reached through *fleet*; *desk* admits their minions."""

    def __init__(self, lab, fleet, desk):
        self.lab, self.fleet, self.desk = lab, fleet, desk

    def power(self, step):
        """Return what was done to have the host powered on."""
        driver = self._driver(step.machine)
        if driver is None or driver.status() == "on":
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
            fix = f"look at `journalctl -u salt-minion` on {host}"
            raise Unreachable(f"{who} does not answer", f"no minion of it connected within {step.budget:.0f} s", fix)
        return admitted or "answers"

    def converge(self, step):
        """Return what ``state.apply`` changed on the host, as text; all states must have succeeded."""
        host = step.machine
        self.fleet.call(host, "saltutil.sync_all", timeout=step.budget)
        done = self.fleet.apply(host, timeout=step.budget)
        if done.failed:
            why = "; ".join(f"{name}: {comment}" for name, comment in done.failed.items())
            raise NotConverged(f"{host} is not as wished", why, f"see all of it: salt {host} state.apply")
        return ", ".join(done.changes)

    def _enrol(self, host):
        driver = self._driver(host)
        print_ = driver and driver.fingerprint()
        pub = self.desk.keys.pub(host, ACCEPTED)
        if pub and print_ in (None, fingerprint(pub)):
            return ""
        if not print_:
            fix = f"look at its key on its console, then: salt-run lab.expect '[{{id: {host}, fingerprint: …}}]'"
            raise Unreachable(f"{host} is not enrolled", "its power driver cannot tell its key", fix)
        self.desk.enrol([{"id": host, "fingerprint": print_}])
        self.desk.admit(host)  # it may have knocked before
        return "admitted"

    def _driver(self, host):
        wish = self.lab.hosts[host].power
        return wish and power.driver(wish.model_dump(), host)
