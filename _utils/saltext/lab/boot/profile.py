"""From one profile to another: who leaves stops, who comes is brought up, and hosts that nobody needs go off."""

from saltext.lab.admit import office
from saltext.lab.boot import stand, up
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import Step
from saltext.lab.boot.hosts import Hosts
from saltext.lab.boot.logs import Logs
from saltext.lab.boot.session import Phase, Work
from saltext.lab.errors import NotSafe
from saltext.lab.spec.transition import leaving
from saltext.lab.wait import until

SHUTDOWN = 90  #: seconds that a guest has to shut down: 60 of its own, and the way there
POWEROFF = 120  #: seconds that a host has to be off after it was asked to


def work(opts, lab):
    """
    Return the ``Work`` that has *lab*, checked with another profile chosen, run as that says.

    It looks at what runs, not at what ran before; so what was broken off goes on when it is called again.  If one that
    leaves does not stop, nothing else is done, and the former profile stays the active one.
    """
    stand.refuse(lab)
    fleet = Fleet(opts)
    rest = Rest(lab, fleet, Hosts(lab, fleet, office.desk(opts)).driver)
    stops = Phase([Step("stop", vm, ()) for vm in leaving(lab)], rest.stop, vital=True)
    rests = Phase([Step("rest", host, ()) for host in lab.hosts if host in lab.resting], rest.rest)
    return Work(lab, [stops, up.phase(opts, lab), rests], Logs(lab, fleet))


class Rest:
    """Bring to rest what does not run in the profile of *lab*; *driver* returns the power driver of a host, or None."""

    def __init__(self, lab, fleet, driver):
        self.lab, self.fleet, self.driver = lab, fleet, driver
        self.leaving = leaving(lab)

    def stop(self, step):
        """Return what was done to have the VM stopped: one with disks shuts down, else its plug is pulled."""
        vm, host = step.machine, self.leaving[step.machine]
        if self._state(host) == "off":
            return ""
        domain = self.fleet.call(host, "lab_virt.domains").get(vm)
        if not domain or not domain["running"]:
            return ""
        way = "shutdown" if domain.get("disks") else "stop"
        self.fleet.call(host, f"lab_virt.{way}", vm, timeout=SHUTDOWN)
        return f"stopped on {host}"

    def rest(self, step):
        """Return what was done to have the host off: it is asked, never cut off."""
        host = step.machine
        if self._state(host) in (None, "off"):
            return ""
        if "hypervisor" in self.lab.hosts[host].roles:
            self._refuse_guests(host)
        self.fleet.publish([host], "system.poweroff", jid=self.fleet.new_jid())
        what, fix = f"the end of {host}, which was asked to power off", f"look at its console, and switch {host} off"
        until(lambda: self._is_down(host), POWEROFF, what, fix)
        return "powered off"

    def _refuse_guests(self, host):
        runs = sorted(name for name, one in self.fleet.call(host, "lab_virt.domains").items() if one["running"])
        if runs:
            raise NotSafe(
                f"{host} is not powered off", f"{', '.join(runs)} runs on it", f"stop it there: virsh on {host}"
            )

    def _is_down(self, host):
        state = self._state(host)
        return state == "off" or (state == "unknown" and not self.fleet.answers(host))

    def _state(self, host):
        driver = self.driver(host)
        return driver and driver.status()
