"""Jobs as they go out to machines."""

import logging

from saltext.lab.admit.jobs import APPLY, BOOT, CHECK, Job, Jobs
from saltext.lab.errors import LabError

log = logging.getLogger(__name__)

BOOT_ID = "/proc/sys/kernel/random/boot_id"  #: another one in each boot (random(4))
FUNCTIONS = {APPLY: "state.apply", BOOT: "file.read", CHECK: "saltutil.find_job"}


class Errands(Jobs):
    """The ``Jobs`` that are out by *fleet*."""

    def __init__(self, fleet):
        super().__init__()
        self.fleet = fleet

    def ask(self, kind, minions, pauses, now, of=""):
        """Ask *minions* for their boot, or after the job *of*; they have the first of *pauses* from *now* on."""
        if minions:
            job = Job(kind, set(minions), now + pauses[0], pauses[1:], of)
            self.publish(self.fleet.new_jid(), job, of or BOOT_ID)

    def publish(self, jid, job, *words):
        """Send *job* out as *jid*."""
        self.add(jid, job)
        try:
            self.fleet.publish(sorted(job.waits), FUNCTIONS[job.kind], *words, jid=jid)
        except LabError as err:  # it may have gone out all the same: who is at it will be asked
            log.error("%s", err)
