"""What was compiled before, for as long as all that it follows from is the same: one file, which all processes read."""

import fcntl
import json
import time
from contextlib import contextmanager

from saltext.lab.files import replace

AGE = 300  #: seconds; a template may read what no digest has seen


class Cache:
    """
    JSON documents by name in the file *path* (a ``Path``), all of them under one *key*.

    The file has secrets: it is for its owner alone.  Its first line says where in it each document is, so that one is
    read without the others.
    """

    def __init__(self, path, key):
        self.path, self.key = path, key

    def get(self, names):
        """Return ``{name: document}`` of those of *names* that there are, or None where nothing is known of the key."""
        try:
            with self.path.open("rb") as file:
                head = json.loads(file.readline())
                if head["key"] != self.key or not 0 <= time.time() - head["at"] < AGE:
                    return None
                begin, index = file.tell(), head["index"]
                return {name: _document(file, begin, *index[name]) for name in names if name in index}
        except (OSError, ValueError, KeyError, TypeError):  # none, or none of ours: it is made anew
            return None

    def put(self, documents):
        """Keep *documents*, ``{name: what JSON can say}``, in place of all that was there."""
        bodies = {name: json.dumps(one, default=str) for name, one in documents.items()}
        index, end = {}, 0
        for name, body in bodies.items():
            index[name] = (end, len(body))
            end += len(body)
        head = json.dumps({"key": self.key, "at": time.time(), "index": index})
        replace(self.path, "\n".join([head, "".join(bodies.values())]))

    @contextmanager
    def turn(self):
        """Hold the right to fill it: of several who miss something, one works it out."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _document(file, begin, at, size):
    file.seek(begin + at)
    return json.loads(file.read(size))
