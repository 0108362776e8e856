"""Whether a pending key may join.  Pure: the same question has the same answer, whoever asks."""

import hmac
from typing import NamedTuple

from saltext.lab.admit.key import fingerprint
from saltext.lab.errors import BadWish

ACCEPT, REJECT, LEAVE = "accept", "reject", "leave"


class Verdict(NamedTuple):
    """What to do with a pending key, and why."""

    act: str
    why: str


def decide(pub, record, now):
    """
    Return the ``Verdict`` on the pending public key *pub* (PEM) of a minion with *record* (None: never enrolled).

    *now* is in seconds since 1970.  Only the key that was enrolled is accepted, once, and
    before it expires.  A key that fails is rejected, so that it does not keep the place
    from the true one; a stranger's is left for a person to look at.
    """
    if record is None:
        return Verdict(LEAVE, "nobody enrolled this id")
    try:
        shown = fingerprint(pub)
    except BadWish as err:
        return Verdict(REJECT, str(err))
    if not hmac.compare_digest(shown, record.fingerprint):
        return Verdict(REJECT, "another key is enrolled for this id")
    if record.admitted is not None:
        return Verdict(REJECT, "its enrolment was used before")
    if now > record.expires:
        return Verdict(REJECT, "its enrolment has expired")
    return Verdict(ACCEPT, "the key that was enrolled")
