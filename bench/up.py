"""
How long the parts of `make up` take, and where the time goes in a guest.

Each run starts from nothing running, with the images built, and brings the demo lab up in
a rack of its own: `cold` is that; `again` is the same commands once more.  The time of a
guest counts from QEMU's start to its kernel, to its first key (salt/auth), to its highstate.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import salt.version

from bench.report import row, show

INSTANCE = "bu"
SEED = ["salt-call", "--local", "-c", "/srv/lab/seed", "--retcode-passthrough", "-l", "error", "state.apply"]


def rack(*words):
    """Return what ``python -m rack`` with *words* printed."""
    argv = [sys.executable, "-m", "rack", *words]
    return subprocess.run(argv, env=os.environ | {"RACK": INSTANCE}, check=True, capture_output=True, text=True).stdout


def on(host, *words):
    """Return what the command *words* printed on *host*."""
    return rack("run", host, "--", *words)


def timed(work, *words):
    """Return the seconds that ``work(*words)`` takes, and what it returns."""
    begun = time.perf_counter()
    said = work(*words)
    return time.perf_counter() - begun, said


def phases(when):
    """Yield ``(case, seconds)`` of bringing the lab up."""
    for name, words in {
        "rack up": ("up",),
        "seed": ("run", "pi1", "--", *SEED),
        "bootstrap": ("run", "pi1", "--", "salt-run", "--out", "json", "lab.bootstrap"),
    }.items():
        seconds, said = timed(rack, *words)
        yield f"{when}: {name}", seconds
    for step in json.loads(said)["steps"]:
        yield f"{when}: {step['step']}", step["took"]


def guests():
    """Yield ``(case, seconds)`` of each guest since its power-on."""
    records = json.loads(on("pi1", "salt", "--out", "json", "pi2", "lab_master.records"))["pi2"]
    for vm, record in records.items():
        began = _power_on(record["host"], vm)
        clock = "cut -d' ' -f1 /proc/uptime; date +%s.%N"
        said = json.loads(on("pi2", "salt", "--out", "json", "-t", "60", vm, "cmd.run", clock))[vm].split()
        yield "guest: kernel", float(said[1]) - float(said[0]) - began
        yield "guest: first key", record["admitted"] - began
        yield "guest: highstated", record["highstate"]["at"] - began


def _power_on(host, vm):
    log = on(host, "cat", f"/var/log/libvirt/qemu/{vm}.log")
    stamp = re.findall(r"^(\S+ \S+): starting up libvirt", log, re.MULTILINE)[-1]
    return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f%z").timestamp()


def memory():
    """Return the proportional set sizes in MiB: of each host without QEMU, and of each guest's QEMU."""
    found = {}
    for name, host in json.loads(rack("status", "--json"))["hosts"].items():
        for pid in _inside(host["pid"]):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                argv = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                owner = argv[2].split("=")[1].split(",")[0] if "qemu-system" in argv[0] else name
                found[owner] = found.get(owner, 0) + _pss(pid)
    return {owner: round(kib / 1024) for owner, kib in found.items()}


def _inside(init):
    space = os.readlink(f"/proc/{init}/ns/pid")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/ns/pid") == space:
                yield pid


def _pss(pid):
    return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[1])


def once():
    """Return ``[(case, seconds)]`` and the memory of one run from nothing to nothing."""
    rack("down")
    try:
        cold, rows = timed(lambda: list(phases("cold")))
        rows += guests()
        again, more = timed(lambda: list(phases("again")))
        return [("cold: all", cold), ("again: all", again), *rows, *more], memory()
    finally:
        rack("down")


def main():
    """Run, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--runs", type=int, default=3)
    runs = [once() for _ in range(options.parse_args().runs)]
    cases = {}
    for rows, _ in runs:
        for case, seconds in rows:
            cases.setdefault(case, []).append(seconds)
    rows = [row(case, "lab.bootstrap", len(walls), walls) for case, walls in cases.items()]
    median = {one["case"]: one["median_s"] for one in rows}
    # What is left of the whole when the slowest guest's own boot and highstate are taken away.
    ours = median["cold: all"] - median["guest: highstated"]
    show(
        "up",
        _versions(),
        rows,
        {"up/guests": round(median["cold: all"] / median["guest: highstated"], 2)},
        not_the_guests_s=round(ours, 1),
        memory_mib=runs[-1][1],
    )


def _versions():
    return {"salt": salt.version.__version__, "python": sys.version.split()[0]}


if __name__ == "__main__":
    main()
