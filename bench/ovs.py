"""
1000 ports on one bridge: ``lab_ovs.bridges`` through Salt beside a hand-written transaction and its peers.

The ports are internal ones of a private ovs-vswitchd with the dummy datapath, so the kernel is not measured.  Each
contender does create, no-op, change (the tag of every tenth port) and delete, in turn, and waits for ovs-vswitchd.
``ours`` is ``salt-call --local state.apply``; ``ours, in process`` is the same without Salt.  ``transaction`` is the
least that does the same over the socket, in this process, and once more as a program of its own, as all others are.
The ratios are ours without Salt's fixed cost (``salt``: one ``test.nop``) over the transaction.

Run it as ``PYTHONPATH=_utils:. python -m bench.ovs``: as a script its name would hide the ``ovs`` library.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import salt.version

from bench import ovs_peers, ovs_transaction, peers
from bench.contest import CASES, Entry, Ground, race, ratios
from bench.ovs_transaction import ports, transaction
from bench.programs import Command, programs
from bench.report import show
from bench.salt_call import Ours
from saltext.lab.outcome import Things, converge
from saltext.lab.ovs import db
from saltext.lab.ovs.model import Bridges
from tests.support import daemons


def wishes(count):
    """Return ``{case: wish}`` for *count* ports."""
    same, other = ({"br0": {"ports": ports(count, changed)}} for changed in (False, True))
    return {"create": same, "noop": same, "change": other, "delete": {"br0": None}}


def in_process(address, count):
    """Return ours without Salt: a new connection for each look and each write, as in ``_modules/lab_ovs.py``."""
    wished = wishes(count)

    def read():
        with db.connect(address) as session:
            return db.read(session)

    def write(changes):
        with db.connect(address) as session:
            db.write(session, changes)

    def contender(case):
        assert converge(Things("bench", Bridges, read, write), wished[case], False)["result"] is True

    return contender


def program(address, count):
    """Return the hand-written transaction as a program of its own."""
    argv = [sys.executable, "-m", ovs_transaction.__name__, address, count]
    return programs({case: [Command([*argv, case])] for case in CASES})


def entries(address, home, options):
    """Return who takes part."""
    n, runs = options.ports, options.runs
    slow_n, slow_runs = min(n, options.slow_ports), options.slow_runs
    return [
        *Ours(home, {"ovs": {"address": address}}, "lab_ovs.bridges", wishes).entries(n, runs),
        Entry("transaction", partial(transaction, address), n, runs),
        Entry("transaction, a program", partial(program, address), n, runs),
        Entry("ours, in process", partial(in_process, address), n, runs),
        Entry("ovs-vsctl, batched", ovs_peers.batched(address), n, runs, peer=True),
        Entry("ovs-vsctl, each", ovs_peers.single(address), slow_n, slow_runs, peer=True),
        Entry("ansible", ovs_peers.ansible(address, home / "ansible"), slow_n, slow_runs, peer=True),
    ]


def check(address, case, count):
    """Raise ``AssertionError`` unless the ports are as they have to be after *case*."""
    connection = ovs_transaction.connect(address)
    found, _ = ovs_transaction.there(connection)
    connection.close()
    found.pop("br0", None)
    wished = {} if case == "delete" else ports(count, changed=case == "change")
    wrong = [name for name in wished.keys() | found.keys() if wished.get(name) != found.get(name)]
    assert not wrong, f"{len(wrong)} ports are wrong after {case}, such as {min(wrong)}"


def main():
    """Run the contest, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--ports", type=int, default=1000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--slow-ports", type=int, default=100, help="how many ansible and ovs-vsctl one by one get")
    options.add_argument("--slow-runs", type=int, default=1, help="of these two")
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ovs-") as home, daemons.ovs(Path(home)) as address:
        clear = ovs_peers.command(address, "--if-exists", "del-br", "br0").run
        rows = race(entries(address, Path(home), options), Ground(partial(check, address), clear))
    found = {"ratios": ratios(rows, "transaction"), "ratios_program": ratios(rows, "transaction, a program")}
    show("ovs", _versions(), rows, **found)


def _versions():
    said = subprocess.run(["ovs-vswitchd", "--version"], check=True, capture_output=True, text=True).stdout
    found = {"openvswitch": said.splitlines()[0].split()[-1], "salt": salt.version.__version__}
    return found | {"python": platform.python_version(), "ansible": peers.version("ansible")}


if __name__ == "__main__":
    main()
