"""Bring a lab up: the steps of its graph, and who does them."""

from pathlib import Path

from saltext.lab.admit import office
from saltext.lab.admit.digest import digests
from saltext.lab.admit.store import DIRECTORY
from saltext.lab.boot import stand
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import VERBS, steps
from saltext.lab.boot.guests import Guests
from saltext.lab.boot.hosts import Hosts
from saltext.lab.boot.logs import Logs
from saltext.lab.boot.session import Phase, Work
from saltext.lab.prove.proof import Prover
from saltext.lab.spec.compile import compile


def work(opts, lab, until=VERBS[-1], remove=False):
    """Return the ``Work`` that brings *lab* up, which is checked, as far as the verb *until*; see ``stand.refuse``."""
    return Work(lab, [phase(opts, lab, until, remove)], Logs(lab, Fleet(opts)))


def phase(opts, lab, until=VERBS[-1], remove=False):
    """Return the ``Phase`` of it; how the lab stands is kept when it begins, and when it has ended."""
    stand.refuse(lab, remove)
    lab, fleet = stand.begun(lab), Fleet(opts)
    hosts = Hosts(lab, fleet, office.desk(opts))
    guests = Guests(lab, fleet, digests(compile(lab), opts["file_roots"]["base"]), remove)
    verbs = {"power": hosts.power, "minion": hosts.minion, "converge": hosts.converge}
    verbs |= {"forget": guests.forget, "enrol": guests.enrol, "start": guests.start, "highstate": guests.highstate}
    verbs["prove"] = prover(opts, lab, fleet).step
    return Phase(
        steps(lab, until),
        lambda step: verbs[step.verb](step),
        begin=lambda: stand.keep(opts, lab),
        end=lambda ended: stand.end(opts, lab, ended, hosts.driver),
    )


def prover(opts, lab, fleet):
    """Return the ``Prover`` of *lab*, which keeps its proof beside the records."""
    return Prover(lab, fleet, Path(opts["lab"].get("records", DIRECTORY)).with_name("prove.json"))
