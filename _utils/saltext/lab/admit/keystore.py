"""Salt's store of minion keys: ids are taken literally, never as a glob."""

import salt.key

PENDING, ACCEPTED, DENIED = "minions_pre", "minions", "minions_denied"


class KeyStore:
    """The key store of the master whose configuration is *opts*."""

    def __init__(self, opts):
        # Salt would make every minion authenticate anew whenever a key is deleted.  What goes here has not joined,
        # or is the key that a machine had before its present power-on.
        self.opts = {**opts, "rotate_aes_key": False, "preserve_minions": True}

    def pub(self, minion, status):
        """Return the public key (PEM) of *minion* when its key is in *status*, else None."""
        with salt.key.get_key(self.opts) as keys:
            return _pub(keys, minion, status)

    def ids(self, status=ACCEPTED):
        """Return the ids of the keys in *status*."""
        with salt.key.get_key(self.opts) as keys:
            return list(keys.list_keys().get(status, []))

    def accept(self, minion, pub):
        """Return whether the pending key of *minion* is accepted now; only if it is (still) *pub*."""
        with salt.key.get_key(self.opts) as keys:
            if _pub(keys, minion, PENDING) == pub:
                keys.accept(match_dict={PENDING: [minion]})
            if _pub(keys, minion, ACCEPTED) == pub:
                return True
            keys.delete_key(match_dict={ACCEPTED: [minion]})  # it was swapped between look and accept
            return False

    def delete(self, minion, *statuses):
        """Delete the keys of *minion* in any of *statuses*."""
        with salt.key.get_key(self.opts) as keys:
            there = {status: [minion] for status in statuses if _pub(keys, minion, status) is not None}
            if there:
                keys.delete_key(match_dict=there)


def _pub(keys, minion, status):
    try:
        return _stored(keys, minion, status)
    except UnicodeDecodeError:  # bytes that are no text; Salt cannot tell their status, and does not accept them either
        return ""


def _stored(keys, minion, status):
    if status == DENIED:
        return next(iter(keys.cache.fetch("denied_keys", minion) or []), None)
    key = keys.cache.fetch("keys", minion) or {}
    return key.get("pub") if keys.STATE_MAP.get(key.get("state")) == status else None
