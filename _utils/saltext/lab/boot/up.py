"""Bring a lab up: the steps of its graph, done."""

from pathlib import Path

from saltext.lab.admit import office
from saltext.lab.admit.digest import digests
from saltext.lab.admit.store import DIRECTORY
from saltext.lab.boot import stand
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import VERBS, steps
from saltext.lab.boot.guests import Guests
from saltext.lab.boot.hosts import Hosts
from saltext.lab.boot.run import BEGUN, execute
from saltext.lab.prove.proof import Prover
from saltext.lab.spec.compile import compile


def bring(opts, lab, tell, until=VERBS[-1], remove=False):
    """
    Return what became of each step of *lab*, which ``stand.begin`` has returned, in the order in which they ended.

    *tell* hears of each ``Event`` as it comes.
    """
    fleet = Fleet(opts)
    hosts = Hosts(lab, fleet, office.desk(opts))
    guests = Guests(lab, fleet, digests(compile(lab), opts["file_roots"]["base"]), remove)
    verbs = {"power": hosts.power, "minion": hosts.minion, "converge": hosts.converge}
    verbs |= {"forget": guests.forget, "enrol": guests.enrol, "start": guests.start, "highstate": guests.highstate}
    verbs["prove"] = prover(opts, lab, fleet).step
    ended = []
    for event in execute(steps(lab, until), lambda step: verbs[step.verb](step)):
        tell(event)
        if event.state != BEGUN:
            ended.append(event._asdict())
    stand.end(opts, lab, ended, hosts.driver)
    return ended


def prover(opts, lab, fleet):
    """Return the ``Prover`` of *lab*, which keeps its proof beside the records."""
    return Prover(lab, fleet, Path(opts["lab"].get("records", DIRECTORY)).with_name("prove.json"))
