"""Where images live, and the hash of a recipe that names them."""

import fcntl
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path

from images import sign
from saltext.lab.errors import BadWish, Unreachable

HERE = Path(__file__).parent
NAMES = ("grub", "host", "ram", "disk", "installer", "stick")
SHARED = ("root.py", "venv.py")  # the modules besides its own directory that shape what is in an image
INITRAMFS = ("ram/cpio.py", "ram/initramfs.py", "ram/kernel.py")
ALSO = {  # and what some share with others
    "grub": ("sign.py",),
    "ram": ("manifest.py", "sign.py"),
    "disk": ("manifest.py",),
    "installer": ("manifest.py", *INITRAMFS),
    "stick": ("host/files", "host/python.txt", "manifest.py", *INITRAMFS, "ram/prune-python.txt"),
}
SIGNED = ("grub", "ram")  # the key of this cache shapes these too: with another key, they are other images


def home():
    """Return the directory that holds all images: ``$LAB_CACHE/images``, made if need be."""
    where = Path(os.environ.get("LAB_CACHE") or "/var/cache/saltext-lab") / "images"
    where.mkdir(parents=True, exist_ok=True)
    return where


def keys():
    """Return the directory with the key that signs images; ``images.build`` makes it (images/sign.py)."""
    return home().with_name("keys")


def place(name):
    """Return the directory image *name* has, or will have once it is built."""
    return home() / f"{name}-{digest(name)[:12]}"


def path(name):
    """Return the directory of image *name*; raises ``Unreachable`` when it has not been built."""
    where = place(name)
    if not where.is_dir():
        raise Unreachable(f"image {name} is not there", f"no {where}", f"python -m images build {name}")
    return where


def digest(name, source=HERE):
    """
    Return the sha256 of the recipe of image *name*, in hex.

    Names, contents, links and the executable bit count; times, owners and compiled Python do not.  So does the
    public key, where there is one, of an image that is signed.
    """
    if name not in NAMES:
        raise BadWish(f"there is no image {name}", "", f"one of {', '.join(NAMES)}")
    total = hashlib.sha256()
    also = (file for part in (*SHARED, *ALSO.get(name, ())) for file in sorted(_files(source / part)))
    for file in [*sorted(_files(source / name)), *also]:
        what, data = _content(file)
        total.update(f"{file.relative_to(source)} {what} {len(data)}\n".encode() + data)
    total.update(_key(name))
    return total.hexdigest()


@contextmanager
def lock(name):
    """Hold the right to build image *name*; waits for whoever has it."""
    with open(home() / f".{name}.lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key(name):
    file = keys() / sign.PUBLIC
    return file.read_bytes() if name in SIGNED and file.exists() else b""


def _files(part):
    return (file for file in (part, *part.rglob("*")) if _counts(file))


def _counts(file):
    return "__pycache__" not in file.parts and (file.is_symlink() or file.is_file())


def _content(file):
    if file.is_symlink():
        return "link", os.readlink(file).encode()
    return "program" if os.access(file, os.X_OK) else "file", file.read_bytes()
