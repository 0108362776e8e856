"""The settings of a master on which admission and least privilege rest: what they shall be, and what they are."""

import stat
from pathlib import Path

from salt.utils.crypt import pem_finger

#: What salt/salt-master/lab.conf.j2 sets, and what Salt has where it sets nothing (null).
STRICT: dict = {
    "auto_accept": False,
    "open_mode": False,
    "autosign_file": None,  # by id, which anybody can have
    "autosign_grains_dir": None,  # by grains, which a minion states itself
    "minimum_auth_version": 3,
    "permissive_pki_access": False,
    "allow_minion_key_revoke": False,
    "file_recv": False,
    "peer": {},
    "peer_run": {},
    "mine_get": {},
    "minions_autosign": [],  # ids that Salt accepts whatever their key, each a file in pki_dir
    "pillar_served": [],  # pillar roots at or below a file root: every minion could fetch them
    "pki_mode": "0700",  # of the directory with all keys
}


def settings(opts):
    """Return ``{name: value}`` of all in ``STRICT``, as the master with the configuration *opts* has them."""
    pki = Path(opts["pki_dir"])
    looked = {"minions_autosign": _autosigned(pki), "pillar_served": _served(opts), "pki_mode": _mode(pki)}
    return {name: looked[name] if name in looked else opts.get(name) for name in STRICT}


def deviations(found):
    """Return ``{name: value}`` of what in *found*, ``settings`` of a master, is not as it shall be.  Pure."""
    return {name: found.get(name) for name, wanted in STRICT.items() if found.get(name) != wanted}


def finger(pki_dir):
    """Return the fingerprint of the master's public key in *pki_dir*, as ``master_finger`` has it; "" without a key."""
    return pem_finger(str(Path(pki_dir, "master.pub")), sum_type="sha256")


def _autosigned(pki):
    return sorted(path.name for path in (pki / "minions_autosign").glob("*") if path.name != ".key_cache")


def _served(opts):
    served = [Path(root).resolve() for roots in opts["file_roots"].values() for root in roots]
    kept = [Path(root).resolve() for roots in opts["pillar_roots"].values() for root in roots]
    return sorted({str(root) for root in kept for of in served if root.is_relative_to(of)})


def _mode(path):
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"
