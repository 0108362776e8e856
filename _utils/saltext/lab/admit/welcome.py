"""
The highstate of machines that have just booted and were admitted: once in each of their boots.

One machine or five hundred: they are asked, set to work and heard together, each as its return comes.
"""

import time

from saltext.lab.admit import course
from saltext.lab.admit.desk import RECORD
from saltext.lab.admit.errands import Errands
from saltext.lab.admit.jobs import APPLY, BOOT, CHECK, GRACE, LIFE, LOST, RESTARTED, SLOW, Job, room

LIMIT = 50  #: machines at their highstate at once


class Welcome:
    """
    The highstates of machines with a record in *store*, as jobs of *fleet*; *tell* takes ``(tag, data)`` to the bus.

    *digests* is a function from ids to ``{id: digest}`` of those that get a highstate at all.  However many events
    ask for it, the highstate runs once in each boot of the machine.  An event may be forged: that a machine has
    booted anew is believed when the machine itself says so.
    """

    def __init__(self, store, fleet, digests, tell=lambda events: None):
        self.store, self.fleet, self.digests, self.tell = store, fleet, digests, tell
        self.jobs, self.due, self.unknown = Errands(fleet), {}, set()
        self.restarted, self.begun_again = set(), set()  #: minions that have, while at it; whose job was lost before
        self.ended = {}  #: the highstate that a machine has had
        self.given_up = {}  #: minion -> (jid, the highstate that it had begun) that was given up

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
        self.jobs.ask(BOOT, {record.id for record in records} - running, RESTARTED, time.time())

    def heard(self, jid, minion, answer):
        """Take in *answer*, the return of *minion* on job *jid*; one on somebody else's job is nothing to us."""
        job = self.jobs.heard(jid, minion)
        if job is None:
            self._late(jid, minion, answer)
        elif job.kind == APPLY:
            self._settle(minion, jid, course.failure(minion, answer))
        elif job.kind == BOOT:
            self._booted(minion, answer.get("return"))
        elif not answer.get("return") and self.jobs.waits(job.of, minion):
            self.jobs.add(f"{job.of} {minion}", Job(LOST, {minion}, time.time() + GRACE, of=job.of))

    def send(self):
        """Publish what is due: questions, and one job to the machines that begin their highstate now."""
        unknown, self.unknown = self.unknown, set()
        self.jobs.ask(BOOT, unknown, SLOW, time.time())
        minions = room(list(self.due), len(self.jobs.running()), LIMIT)
        digests = self.digests(minions) if minions else {}
        jid, seen = self.fleet.new_jid(), {minion: self.due.pop(minion) for minion in minions}
        ours = {one for one in minions if one in digests and self._claim(one, jid, digests[one], *seen[one])}
        if ours:
            self.jobs.publish(jid, Job(APPLY, ours, time.time() + LIFE, SLOW))
            self.tell([(RECORD, {"id": minion}) for minion in sorted(ours)])

    def look_after(self):
        """Ask after machines that have been silent for long, and wait no longer for those that do not answer."""
        now = time.time()
        for jid, job in self.jobs.overdue(now):
            if job.kind == APPLY:
                self._look_up(jid)
                self.jobs.ask(CHECK, job.waits, job.pauses, now, jid)
                job.due, job.pauses = now + sum(job.pauses) + LIFE, SLOW
                continue
            del self.jobs.out[jid]
            if job.pauses:
                self.jobs.ask(job.kind, job.waits, job.pauses, now, job.of)
            elif job.kind in (CHECK, LOST):
                self._miss(job)

    def break_off(self):
        """Leave no highstate behind that runs for ever."""
        for jid, job in list(self.jobs.out.items()):
            for minion in job.waits if job.kind == APPLY else ():
                self._settle(minion, jid, "it was broken off", returned=False)

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

    def _give_up(self, minion, jid, why):
        """Note that *minion* has failed, and what it had begun: in a crowd on a small machine it may return yet."""
        began = self.store.get(minion)
        self._settle(minion, jid, why, returned=False)
        self.given_up[minion] = jid, began and began.highstate

    def _late(self, jid, minion, answer):
        """Take in *answer* all the same where *minion* was given up, unless it has begun another highstate since."""
        given_up, began = self.given_up.get(minion, (None, None)) if isinstance(minion, str) else (None, None)
        if began and given_up == jid:
            del self.given_up[minion]
            if self.store.update(minion, course.revive(self.ended.get(minion), began)):
                self._settle(minion, jid, course.failure(minion, answer))

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
                self._give_up(minion, job.of, f"{minion} {why}")
