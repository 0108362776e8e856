"""
10, 100 and 500 machines at the door of one master at once: how soon all are admitted, and highstated once.

``engine`` and ``reactor`` are the two ways in which a master of ours admits (``lab:master:admission``); each run has a
master of its own, of three workers, and light minions (tests/support/crowd.py) that share a process with this bench and
the machine with the master.  The clock runs from their first knock to the last key that is accepted and noted, and to
the last highstate that is noted; a light minion returns at once and asks for no pillar.  ``ratios`` are the engine over
the reactor.  What has not ended within 90 seconds is a row with its reason; the reactor has 100 and 500 but once.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import salt.version

from bench.report import row, show
from saltext.lab.admit.store import Store
from saltext.lab.errors import Unreachable
from saltext.lab.wait import until
from tests.support import masters
from tests.support.crowd import Crowd

SIZES = (10, 100, 500)
LONGEST = 90  #: s


def storm(way, count):
    """Return what became of *count* machines at a master that admits by *way*: seconds, memory, and who had what."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home, masters.master(Path(home), admission=way) as master:
        crowd = Crowd(master, [f"node{number}" for number in range(1000, 1000 + count)])
        assert master.run("lab.expect", json.dumps(crowd.wishes())).returncode == 0
        found, store = {"before_mib": _memory(master)}, Store(master.records)
        with crowd:
            began = time.monotonic()
            _until(lambda: len(_noted(store, lambda record: record.admitted)) == count, "the admissions")
            found["admitted"] = time.monotonic() - began
            found["peak_mib"] = _memory(master)
            _until(lambda: len(_noted(store, _is_done)) == count, "the highstates")
            found["highstated"] = time.monotonic() - began
            found["after_mib"] = _memory(master)
            times = Counter(len(crowd.applied[minion]) for minion in crowd.pairs)
        found["jobs"] = len({jid for of in crowd.applied.values() for jid in of})
        assert times == {1: count}, f"highstates for each machine: {times}"
        return found


def _until(look, what):
    until(look, LONGEST, what, longest=0.5)


def _noted(store, what):
    return [record for record in store.all().values() if what(record)]


def _is_done(record):
    return record.highstate and record.highstate.state == "done"


def _memory(master):
    """Return the resident memory (MiB) of all processes of *master*; what they share is counted for each."""
    return round(sum(memory for _, memory, _ in master.processes()) / 1024)


def main():
    """Run the bench, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options.add_argument("--ways", nargs="+", default=["engine", "reactor"])
    options = options.parse_args()
    found: dict = {(count, way): [] for count in options.sizes for way in options.ways}
    for turn in range(options.runs):
        for (count, way), runs in found.items():
            if turn == 0 or count < 100 or way == "engine":
                runs.append(_told(way, count))
                print(f"{way}, {count} at once: {runs[-1]}", flush=True)
    _show(found)


def _told(way, count):
    try:
        return storm(way, count)
    except (Unreachable, AssertionError) as err:
        return {"reason": str(err).splitlines()[0]}


def _show(found):
    rows, more = [], {}
    for (count, way), runs in found.items():
        ended, reasons = (
            [one for one in runs if "reason" not in one],
            [one["reason"] for one in runs if "reason" in one],
        )
        for phase in ("admitted", "highstated") if ended else ():
            rows.append(row(f"{count}: {phase}", way, count, [one[phase] for one in ended]))
        rows += [{"case": f"{count}", "contender": way, "n": count, "reason": reason} for reason in reasons]
        if ended:
            last = ended[-1]
            rate = round(count / sorted(one["admitted"] for one in ended)[len(ended) // 2], 1)
            more[f"{count} {way}"] = {"decisions_per_s": rate, **{k: v for k, v in last.items() if isinstance(v, int)}}
            print(f"{count} {way}: {more[f'{count} {way}']}")
    took = {(one["case"], one["contender"]): one["median_s"] for one in rows if "median_s" in one}
    cases = [case for case, way in took if way == "engine" and (case, "reactor") in took]
    ratios = {case: round(took[case, "engine"] / took[case, "reactor"], 3) for case in cases}
    show("admit", {"salt": salt.version.__version__}, rows, ratios, masters=more)


if __name__ == "__main__":
    main()
