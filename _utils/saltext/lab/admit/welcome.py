"""
The highstate of machines that have just booted and were admitted: once in each of their boots.

One machine or five hundred: they are asked, set to work and heard together, each as its return comes.
"""

import logging
import time

from saltext.lab.admit import course
from saltext.lab.admit.desk import RECORD
from saltext.lab.admit.jobs import APPLY, BOOT, CHECK, GRACE, LIFE, LOST, RESTARTED, SLOW, Job, Jobs, room
from saltext.lab.errors import LabError

log = logging.getLogger(__name__)

BOOT_ID = "/proc/sys/kernel/random/boot_id"  #: another one in each boot (random(4))
LIMIT = 50  #: machines at their highstate at once
FUNCTIONS = {APPLY: "state.apply", BOOT: "file.read", CHECK: "saltutil.find_job"}


class Welcome:
    """
    The highstates of machines with a record in *store*, as jobs of *fleet*; *tell* takes ``(tag, data)`` to the bus.

    *digests* is a function from ids to ``{id: digest}`` of those that get a highstate at all.  However many events
    ask for it, the highstate runs once in each boot of the machine.  An event may be forged: that a machine has
    booted anew is believed when the machine itself says so.
    """

    def __init__(self, store, fleet, digests, tell=lambda events: None):
        self.store, self.fleet, self.digests, self.tell = store, fleet, digests, tell
        self.jobs, self.due, self.unknown = Jobs(), {}, set()
        self.restarted, self.begun_again = set(), set()  #: minions that have, while at it; whose job was lost before
        self.ended = {}  #: the highstate that a machine has had

    def busy(self):
        """Return whether there is anything to wait for."""
        return bool(self.jobs.out or self.due or self.unknown)

    def take(self, minions, again=False):
        """Take up *minions*, which say that they have started; *again* asks for one more highstate in this boot."""
        running = self.jobs.running()
        for minion in minions:
            record = self.store.get(minion)
            if record is None or record.admitted is None:
                continue
            if again or course.is_open(record.highstate, time.time()):
                self.due[minion] = record.highstate, None
            elif minion in running:
                self.restarted.add(minion)  # or somebody says so: it is asked whether it is still at it
                self.jobs.hurry(minion)
            else:
                self.unknown.add(minion)

    def resume(self):
        """Go on where somebody was broken off: hear of every machine that was admitted."""
        records = [record for record in self.store.all().values() if record.admitted is not None]
        for record in records:
            if record.highstate and record.highstate.state == "running" and record.highstate.jid:
                self.jobs.add(record.highstate.jid, Job(APPLY, {record.id}, 0.0, RESTARTED))
        running = self.jobs.running()
        self._ask(BOOT, {record.id for record in records} - running, RESTARTED)

    def heard(self, jid, minion, answer):
        """Take in *answer*, the return of *minion* on job *jid*; one on somebody else's job is nothing to us."""
        job = self.jobs.heard(jid, minion)
        if job and job.kind == APPLY:
            self._settle(minion, jid, course.failure(minion, answer))
        elif job and job.kind == BOOT:
            self._booted(minion, answer.get("return"))
        elif job and not answer.get("return") and self.jobs.waits(job.of, minion):
            self.jobs.add(f"{job.of} {minion}", Job(LOST, {minion}, time.time() + GRACE, of=job.of))

    def send(self):
        """Publish what is due: questions, and one job to the machines that begin their highstate now."""
        unknown, self.unknown = self.unknown, set()
        self._ask(BOOT, unknown, SLOW)
        minions = room(list(self.due), len(self.jobs.running()), LIMIT)
        digests = self.digests(minions) if minions else {}
        jid, seen = self.fleet.new_jid(), {minion: self.due.pop(minion) for minion in minions}
        ours = {one for one in minions if one in digests and self._claim(one, jid, digests[one], *seen[one])}
        if ours:
            self._publish(jid, Job(APPLY, ours, time.time() + LIFE, SLOW))
            self.tell([(RECORD, {"id": minion}) for minion in sorted(ours)])

    def look_after(self):
        """Ask after machines that have been silent for long, and wait no longer for those that do not answer."""
        for jid, job in self.jobs.overdue(time.time()):
            if job.kind == APPLY:
                self._look_up(jid)
                self._ask(CHECK, job.waits, job.pauses, jid)
                job.due, job.pauses = time.time() + sum(job.pauses) + LIFE, SLOW
                continue
            del self.jobs.out[jid]
            if job.pauses:
                self._ask(job.kind, job.waits, job.pauses, job.of)
            elif job.kind in (CHECK, LOST):
                self._miss(job)

    def break_off(self):
        """Leave no highstate behind that runs for ever."""
        for jid, job in list(self.jobs.out.items()):
            for minion in job.waits if job.kind == APPLY else ():
                self._settle(minion, jid, "it was broken off", returned=False)

    def _ask(self, kind, minions, pauses, of=""):
        if minions:
            job = Job(kind, set(minions), time.time() + pauses[0], pauses[1:], of)
            self._publish(self.fleet.new_jid(), job, of or BOOT_ID)

    def _publish(self, jid, job, *words):
        self.jobs.add(jid, job)
        try:
            self.fleet.publish(sorted(job.waits), FUNCTIONS[job.kind], *words, jid=jid)
        except LabError as err:  # it may have gone out all the same: who is at it will be asked
            log.error("%s", err)

    def _claim(self, minion, jid, digest, seen, boot):
        how = {"at": time.time(), "digest": digest, "boot": boot, "jid": jid}
        return self.store.update(minion, course.begin(seen, **how))

    def _settle(self, minion, jid, why, returned=True):
        if record := self.store.update(minion, course.end(jid, time.time(), why, returned)):
            self.ended[minion] = record.highstate
            self.restarted.discard(minion)
            if returned:
                self.begun_again.discard(minion)
                self.unknown |= {minion} if record.highstate.boot is None else set()
            self.tell([(RECORD, {"id": minion})])

    def _booted(self, minion, boot):
        record = self.store.get(minion)
        if record is None or not isinstance(boot, str) or len(boot) > 64:
            return
        seen, boot = record.highstate, boot.strip()
        todo = course.booted(seen, boot, time.time())
        if todo == course.DUE:
            self.due[minion] = seen, boot
        elif todo == course.NOTE:  # after the fact: nobody had to wait for it
            self.store.update(minion, course.note(seen, boot))

    def _look_up(self, jid):
        for minion, answer in self.fleet.cached(jid).items():
            self.heard(jid, minion, answer)

    def _miss(self, job):
        """Give up *job*, a question: who has lost its highstate begins again, once; who is gone has failed."""
        self._look_up(job.of)
        for minion in [one for one in job.waits if self.jobs.heard(job.of, one)]:
            lost = job.kind == LOST or minion in self.restarted
            if lost and minion not in self.begun_again:
                self.begun_again.add(minion)
                self.store.update(minion, course.drop(job.of))
                self.take([minion])
            else:
                why = "has lost its highstate, twice" if lost else "does not answer state.apply"
                self._settle(minion, job.of, f"{minion} {why}", returned=False)
