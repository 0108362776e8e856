"""Build an image in a directory of its own, and put it in its place in one step."""

import importlib
import shutil
from contextlib import contextmanager

from images import cache, sign


def build(name):
    """
    Return the directory of image *name*, built first when it is missing (minutes).

    Two builds at once are one: the second waits for the first.  Raises ``BadWish`` for an unknown name,
    ``Refused`` or ``Unreachable`` with the words of the program that failed.
    """
    if name in cache.SIGNED:
        with cache.lock("keys"):
            sign.make(cache.keys())
    where = cache.place(name)
    with cache.lock(name):
        if not where.is_dir():
            _make(name, where)
    return where


def _make(name, where):
    # Only the holder of the lock works here, so what is there was left by a build that was killed.
    with workshop(cache.home() / f".{name}.work") as work:
        recipe(name).make(work / "image", work)
        (work / "image").rename(where)


def recipe(name):
    """Return the module that makes image *name*."""
    return importlib.import_module(f"images.{name}")


@contextmanager
def workshop(work):
    """Give directory *work* with an empty ``image`` in it, and remove it afterwards."""
    shutil.rmtree(work, ignore_errors=True)
    try:
        (work / "image").mkdir(parents=True)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
