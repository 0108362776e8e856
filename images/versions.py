"""The versions of each image in the cache: the current one, the former one to fall back to, old ones; their users."""

import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from images import cache
from saltext.lab.errors import BadWish, NotSafe


@dataclass(frozen=True)
class Version:
    """One image in the cache; *users* are the racks' disks that lie over it, and a process that has it mounted."""

    where: Path
    name: str
    role: str
    size: int
    built: datetime
    users: tuple[str, ...]


def versions():
    """Return every ``Version``, of each image the ``current`` one first, then the ``former``, then the ``old``."""
    users = _users()
    return [version for name in cache.NAMES for version in _of(name, users)]


def remove(name):
    """
    Remove the version called *name*, such as ``ram-0123456789ab``.

    Raises ``BadWish`` when there is none, ``NotSafe`` when it is the current or the former one, or in use.
    """
    found = [version for version in versions() if version.where.name == name]
    if not found:
        raise BadWish(f"there is no image {name} in the cache", "", "python -m images list")
    (version,) = found
    if version.role != "old":
        raise NotSafe(f"{name} is kept", f"it is the {version.role} one", "python -m images list")
    if version.users:
        raise NotSafe(
            f"{name} is kept", f"in use by {', '.join(version.users)}", "take down the rack: python -m rack down"
        )
    gone = version.where.with_name(f".{name}.gone")  # at once, so that nobody finds half of it
    version.where.rename(gone)
    shutil.rmtree(gone)


def _of(name, users):
    current = cache.place(name)
    there = [where for where in cache.home().glob(f"{name}-*") if where.is_dir()]
    there.sort(key=lambda where: (where != current, -where.stat().st_mtime))
    roles = ["current"] if current in there else []
    roles = [*roles, "former", *["old"] * len(there)]
    return [_version(where, name, role, users(where)) for where, role in zip(there, roles, strict=False)]


def _version(where, name, role, users):
    size = sum(file.lstat().st_blocks for file in where.rglob("*")) * 512
    return Version(where, name, role, size, datetime.fromtimestamp(where.stat().st_mtime), users)


def _users():
    """Return a function that tells who uses an image, by what is so now."""
    racks = Path(os.environ.get("RACK_STATE") or "/var/lib/saltext-lab-rack").resolve()
    disks = {f"{link.parts[-3]}/{link.parts[-2]}": Path(os.readlink(link)) for link in racks.glob("*/*/image")}
    mounts = {table.parent.name: _text(table) for table in Path("/proc").glob("[0-9]*/mountinfo")}

    def users(where):
        linked = [disk for disk, image in disks.items() if image.is_relative_to(where)]
        mounted = [f"process {number}" for number, table in mounts.items() if _mounted(where, table)]
        return tuple(sorted(linked) + sorted(mounted)[:1])

    return users


def _mounted(where, table):
    # Of a mount, the kernel tells the path from the root of its file system, of an overlay the path as it was given.
    return any(str(where).endswith(path) for path in re.findall(rf"[^\s=:,]*/{where.name}\b", table))


def _text(file):
    try:
        return file.read_text()
    except OSError:  # it has ended
        return ""
