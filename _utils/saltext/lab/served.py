"""The slices that a master gives out: compiled once for all its processes, as long as nothing changes."""

import hashlib
import json
from functools import cache
from pathlib import Path

from saltext.lab import errors
from saltext.lab.answer import lab_of
from saltext.lab.cache import Cache
from saltext.lab.netboot import shelf
from saltext.lab.spec import kept
from saltext.lab.spec.compile import compile
from saltext.lab.spec.slices import given, stocked

STOCKED = ".stocked"  #: no machine can have that name


def of(opts, minion):
    """
    Return the slice of *minion* from the master with the configuration *opts*, or None where it has none for it.

    Raises ``BadWish`` for a spec with mistakes, and for the host that serves images ``Unreachable`` where nobody knows
    what there is of them.
    """
    config, key = opts["lab"], _key(opts)
    found = _known(_cache(opts, "slices", key), [minion, STOCKED], lambda: _all(lab_of(opts)))
    about = found.pop(STOCKED)
    if minion == about["http"] and "physical" in config["serves"]:
        has = shelf.read(about["images"], about["overlays"], config.get("images", shelf.ROOT))
        mine = _cache(opts, "http", _digest(key, repr(has)))
        found = _known(mine, [minion], lambda: {minion: compile(lab_of(opts), has)[minion]})
    return given(found.get(minion), config["serves"])


def many(opts, minions):
    """Return ``{minion: slice, or None}``, each as ``of`` does, without what the host of images has of those."""
    found = _known(_cache(opts, "slices", _key(opts)), minions, lambda: _all(lab_of(opts)))
    return {minion: given(found.get(minion), opts["lab"]["serves"]) for minion in minions}


def _all(lab):
    return compile(lab) | {STOCKED: stocked(lab)}


def _cache(opts, name, key):
    return Cache(Path(opts["cachedir"]) / "saltext-lab" / name, key)


def _known(cache, names, work):
    if (found := cache.get(names)) is None:
        with cache.turn():
            if (found := cache.get(names)) is None:
                made = work()
                cache.put(made)
                found = {name: json.loads(json.dumps(made[name], default=str)) for name in names if name in made}
    return found


def _key(opts):
    """Return the digest of all that slices follow from: the files of the pillar, how the lab stands, and our code."""
    told = json.dumps([opts["lab"], opts["pillar_roots"], opts.get("renderer")], default=str, sort_keys=True)
    roots = [Path(root) for roots in opts["pillar_roots"].values() for root in roots]
    files = [path for root in roots for path in sorted(root.rglob("*")) if path.is_file()]
    return _digest(_code(), told, *(str(path) for path in files), *map(_read, [*files, kept.file(opts)]))


@cache
def _code():
    """Return the digest of the suite's own files, as they were when this process looked first."""
    return _digest(*(path.read_bytes() for path in sorted(Path(errors.__file__).parent.rglob("*.py"))))


def _read(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b"-"


def _digest(*parts):
    told = hashlib.sha256()
    for part in parts:
        told.update(hashlib.sha256(part if isinstance(part, bytes) else part.encode()).digest())
    return told.hexdigest()
