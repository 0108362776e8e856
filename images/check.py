"""Build an image a second time and compare: the same recipe has to make the same image."""

import hashlib
import os

from images import cache
from images.build import build, recipe, workshop


def check(name):
    """
    Return the files of image *name* in which a second build, kept nowhere, differs from the one in the cache; sorted.

    Packages that became newer in between make a difference too.  Takes as long as a build.
    """
    first = build(name)
    with cache.lock(f"{name}.check"), workshop(cache.home() / f".{name}.check") as work:
        recipe(name).make(work / "image", work)
        return differing(first, work / "image")


def differing(one, other):
    """Return the paths below directories *one* and *other* whose kind, mode, owner or content differ; sorted."""
    mine, its = _files(one), _files(other)
    return sorted(path for path in mine.keys() | its.keys() if mine.get(path) != its.get(path))


def _files(folder):
    return {str(path.relative_to(folder)): _mark(path) for path in folder.rglob("*")}


def _mark(path):
    status = path.lstat()
    return status.st_mode, status.st_uid, status.st_gid, _content(path)


def _content(path):
    if path.is_symlink():
        return os.readlink(path)
    if not path.is_file():
        return ""
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
