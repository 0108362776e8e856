"""What each key and each record of a master is good for.  Pure."""

from typing import NamedTuple

from saltext.lab.admit.case import ACCEPTED, PENDING, Case, judge, print_of

REJECTED = "minions_rejected"  #: Salt's word for what `salt-key -r` did; the desk never does
KINDS = ("accepted", "enrolled", "pending", "denied", "stale")
GONE = "not in the spec any more"


class Key(NamedTuple):
    """A public key in Salt's store."""

    id: str
    status: str  #: in Salt's words
    pub: str
    since: float | None = None  #: s since 1970


class Row(NamedTuple):
    """One line of ``lab.keys``."""

    kind: str  #: one of KINDS
    id: str
    fingerprint: str | None
    since: float | None
    host: str | None
    why: str


def classify(expected, records, keys, now):
    """
    Return a ``Row`` for each of *keys*, and for each record of a machine whose key is not here, by kind and id.

    *expected* has the ids that the spec gives this master, *records* is ``{id: Record}``, *keys* is a list of
    ``Key``, *now* is in seconds since 1970.  Stale is what lets nobody in any more, or should not: ``lab.revoke``
    takes it away.
    """
    rows = [_of_key(expected, records.get(key.id), key, now) for key in keys]
    here = {(row.id, row.fingerprint) for row in rows if row.kind != "denied"}
    absent = [record for record in records.values() if (record.id, record.fingerprint) not in here]
    rows += [_of_record(expected, record, now) for record in absent]
    return sorted(rows, key=lambda row: (KINDS.index(row.kind), row.id))


def _of_key(expected, record, key, now):
    kind, why = _key(expected, record, key, now)
    since = record.admitted if kind == "accepted" and record.admitted else key.since
    return Row(kind, key.id, print_of(key.pub), since, record and record.host, why)


def _of_record(expected, record, now):
    kind, why = _record(expected, record, now)
    return Row(kind, record.id, record.fingerprint, record.admitted, record.host, why)


def _key(expected, record, key, now):
    """Return kind and reason of *key*."""
    if key.status == ACCEPTED:
        return _accepted(expected, record, key)
    if key.status == PENDING:
        return "pending", " — ".join(judge(Case(key.id, record, {PENDING: key.pub}), now))
    return "denied", "rejected by salt-key" if key.status == REJECTED else "another key held this id"


def _accepted(expected, record, key):
    if key.id not in expected:
        return "stale", GONE
    if record is None:
        return "stale", "accepted, but nobody enrolled it"
    if print_of(key.pub) != record.fingerprint:
        return "stale", "accepted, but another key was enrolled since"
    return "accepted", "the key that was enrolled"


def _record(expected, record, now):
    """Return kind and reason of *record*, whose key is not here."""
    if record.id not in expected:
        return "stale", GONE
    if record.admitted is not None:
        return "stale", "its key was deleted since it was admitted"
    if now > record.expires:
        return "stale", "its enrolment has expired"
    return "enrolled", f"expected for {record.expires - now:.0f} s more"
