"""What differs on a machine that runs from RAM: its image below, and above it the layer that has taken all writes."""

import os
import stat
from pathlib import Path

from saltext.lab.errors import BadWish, Refused

UPPER = Path("/usr/lib/lab/upper/files")  # where init of the image ``ram`` leaves them
LOWER = Path("/usr/lib/lab/lower")
CARRIED = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


def differing(paths, upper=UPPER, lower=LOWER):
    """
    Return ``(take, left)``: names at or below *paths* that differ from the image, and those an overlay cannot carry.

    ``take`` is sorted, ``left`` is ``{name: why}``.  A file that was written and is as before does not differ.
    Raises ``BadWish`` for a path that is neither there nor in the image, ``Refused`` on a machine without layers.
    """
    if not upper.is_dir():
        raise Refused("nobody knows what differs here", f"no {upper}", "ask a machine that booted the image ram")
    names = {name for path in paths for name in _below(_name(path), upper, lower)}
    odd = {name: why for name in names if (why := _odd((upper / name).lstat()))}
    return sorted(name for name in names - odd.keys() if not _same(upper / name, lower / name)), odd


def _name(path):
    parts = Path(path).parts
    if not parts or parts[0] != "/" or ".." in parts:
        raise BadWish(f"{path} is no path from the root", "", "such as /etc/motd")
    parent = Path(path).parent.resolve()  # /lib is a link to /usr/lib
    return str(parent / Path(path).name).lstrip("/")


def _below(name, upper, lower):
    top = upper / name
    if not os.path.lexists(top):
        if not os.path.lexists(lower / name):
            raise BadWish(f"/{name} is not there", "", "lab_image.differs shows what is")
        return
    if name:
        yield name
    if top.is_dir() and not top.is_symlink():
        yield from (str(path.relative_to(upper)) for path in top.rglob("*"))


def _odd(status):
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:  # how overlayfs writes down that a file is gone
        return "removed, which an overlay cannot do"
    return "" if stat.S_IFMT(status.st_mode) in CARRIED else "neither a file, a directory nor a link"


def _same(path, other):
    if not os.path.lexists(other):
        return False
    mine, its = path.lstat(), other.lstat()
    if (mine.st_mode, mine.st_uid, mine.st_gid) != (its.st_mode, its.st_uid, its.st_gid):
        return False
    if stat.S_ISLNK(mine.st_mode):
        return os.readlink(path) == os.readlink(other)
    return stat.S_ISDIR(mine.st_mode) or path.read_bytes() == other.read_bytes()
