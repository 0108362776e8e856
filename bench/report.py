"""What every bench prints: a table for people, and as its last line one JSON object."""

import json
import os
import platform
import resource
import statistics
import time


def measured(work):
    """Return the wall seconds and the CPU seconds (ours and our children's, not a daemon's) of *work*."""
    before, began = _cpu(), time.perf_counter()
    work()
    return time.perf_counter() - began, _cpu() - before


def _cpu():
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in usages)


def row(case, contender, n, walls, cpus=()):
    """Return one row: *n* things, *walls* and *cpus* in seconds, one for each run."""
    found = {"case": case, "contender": contender, "n": n, "runs": len(walls), "median_s": statistics.median(walls)}
    found |= {"min_s": min(walls), "max_s": max(walls), "cpu_s": statistics.median(cpus) if cpus else None}
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in found.items()}


def show(name, versions, rows, ratios, **more):
    """Print *rows* as a table, then everything as one line of JSON."""
    for one in rows:
        print(f"{one['case']:28}{one['contender']:30}{one['n']:6}  {_told(one)}")
    print(
        json.dumps({"name": name, "machine": machine(), "versions": versions, "rows": rows, "ratios": ratios, **more})
    )


def _told(one):
    if "reason" in one:
        return one["reason"]
    cpu = f", CPU {one['cpu_s']:.2f}" if one["cpu_s"] is not None else ""
    return f"{one['median_s']:10.3f} s  ({one['min_s']:.3f}-{one['max_s']:.3f} in {one['runs']}{cpu})"


def machine():
    """Return what the figures were measured on, and how busy it was: they mean little where others were at work."""
    return f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.system()}, load {os.getloadavg()[1]:.1f}"
