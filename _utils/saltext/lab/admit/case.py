"""One id at the desk: what is known of it, and what follows from that.  Pure."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from saltext.lab.admit.decide import ACCEPT, LEAVE, REJECT, Verdict, decide
from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.record import Minion, Record
from saltext.lab.errors import BadWish

PENDING, ACCEPTED, DENIED = "minions_pre", "minions", "minions_denied"  #: Salt's words
MINION = TypeAdapter(Minion)


@dataclass
class Case:
    """One id, whatever was sent for it; *keys* is ``{status: public key}``."""

    minion: object
    record: Record | None
    keys: dict
    verdict: Verdict | None = None

    @property
    def shown(self):
        """The public key that it is about."""
        return next((self.keys[status] for status in (PENDING, DENIED, ACCEPTED) if status in self.keys), None)

    @property
    def own(self):
        """The public key that is accepted, or may be: never the denied one of somebody else beside it."""
        return self.keys.get(PENDING, self.keys.get(ACCEPTED))

    def is_(self, act):
        """Return whether the verdict is *act*."""
        return self.verdict is not None and self.verdict.act == act

    def line(self, source):
        """Return what the audit says of it."""
        said = self.verdict._asdict() if self.verdict else {}
        return {"id": self.minion, **said, "source": source, "key": print_of(self.shown)}


def judge(case, now):
    """Return the ``Verdict`` on *case*, not yet carried out; None where nothing is to decide."""
    if not is_possible(case.minion):
        return Verdict(LEAVE, "no machine of this lab can have such an id")
    record = case.record
    if PENDING in case.keys:  # an empty text is a key that fails
        return decide(case.keys[PENDING], record, now)
    if record and record.admitted is None and print_of(case.keys.get(ACCEPTED)) == record.fingerprint:
        return Verdict(ACCEPT, "the key that was enrolled, accepted before")
    return Verdict(REJECT, "another key holds this id") if record and DENIED in case.keys else None


def is_possible(minion):
    """Return whether a machine of this lab can have the id *minion*."""
    try:
        return bool(MINION.validate_python(minion))
    except ValidationError:
        return False


def print_of(pub):
    """Return the fingerprint of *pub*, or None where it is no key."""
    try:
        return pub and fingerprint(pub)
    except BadWish:
        return None
