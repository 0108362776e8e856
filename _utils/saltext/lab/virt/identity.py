"""The key pair that a guest's minion is born with, made on its hypervisor."""

import os
import shutil
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from saltext.lab.admit.key import fingerprint
from saltext.lab.schema import check
from saltext.lab.virt.model import Name

DIRECTORY = "/var/lib/saltext-lab/identities"


def make(name, master_pub, directory=DIRECTORY):
    """
    Return the fingerprint of a fresh key pair for the minion in guest *name*.

    ``<directory>/<name>/`` then holds ``minion.pem``, ``minion.pub`` and ``master.pub``, which
    is *master_pub*.  They take the place of older ones all together.  The private key is
    in that file only.  Raises ``BadWish`` for a *name* that is no domain's and a *master_pub* that is no key.
    """
    home = Path(directory, check(Name, name, "name"))
    fingerprint(master_pub)
    private, public = _pair()
    files = {"minion.pem": (private, 0o600), "minion.pub": (public, 0o644), "master.pub": (master_pub.encode(), 0o644)}
    # Others may pass through, not look: QEMU opens the files as its own user, and libvirt gives it those of its guest.
    home.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    _replace(home, files)
    return fingerprint(public)


def forget(name, directory=DIRECTORY):
    """Return whether guest *name* had a key pair; it has none now."""
    home = Path(directory, check(Name, name, "name"))
    had = home.exists()
    shutil.rmtree(home, ignore_errors=not had)
    return had


def spend(name, directory=DIRECTORY):
    """Return whether the private key of guest *name* was here; it is in the guest's memory alone now."""
    pem = Path(directory, check(Name, name, "name"), "minion.pem")
    had = pem.exists()
    pem.unlink(missing_ok=True)
    return had


def _pair():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _replace(home, files):
    """Put *files* at *home*: who looks sees all old ones, none, or all new ones, never a mix."""
    with tempfile.TemporaryDirectory(prefix=".", dir=home.parent) as work:
        new, old = Path(work, "new"), Path(work, "old")
        new.mkdir()
        for name, (content, mode) in files.items():
            _write(new / name, content, mode)
        new.chmod(0o711)
        if home.exists():
            home.rename(old)
        new.rename(home)


def _write(path, content, mode):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
