"""The jobs that are out, and who has yet to return.  Pure: the clock is the caller's."""

from dataclasses import dataclass

APPLY, BOOT, CHECK, LOST = "apply", "boot", "check", "lost"

LIFE = 20  #: seconds without a return after which a minion is asked whether it is still at it
SLOW = (20, 40)  #: pauses until a question is put again, and given up; an emulated guest under load takes its time
RESTARTED = (2, 4, 8, 16, 32)  #: the same for minions that may have to find a new master first
GRACE = 2  #: seconds in which the return of one that is not at it any more may still come


@dataclass
class Job:
    """One job: it *waits* for minions, and is looked after at *due*; *pauses* (s) are left until it is given up."""

    kind: str
    waits: set
    due: float
    pauses: tuple = ()
    of: str = ""  #: the job that it asks about


class Jobs:
    """All jobs that are out, by their id."""

    def __init__(self):
        self.out = {}

    def add(self, jid, job):
        """Keep *job*, or its minions beside those of the same *jid*."""
        self.out.setdefault(jid, job).waits |= job.waits

    def heard(self, jid, minion):
        """Return the job *jid* if it waited for *minion*, which has returned now; else None."""
        job = self.out.get(jid)
        if job is None or not isinstance(minion, str) or minion not in job.waits:
            return None
        job.waits.discard(minion)
        if not job.waits:
            del self.out[jid]
        return job

    def waits(self, jid, minion):
        """Return whether *minion* has yet to return on *jid*."""
        return jid in self.out and minion in self.out[jid].waits

    def running(self):
        """Return the minions at their highstate."""
        return {minion for job in self.out.values() if job.kind == APPLY for minion in job.waits}

    def hurry(self, minion):
        """Have the highstate that *minion* is at looked after now, unless that is being done."""
        asked = {job.of for job in self.out.values()}
        for jid, job in self.out.items():
            if job.kind == APPLY and minion in job.waits and jid not in asked:
                job.due = 0.0

    def overdue(self, now):
        """Return ``[(jid, job)]`` to look after *now*."""
        return [(jid, job) for jid, job in self.out.items() if job.due <= now]

    def next(self):
        """Return when the next of them has to be looked after, or infinity."""
        return min((job.due for job in self.out.values()), default=float("inf"))


def room(waiting, running, limit):
    """
    Return who of *waiting*, in order, begins now, so that at most *limit* are at it with the *running* ones.

    Jobs are few: where not all have room, they wait until half of the places are free.
    """
    free = limit - running
    return waiting[:free] if len(waiting) <= free or 2 * free >= limit else []
