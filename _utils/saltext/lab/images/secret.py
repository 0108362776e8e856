"""What must never travel in an overlay, which every machine on the wire can fetch: by its name, or by what it says."""

import re
from fnmatch import fnmatch

NAMES = {
    "etc/salt/pki*": "keys of Salt",
    "etc/salt/gpgkeys*": "keys of Salt",
    "var/cache/salt/*": "what Salt keeps of pillars and jobs",
    "etc/ssh/ssh_host_*": "a key of this host",
    "etc/shadow*": "passwords",
    "etc/gshadow*": "passwords",
    "etc/ssl/private*": "private keys",
    "etc/wireguard*": "private keys",
    "etc/libvirt/secrets*": "secrets of libvirt",
    "etc/ceph/*keyring*": "keys of Ceph",
    "var/lib/ceph/*keyring*": "keys of Ceph",
    "*.keytab": "keys of Kerberos",
    "*.ssh/id_*": "a person's key",
    "*.gnupg/*": "a person's keys",
    "*.netrc": "passwords",
    "*.pgpass": "passwords",
    "*.vault-token": "a token",
    "*.docker/config.json": "tokens",
    "*.aws/credentials": "tokens",
}
KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----")


def among(root, names):
    """Return ``{name: what it is}`` of those *names*, files below *root*, that are secrets."""
    found = ((name, _by_name(name) or _by_content(root / name)) for name in sorted(names))
    return {name: what for name, what in found if what}


def _by_name(name):
    return next((what for pattern, what in NAMES.items() if fnmatch(name, pattern)), "")


def _by_content(path):
    if path.is_symlink() or not path.is_file():
        return ""
    return "a private key is in it" if KEY.search(path.read_bytes()) else ""
