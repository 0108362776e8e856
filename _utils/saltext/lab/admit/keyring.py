"""What Salt keeps of minions beside their wish to join: keys of every status, caches, and the master's own AES key."""

import time

import salt.cache
import salt.crypt
import salt.key
import salt.utils.event
import salt.utils.verify

from saltext.lab.admit.case import ACCEPTED, DENIED, PENDING
from saltext.lab.admit.keys import REJECTED, Key
from saltext.lab.errors import NotConverged

STATUSES = (ACCEPTED, PENDING, DENIED, REJECTED)
BANKS = ("grains", "pillar", "mine")  #: of Salt's minion cache (3008); a pillar's key may be ``ID:ENVIRONMENT``
PATIENCE = 30  #: seconds; the master looks each ``loop_interval``, which is 2 s here


class Keyring:
    """The keys and caches of the master whose configuration is *opts*."""

    def __init__(self, opts):
        # Salt would look for the caches of all minions, and would not wait for the new AES key: both are done here.
        self.opts = {**opts, "rotate_aes_key": False, "preserve_minion_cache": True}

    def keys(self):
        """Return every ``Key`` there is."""
        with salt.key.get_key(self.opts) as keys:
            ids = keys.list_keys()
            return [_key(keys, minion, status) for status in STATUSES for minion in ids[status]]

    def delete(self, minion):
        """Return the statuses that a key of *minion*, taken literally, had; it has none now."""
        if not salt.utils.verify.valid_id(self.opts, minion):  # Salt stores none of such an id
            return []
        with salt.key.get_key(self.opts) as keys:
            ids = keys.list_keys()
            found = [status for status in STATUSES if minion in ids[status]]
            if found:
                keys.delete_key(match_dict={status: [minion] for status in found})
        return found

    def forget(self, minion):
        """Return the parts of Salt's minion cache that knew *minion*; none does now."""
        cache = salt.cache.factory(self.opts)
        found = {bank: [key for key in cache.list(bank) if key.split(":")[0] == minion] for bank in BANKS}
        for bank, keys in found.items():
            for key in keys:
                cache.flush(bank, key)
        return [bank for bank, keys in found.items() if keys]

    def rotate(self, seconds=PATIENCE):
        """
        Have the master take a new AES key: who has no accepted key cannot read what it publishes from then on.

        Raises ``NotConverged`` where that is not done within *seconds*; a master that does not run takes a new key
        when it starts.
        """
        end = time.monotonic() + seconds
        with salt.utils.event.get_master_event(self.opts, self.opts["sock_dir"], listen=True) as bus:
            salt.crypt.dropfile(self.opts["cachedir"], self.opts["user"], self.opts["id"])
            while (left := end - time.monotonic()) > 0:
                event = bus.get_event(wait=left, tag="key", match_type="startswith")
                if event and event.get("rotate_aes_key"):
                    return
        why = f"it took no new AES key within {seconds} s"
        raise NotConverged("who was revoked may listen on", why, "systemctl restart salt-master")


def _key(keys, minion, status):
    bank = "denied_keys" if status == DENIED else "keys"
    try:
        found = keys.cache.fetch(bank, minion)
    except UnicodeDecodeError:  # bytes that are no text
        found = None
    pub = (found or [""])[0] if status == DENIED else (found or {}).get("pub", "")
    return Key(minion, status, pub, keys.cache.updated(bank, minion))
