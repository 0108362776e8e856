"""What a bootstrap does for VMs: keys, enrolment, start, the first highstate."""

import time
from collections import defaultdict

from saltext.lab.boot import due
from saltext.lab.errors import NotConverged, Unreachable
from saltext.lab.spec.removal import refuse_much

CHUNK = 20  #: seconds that one call waits on the virtual master's event bus


class Guests:
    """
    The VMs of a checked *lab*, reached through *fleet*.

    *digests* is ``{vm: digest}`` of what a highstate would apply now, *remove* whether a person has said that many
    VMs are gone from the spec.
    """

    def __init__(self, lab, fleet, digests, remove=False):
        self.lab, self.fleet, self.digests, self.many = lab, fleet, digests, remove
        self.master = lab.masters.virtual
        self.due: dict[str, dict[str, bool]] = defaultdict(
            dict
        )  #: hypervisor -> its VMs that have to be started -> whether they run now

    def forget(self, step):
        """Return which machines that are not in the spec any more have no key and no record now."""
        records = self.fleet.call(step.machine, "lab_master.records")
        gone = due.gone(self.lab, records)
        refuse_much(self.lab, gone, records, self.many)
        if gone:
            self.fleet.runner(step.machine, "lab.revoke", gone, source="lab.bootstrap")
        return ", ".join(gone)

    def enrol(self, step):
        """Return which VMs of the hypervisor have new keys, enrolled with the virtual master."""
        host = step.machine
        self.due[host] = self._due(host)
        if not self.due[host]:
            return ""
        master_pub = self._ask(self.fleet.call, "lab_master.public_key")
        wishes = [self._identity(host, vm, master_pub) for vm in self.due[host]]
        self._ask(self.fleet.runner, "lab.expect", wishes)
        return ", ".join(self.due[host])

    def start(self, step):
        """Return what was done to have the VM run with the key that was enrolled for it."""
        vm, host = step.machine, self.lab.vms[step.machine].host
        if vm not in self.due[host]:
            return ""
        if self.due[host][vm]:
            self.fleet.call(host, "lab_virt.stop", vm)
        self.fleet.call(host, "lab_virt.start", vm)
        return f"started on {host}"

    def highstate(self, step):
        """Return what was done to have the VM admitted and highstated from its present slice."""
        vm = step.machine
        record = self._record(vm)
        if due.is_highstated(record, self.digests[vm]):
            return ""
        if due.is_over(record, time.time()):
            self._ask(self.fleet.runner, "lab.welcome", vm, again=True, timeout=step.budget)
        record = self._wait(vm, step.budget)
        if not due.is_done(record):
            raise NotConverged(
                f"the highstate of {vm} failed", record["highstate"]["why"], f"on {self.master}: salt {vm} state.apply"
            )
        return "admitted and highstated"

    def _due(self, host):
        domains = self.fleet.call(host, "lab_virt.domains")
        records = self._ask(self.fleet.call, "lab_master.records")
        return due.starts(self.lab, host, domains, records, time.time())

    def _identity(self, host, vm, master_pub):
        print_ = self.fleet.call(host, "lab_virt.identity", vm, master_pub)
        return {"id": vm, "fingerprint": print_, "host": host}

    def _wait(self, vm, seconds):
        record, end = self._record(vm), time.monotonic() + seconds
        while not due.is_over(record, time.time()):
            if time.monotonic() > end:
                why = f"it had {seconds:.0f} s"
                raise Unreachable(f"{vm} {_missing(record)}", why, f"salt-run lab.status {vm}")
            record = self._ask(self.fleet.call, "lab_master.wait", {vm: record}, CHUNK, timeout=CHUNK + 30).get(vm)
        return record

    def _record(self, vm):
        return self._ask(self.fleet.call, "lab_master.records", [vm]).get(vm)

    def _ask(self, way, *words, **options):
        """Return what the virtual master answers by *way*; every VM waits for it, so each error names it."""
        try:
            return way(self.master, *words, **options)
        except Unreachable as err:
            raise Unreachable(f"the virtual master cannot be driven: {err.what}", err.why, err.fix) from err


def _missing(record):
    return "was not admitted" if not (record and record["admitted"]) else "was admitted, but its highstate does not end"
