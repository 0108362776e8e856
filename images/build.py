"""Build an image in a directory of its own, and put it in its place in one step."""

import importlib
import shutil

from images import cache


def build(name):
    """
    Return the directory of image *name*, built first when it is missing (minutes).

    Two builds at once are one: the second waits for the first.  Raises ``BadWish`` for an unknown name,
    ``Refused`` or ``Unreachable`` with the words of the program that failed.
    """
    where = cache.place(name)
    with cache.lock(name):
        if not where.is_dir():
            _make(name, where)
    return where


def _make(name, where):
    # Only the holder of the lock works here, so what is there was left by a build that was killed.
    workshop = cache.home() / f".{name}.work"
    shutil.rmtree(workshop, ignore_errors=True)
    try:
        (workshop / "image").mkdir(parents=True)
        importlib.import_module(f"images.{name}").make(workshop / "image", workshop)
        (workshop / "image").rename(where)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
