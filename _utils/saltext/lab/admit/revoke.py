"""Take away from machines what lets them in, and what the master remembers of them."""

from saltext.lab.admit.case import ACCEPTED, DENIED, PENDING, is_possible
from saltext.lab.admit.keys import REJECTED
from saltext.lab.errors import BadWish, NotSafe

REVOKE, RECORD = "revoke", "record"
WORDS = {ACCEPTED: "accepted key", PENDING: "pending key", DENIED: "denied key", REJECTED: "rejected key"}
WORDS |= {RECORD: "enrolment"}


def checked(ids, protected):
    """Return *ids*, one id or a list of ids, as a list; raises ``NotSafe`` where one of *protected* is among them."""
    found = ids if isinstance(ids, list) else [ids]
    if odd := [one for one in found if not isinstance(one, str) or not one]:
        fix = "quote what YAML takes for something else: lab.revoke \"'101'\""
        raise BadWish(f"{odd[0]!r} is no id", "an id is a text", fix)
    if own := sorted(set(found) & set(protected)):
        why = "without it, nobody reaches that master"
        raise NotSafe(f"{own[0]} is the minion beside a master", why, "if that is meant: force=true")
    return found


def revoke(desk, keyring, ids, source):
    """
    Return ``{id: what of it went}``, a list of words, empty where nothing was there; *ids* are taken literally.

    Record and keys of every status go in one turn, so that no knock comes between.  Then, where a machine may have been
    in, the master takes a new AES key: with the old one it would read on what is published.  At last Salt's cache.
    *source*, who asked, goes into the audit.
    """
    with desk.store.turn():
        gone = {one: _record(desk.store, one) + keyring.delete(one) for one in ids}
        # At once: this much is done, whatever fails from here on.
        desk.audit.note([_line(one, what, source) for one, what in gone.items() if what])
    if any({ACCEPTED, RECORD} & set(what) for what in gone.values()):
        keyring.rotate()
    cached = {one: [f"cached {bank}" for bank in keyring.forget(one)] for one in ids}
    return {one: [WORDS[part] for part in gone[one]] + cached[one] for one in ids}


def _record(store, minion):
    had = store.get(minion) is not None
    if is_possible(minion):
        store.drop(minion)  # a torn one too
    return [RECORD] if had else []


def _line(minion, what, source):
    return {"id": minion, "act": REVOKE, "why": ", ".join(WORDS[part] for part in what), "source": source, "key": None}
