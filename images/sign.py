"""
A key and the signatures by it, as GRUB verifies them: OpenPGP, RSA, each beside the file that it is of.

The secret key has no passphrase: who may read it, root of the machine that builds images, may sign.  All has one and
the same time, so that a file signed twice has one signature; GRUB looks at no clock.
"""

import shutil
import tempfile
from contextlib import contextmanager

from images import root
from saltext.lab.command import run

SECRET, PUBLIC = "secret.pgp", "public.pgp"
# gpg would take SHA-512. GRUB for BIOS, a 32-bit program, is quicker with SHA-256: 2 s instead of 3 under emulation.
ALWAYS = ("--batch", "--no-tty", "--quiet", "--faked-system-time", f"{root.EPOCH}!", "--digest-algo", "SHA256")
KEY = """\
%no-protection
Key-Type: RSA
Key-Length: 3072
Key-Usage: sign
Name-Real: saltext-lab
Expire-Date: 0
"""


def make(keys):
    """Make directory *keys* with a secret and a public key in it, unless it is there."""
    if keys.is_dir():
        return
    new = keys.with_name(f".{keys.name}.new")
    shutil.rmtree(new, ignore_errors=True)  # left by one that was killed
    new.mkdir(mode=0o700)
    with _gpg() as gpg:
        gpg("--generate-key", stdin=KEY)
        gpg("--output", new / SECRET, "--export-secret-keys")
        gpg("--output", new / PUBLIC, "--export")
    new.rename(keys)


def files(keys, *paths):
    """Sign each of *paths* with the key in directory *keys*: ``vmlinuz`` gets ``vmlinuz.sig`` beside it."""
    with _gpg() as gpg:
        gpg("--import", keys / SECRET)
        for path in paths:
            gpg("--yes", "--output", f"{path}.sig", "--detach-sign", path)


@contextmanager
def _gpg():
    """Give a function that calls gpg in a home of its own; the agent that gpg starts ends when that is gone."""
    with tempfile.TemporaryDirectory(prefix="lab-gpg-") as home:
        yield lambda *words, stdin=None: run("gpg", "--homedir", home, *ALWAYS, *words, stdin=stdin)
