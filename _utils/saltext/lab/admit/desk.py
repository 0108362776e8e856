"""
The admission desk of one master: enrols, admits, and keeps the audit.

An event is a hint; the key store is the truth.
"""

import logging
import time

from saltext.lab.admit.audit import AUDIT, Audit
from saltext.lab.admit.case import ACCEPTED, DENIED, PENDING, Case, is_possible, judge, print_of
from saltext.lab.admit.decide import ACCEPT, LEAVE, REJECT, Verdict
from saltext.lab.admit.record import LIFETIME, Record
from saltext.lab.schema import parse

log = logging.getLogger(__name__)

RECORD = "lab/record"  #: fired on the master's bus when a record has changed


class Desk:
    """Admission by the *store* of records, on the *keys* of one master; *tell* takes ``(tag, data)`` to its bus."""

    def __init__(self, store, keys, audit=AUDIT, tell=lambda events: None):
        self.store, self.keys, self.audit, self.tell = store, keys, Audit(audit, tell), tell

    def enrol(self, wishes):
        """
        Return the ids enrolled by *wishes*, a list of ``{id, fingerprint, uuid?, host?}``.

        Each replaces the enrolment before it, and frees the id of any key that is not the enrolled one.
        """
        expires = time.time() + LIFETIME
        records = [parse(Record, {**wish, "expires": expires}, f"enrolment:{at}") for at, wish in enumerate(wishes)]
        with self.store.turn():
            for record in records:
                self.store.put(record)
            self._free(records)
        return [record.id for record in records]

    def admit(self, minion, source="runner"):
        """
        Return the ``Verdict`` on the pending key of *minion*, carried out.

        *source* is what made somebody look: ``runner``, ``salt/auth``, ``start`` or ``sweep``.
        """
        with self.store.turn():
            return self._admitted([minion], source)[0] or Verdict(LEAVE, "there is no pending key")

    def admit_all(self, minions, source):
        """
        Return the ``Verdict`` on the pending key of each of *minions*, carried out; None where there is none.

        A fault with one of them is told, and is in nobody else's way.
        """
        try:
            with self.store.turn():
                return self._admitted(minions, source)
        except Exception as err:  # noqa: BLE001 (whatever it is, others wait at the door)
            if len(minions) > 1:  # each step can be taken again
                return [verdict for minion in minions for verdict in self.admit_all([minion], source)]
            log.exception("admission of %.256r", minions[0])
            return [self.fault(minions[0], source, err)]

    def fault(self, minion, source, err):
        """Return the ``Verdict`` on *minion*, in whose case something of ours has failed with *err*."""
        verdict = Verdict(LEAVE, f"a fault, see the master's log: {type(err).__name__}")
        self._note([Case(minion, None, {}, verdict)], source)
        return verdict

    def unsettled(self):
        """Return the ids to look at when nobody has looked for a while: at the door, or not noted as let in."""
        new = [minion for minion, record in self.store.all().items() if record.admitted is None]
        return list(dict.fromkeys([*self.keys.ids(PENDING, DENIED), *new]))

    def _admitted(self, minions, source):
        """
        Return the verdicts on *minions*, one after the other.

        It is whoever's turn it is: a second look in the middle of the first one's writing has been seen to take the
        true key for a swapped one.  Killed at any point, it ends right when it is done again: a key that is
        accepted, and of which no record says so yet, is taken for what it is.
        """
        cases = self._cases(minions)
        for case in cases:
            case.verdict = judge(case, time.time())
        self._accept([case for case in cases if case.is_(ACCEPT)])
        self._clear(cases)
        self._note([case for case in cases if case.verdict], source)
        self._record([case for case in cases if case.is_(ACCEPT)], source)
        return [case.verdict for case in cases]

    def _cases(self, minions):
        held = self.keys.look([minion for minion in minions if is_possible(minion)])
        return [Case(one, self.store.get(one), held[one] if is_possible(one) else {}) for one in minions]

    def _accept(self, cases):
        taken = self.keys.accept({case.minion: case.own for case in cases}) if cases else ()
        for case in cases:
            if case.minion not in taken:
                case.verdict = Verdict(REJECT, "its key changed while it was looked at")

    def _clear(self, cases):
        """Delete the keys that failed; denied ones too: Salt keeps them for ever, and they mean nothing."""
        failed = [case.minion for case in cases if case.is_(REJECT) and PENDING in case.keys]
        denied = [case.minion for case in cases if case.record and DENIED in case.keys]
        if failed or denied:
            self.keys.delete({PENDING: failed, DENIED: denied})

    def _record(self, cases, source):
        late = [case for case in cases if not self.store.update(case.minion, _admission(case.record))]
        if late:
            for case in late:
                case.verdict = Verdict(REJECT, "another key was enrolled while it was looked at")
            self.keys.delete({ACCEPTED: [case.minion for case in late]})
            self._note(late, source)
        self.tell([(RECORD, {"id": case.minion}) for case in cases if case not in late])

    def _note(self, cases, source):
        self.audit.note([case.line(source) for case in cases])

    def _free(self, records):
        held = self.keys.look([record.id for record in records])
        doomed: dict[str, list] = {status: [] for status in (ACCEPTED, PENDING, DENIED)}
        for record in records:
            for status, pub in held[record.id].items():
                if status in doomed and (status == DENIED or print_of(pub) != record.fingerprint):
                    doomed[status].append(record.id)
        self.keys.delete(doomed)


def _admission(record):
    return lambda now: {"admitted": time.time()} if now.fingerprint == record.fingerprint else None
