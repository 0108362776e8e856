"""The journals of runs on disk: a file for each, a line of JSON for each thing that happened, none ever changed."""

import json
import os
import subprocess
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from saltext.lab.admit.store import DIRECTORY
from saltext.lab.boot import trace
from saltext.lab.boot.run import INTERRUPTED
from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest

KEPT = 50  #: runs whose journals are kept


def place(opts):
    """Return the directory of journals of the master with the configuration *opts*: beside its records."""
    return Path(opts["lab"].get("records", DIRECTORY)).with_name("runs")


def new_id():
    """Return a name for a run, which sorts by time: ``20261121-161449-123``."""
    return datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3]


class Journal:
    """A journal that is being written to the file *path*, which must not be there; ``run`` is what it tells so far."""

    def __init__(self, path):
        self.run = trace.Run(path.stem)
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)

    def add(self, kind, **about):
        """Write one line *about* something, which is on disk then; return it as a dict, with when it was."""
        record = {"kind": kind, "at": round(time.time(), 3), **about}
        os.write(self.file, json.dumps(record).encode() + b"\n")
        os.fsync(self.file)
        self.run = self.run.plus(record)
        return record


@contextmanager
def kept(directory, name):
    """Yield the ``Journal`` of the run *name*; it has a last line in the end, unless the process is killed."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    journal = Journal(directory / f"{name}.jsonl")
    _prune(directory)
    try:
        yield journal
    except (KeyboardInterrupt, SystemExit):
        journal.add(trace.END, retcode=INTERRUPTED)
        raise
    except BaseException as err:
        journal.add(trace.END, retcode=1, fault=str(err))
        raise
    finally:
        os.close(journal.file)


def names(directory):
    """Return the names of all runs, the oldest first."""
    return sorted(path.stem for path in directory.glob("*.jsonl"))


def load(directory, name=None):
    """Return the ``Run`` *name*, or the last one; raises ``BadWish`` where there is none."""
    there = names(directory)
    if not there or (name and name not in there):
        what = f"there is no run {name}{nearest(name, there)}" if name else "there is no run yet"
        raise BadWish(what, "", "see all of them: salt-run lab.runs")
    path = directory / f"{name or there[-1]}.jsonl"
    return trace.run(path.stem, path.read_bytes())


def is_alive(run):
    """Return whether the process of *run* is still there."""
    return bool(run.head) and born(run.head["pid"]) == run.head["born"]


def followed(directory, run):
    """Yield the lines of *run* as dicts, those that are there and those to come, until it ends or its process does."""
    path = directory / f"{run.id}.jsonl"
    if not is_alive(run):
        yield from trace.records(path.read_bytes())
        return
    argv = ["tail", "--lines=+1", "--follow", f"--pid={run.head['pid']}", str(path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tail:
        try:
            yield from _until_end(tail.stdout)
        finally:
            tail.terminate()


def _until_end(lines):
    for line in lines:
        for record in trace.records(line):
            yield record
            if record["kind"] == trace.END:
                return


def born(pid):
    """Return what tells process *pid* from others with its number, when it was started; None when it is dead."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # proc(5): from field 3 on
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(fields[18])  # a process that has died waits for its parent as a zombie


def _prune(directory):
    for name in names(directory)[:-KEPT]:
        (directory / f"{name}.jsonl").unlink(missing_ok=True)
