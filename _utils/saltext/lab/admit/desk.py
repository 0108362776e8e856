"""
The admission desk of one master: enrols, admits, and keeps the audit.

An event is a hint; the key store is the truth.
"""

import json
import time
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from saltext.lab.admit.decide import ACCEPT, LEAVE, REJECT, Verdict, decide
from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.keystore import ACCEPTED, DENIED, PENDING
from saltext.lab.admit.record import Minion, Record
from saltext.lab.errors import BadWish
from saltext.lab.schema import parse

AUDIT = "/var/log/saltext-lab/admission.log"
LIFETIME = 900  #: seconds from enrolment to expiry; a slow guest boots within two minutes


class Desk:
    """Admission by the *store* of records, on the *keys* of one master."""

    def __init__(self, store, keys, audit=AUDIT):
        self.store, self.keys, self.audit = store, keys, Path(audit)

    def enrol(self, wishes):
        """
        Return the ids enrolled by *wishes*, a list of ``{id, fingerprint, uuid?, host?}``.

        Each replaces the enrolment before it, and frees the id of any key that is not the enrolled one.
        """
        expires = time.time() + LIFETIME
        records = [parse(Record, {**wish, "expires": expires}, f"enrolment:{at}") for at, wish in enumerate(wishes)]
        for record in records:
            with self.store.turn():
                self.store.put(record)
                self._free(record)
        return [record.id for record in records]

    def admit(self, minion):
        """
        Return the ``Verdict`` on the pending key of *minion*, carried out.

        A minion knocks several times before it is let in, and each knock comes here.  One after the other: a second
        look in the middle of the first one's writing has been seen to take the true key for a swapped one.
        """
        with self.store.turn():
            verdict = self._verdict(minion)
        if verdict:
            self._note(minion, verdict)
        return verdict or Verdict(LEAVE, "there is no pending key")

    def _verdict(self, minion):
        try:
            TypeAdapter(Minion).validate_python(minion)
        except ValidationError:
            return Verdict(LEAVE, "no machine of this lab can have such an id")
        pub, record = self.keys.pub(minion, PENDING), self.store.get(minion)
        verdict = None if pub is None else decide(pub, record, time.time())  # an empty text is a key that fails
        if verdict and verdict.act == REJECT:
            self.keys.delete(minion, PENDING)
        if verdict and verdict.act == ACCEPT:
            verdict = self._accept(record, pub, verdict)
        if record and self.keys.pub(minion, DENIED) is not None:
            self.keys.delete(minion, DENIED)  # Salt keeps them for ever, and they mean nothing
            verdict = verdict or Verdict(REJECT, "another key holds this id")
        return verdict

    def _accept(self, record, pub, verdict):
        if not self.keys.accept(record.id, pub):
            return Verdict(REJECT, "its key changed while it was looked at")
        same = self.store.update(record.id, lambda now: _admitted(now, record))
        if same is None:
            self.keys.delete(record.id, ACCEPTED)
        return verdict if same else Verdict(REJECT, "another key was enrolled while it was looked at")

    def _free(self, record):
        for status in (ACCEPTED, PENDING, DENIED):
            pub = self.keys.pub(record.id, status)
            if pub is not None and (status == DENIED or not _is(pub, record)):
                self.keys.delete(record.id, status)

    def _note(self, minion, verdict):
        self.audit.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        line = {"at": round(time.time(), 3), "id": str(minion)[:256], **verdict._asdict()}
        with self.audit.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _admitted(now, record):
    return {"admitted": time.time()} if now.fingerprint == record.fingerprint else None


def _is(pub, record):
    try:
        return fingerprint(pub) == record.fingerprint
    except BadWish:
        return False
