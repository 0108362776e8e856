"""Salt's store of minion keys: ids are taken literally, never as a glob."""

import salt.key

from saltext.lab.admit.case import ACCEPTED, DENIED, PENDING


class KeyStore:
    """
    The key store of the master whose configuration is *opts*.

    What takes many ids opens the store once: Salt looks at all of its keys after each change (0.3 ms for each there).
    """

    def __init__(self, opts):
        # Salt would make every minion authenticate anew whenever a key is deleted.  What goes here has not joined,
        # or is the key that a machine had before its present power-on.
        self.opts = {**opts, "rotate_aes_key": False, "preserve_minions": True}

    def pub(self, minion, status):
        """Return the public key (PEM) of *minion* when its key is in *status*, else None."""
        return self.look([minion])[minion].get(status)

    def look(self, minions):
        """Return ``{minion: {status: public key}}`` of *minions*."""
        with salt.key.get_key(self.opts) as keys:
            return {minion: _stored(keys, minion) for minion in minions}

    def ids(self, *statuses):
        """Return the ids that have a key in any of *statuses*."""
        with salt.key.get_key(self.opts) as keys:
            there = keys.list_keys()
        return sorted({minion for status in statuses for minion in there[status]})

    def accept(self, pubs):
        """Return who of *pubs*, ``{minion: public key}``, is accepted now: whose key is (still) that one."""
        with salt.key.get_key(self.opts) as keys:
            if still := [minion for minion, pub in pubs.items() if _stored(keys, minion).get(PENDING) == pub]:
                keys.accept(match_dict={PENDING: still})
            taken = {minion for minion, pub in pubs.items() if _stored(keys, minion).get(ACCEPTED) == pub}
            if swapped := [minion for minion in pubs if minion not in taken]:  # between look and accept
                keys.delete_key(match_dict={ACCEPTED: swapped})
            return taken

    def delete(self, doomed):
        """Delete the keys *doomed*, ``{status: minions}``, of those that have one in that status."""
        with salt.key.get_key(self.opts) as keys:
            there = {status: [one for one in of if status in _stored(keys, one)] for status, of in doomed.items()}
            if any(there.values()):
                keys.delete_key(match_dict=there)


def _stored(keys, minion):
    """Return ``{status: public key}`` of *minion*."""
    key, denied = _fetched(keys, "keys", minion), _fetched(keys, "denied_keys", minion)
    found = {keys.STATE_MAP[key["state"]]: key["pub"]} if isinstance(key, dict) and key.get("state") else {}
    return found | ({DENIED: denied[0]} if denied else {})


def _fetched(keys, bank, minion):
    try:
        return keys.cache.fetch(bank, minion)
    except UnicodeDecodeError:  # bytes that are no text; Salt cannot tell their status, and does not accept them either
        return [""] if bank == "denied_keys" else {"state": "pending", "pub": ""}
