"""
1000 domains on the real QEMU driver, defined and not started: ``lab_virt.domains`` through Salt beside its peers.

Each contender does create, no-op, change (the memory of every tenth) and delete, in turn, on a private libvirtd.
``ours`` is ``salt-call --local state.apply``; ``ours, in process`` is the same without Salt.  ``raw loop`` is the least
that does the same with libvirt-python in this process, and once more as a program of its own, as all others are.
The ratios are ours without Salt's fixed cost (``salt``: one ``test.nop``) over the raw loop.
"""

import argparse
import platform
import sys
import tempfile
from functools import partial
from pathlib import Path

import libvirt
import salt.version

from bench import peers, virt_loop, virt_peers
from bench.contest import CASES, FIXED, Entry, Ground, medians, race, ratios
from bench.programs import Command, programs
from bench.report import show
from bench.salt_call import Ours
from bench.virt_loop import clear, loop, memories
from saltext.lab.outcome import Things, converge
from saltext.lab.virt import host, rules, seen
from saltext.lab.virt.model import Domains
from tests.support.libvirtd import libvirtd


def wishes(count):
    """Return ``{case: wish}`` for *count* domains."""
    base = {"type": "qemu", "machine": "q35"}
    same, other = (
        {name: base | {"memory_mib": mib} for name, mib in memories(count, changed).items()}
        for changed in (False, True)
    )
    return {"create": same, "noop": same, "change": other, "delete": dict.fromkeys(same)}


def in_process(uri, count):
    """Return ours without Salt: all on one connection, as in ``_modules/lab_virt.py``."""
    wished = wishes(count)

    def contender(case):
        wish = wished[case]
        with host.connect(uri) as conn:
            write = partial(host.write, conn)
            things = Things("bench", Domains, lambda: seen.as_asked(host.read(conn), wish), write, rules.impact)
            assert converge(things, wish, False)["result"] is True

    return contender


def program(uri, count):
    """Return the raw loop as a program of its own."""
    argv = [sys.executable, "-m", virt_loop.__name__, uri, count]
    return programs({case: [Command([*argv, case])] for case in CASES})


def entries(uri, home, options):
    """Return who takes part, and ours and the raw loop with many domains."""
    n, runs, many = options.domains, options.runs, CASES[:2]
    slow_n, slow_runs = min(n, options.slow_domains), options.slow_runs
    ours, raw = Ours(home, {"virt": {"uri": uri}}, "lab_virt.domains", wishes), partial(loop, uri)
    few = [
        *ours.entries(n, runs),
        Entry("raw loop", raw, n, runs),
        Entry("raw loop, a program", partial(program, uri), n, runs),
        Entry("ours, in process", partial(in_process, uri), n, runs),
        Entry("virsh, batched", virt_peers.virsh(uri, home / "virsh"), n, runs, peer=True),
        Entry("kcli", virt_peers.kcli(uri, home / "kcli"), slow_n, slow_runs, peer=True),
        Entry("saltext-virt", virt_peers.saltext_virt(uri, home / "saltext-virt"), slow_n, slow_runs, peer=True),
    ]
    return few, [Entry("ours", ours.ours, options.linear, 1, many), Entry("raw loop", raw, options.linear, 1, many)]


def check(conn, case, count):
    """Raise ``AssertionError`` unless the domains are as they have to be after *case*."""
    found = {one.name(): one.maxMemory() // 1024 for one in conn.listAllDomains()}
    wished = {} if case == "delete" else memories(count, changed=case == "change")
    wrong = [name for name in wished.keys() | found.keys() if wished.get(name) != found.get(name)]
    assert not wrong, f"{len(wrong)} domains are wrong after {case}, such as {min(wrong)}"


def linear(few, many, options):
    """Return how much a domain takes when there are many of them, over how much when there are few."""
    before, after, by = medians(few), medians(many), options.linear / options.domains
    fixed = {"ours": before[FIXED, "salt"], "raw loop": 0}
    return {
        name: {case: round((after[case, name] - cost) / by / (before[case, name] - cost), 2) for case in CASES[:2]}
        for name, cost in fixed.items()
    }


def main():
    """Run the contest, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--domains", type=int, default=1000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--slow-domains", type=int, default=1000, help="how many kcli and saltext-virt get at most")
    options.add_argument("--slow-runs", type=int, default=1, help="of these; saltext-virt takes five minutes for one")
    options.add_argument("--linear", type=int, default=5000, help="how many domains ours and the raw loop get, besides")
    options = options.parse_args()
    with libvirtd() as daemon, tempfile.TemporaryDirectory(prefix="bench-") as home:
        conn = libvirt.open(daemon.uri)
        loop(daemon.uri, 1)("create")  # libvirt asks QEMU what it can do when the first domain is defined
        clear(conn)
        virt_peers.pool(conn)
        ground = Ground(partial(check, conn), partial(clear, conn))
        few, many = (race(some, ground) for some in entries(daemon.uri, Path(home), options))
        versions = _versions(conn)
    found = {"ratios": ratios(few, "raw loop"), "ratios_program": ratios(few, "raw loop, a program")}
    show("virt", versions, [*few, *many], **found, linear=linear(few, many, options))


def _versions(conn):
    found = {"libvirt": conn.getLibVersion(), "qemu": conn.getVersion()}
    found |= {"salt": salt.version.__version__, "python": platform.python_version()}
    return found | {peer: peers.version(peer) for peer in ("kcli", "saltext-virt")}


if __name__ == "__main__":
    main()
