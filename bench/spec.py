"""
How long the spec of a big lab takes, 100 hosts and 2,000 VMs that state none: check, placement, compile, memory.

And one minion's slice through ext_pillar, by Salt's own ``Pillar`` with a master's configuration: while nothing has
changed, right after a change, what Salt takes without our ext_pillar, and that without Salt.  Each run is a process of
its own.  ``ratios`` are ours over what is allowed: 3 s, 300 MiB, and 50 ms without Salt.
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import salt.config
import salt.version
import yaml
from salt.pillar import Pillar

from bench.report import measured, row, show
from saltext.lab import served
from saltext.lab.schema import parse
from saltext.lab.spec import place
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.spec.model import Lab
from saltext.lab.spec.standing import NOTHING
from tests.support import masters
from tests.support.big import big

LIMITS = {"whole": 3.0, "MiB": 300, "slice": 0.05}
ASKED = 20  #: slices in one process, each of another minion


def whole(hosts, vms):
    """Return the seconds of each part, and the most memory (MiB) that this process has had."""
    spec, found = big(hosts, vms), {}
    lab = parse(Lab, spec, "lab")
    found["placement"] = measured(lambda: place.placed(lab, NOTHING))
    made = []
    found["check with placement"] = measured(lambda: made.append(checked(spec)))
    found["compile"] = measured(lambda: made.append(compile(made[0])))
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {name: took for name, (took, _) in found.items()}, round(mib)


def slices(hosts, vms, home):
    """Return the seconds of a slice in each case: Salt alone, after a change, and when nothing has changed."""
    opts = _master(Path(home), big(hosts, vms))
    names, found = [f"vm{number}" for number in range(1, ASKED + 1)], {}
    bare = {**opts, "ext_pillar": []}
    _pillar(bare, names[0])  # what a worker loads once in its life
    found["salt alone"] = statistics.median(measured(partial(_pillar, bare, name))[0] for name in names)
    found["after a change"] = measured(partial(_pillar, opts, names[0]))[0]
    found["nothing changed"] = statistics.median(measured(partial(_pillar, opts, name))[0] for name in names)
    found["nothing changed, without Salt"] = statistics.median(
        measured(partial(served.of, opts, name))[0] for name in names
    )
    assert _pillar(opts, names[1])["lab"]["id"] == names[1]
    return found


def _master(home, spec):
    masters.configure(home, spec="big", serves=("physical", "virtual"))
    (home / "pillar/big.sls").write_text(yaml.safe_dump({"lab": spec}))
    return salt.config.master_config(str(home / "master"))


def _pillar(opts, minion):
    return Pillar(opts, {"id": minion}, minion, "base", ext=None).compile_pillar()


def main():
    """Run the bench, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--hosts", type=int, default=100)
    options.add_argument("--vms", type=int, default=2000)
    options.add_argument("--runs", type=int, default=3)
    options = options.parse_args()
    size, took, mibs = (options.hosts, options.vms), {}, []
    for _ in range(options.runs):
        parts, mib = _apart(whole, *size)
        mibs.append(mib)
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            parts |= {f"slice: {case}": seconds for case, seconds in _apart(slices, *size, home).items()}
        for case, seconds in parts.items():
            took.setdefault(case, []).append(seconds)
    rows = [row(case, "ours", sum(size), walls) for case, walls in took.items()]
    show("spec", {"salt": salt.version.__version__}, rows, _ratios(took, max(mibs)), mib=max(mibs))


def _apart(work, *args):
    """Return what *work* returns in a new process, so that nothing is warm and its memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def _ratios(took, mib):
    median = {case: statistics.median(walls) for case, walls in took.items()}
    ours = median["slice: nothing changed, without Salt"]
    whole = median["check with placement"] + median["compile"]
    found = {"whole": whole / LIMITS["whole"], "MiB": mib / LIMITS["MiB"], "slice": ours / LIMITS["slice"]}
    return {case: round(ratio, 3) for case, ratio in found.items()}


if __name__ == "__main__":
    main()
