"""Bring a lab up: the steps of its graph, and who does them."""

from pathlib import Path

from saltext.lab.admit import office
from saltext.lab.admit.digest import digests
from saltext.lab.admit.store import DIRECTORY
from saltext.lab.boot import stand
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import VERBS, steps
from saltext.lab.boot.guests import Guests
from saltext.lab.boot.hosts import Hosts, nothing
from saltext.lab.boot.logs import Logs
from saltext.lab.boot.plan import planner
from saltext.lab.boot.plan_shelf import Shelf
from saltext.lab.boot.session import Phase, Work
from saltext.lab.prove.proof import Prover
from saltext.lab.spec.compile import compile


def work(opts, lab, until=VERBS[-1], remove=False, plan=None):
    """
    Return the ``Work`` that brings *lab* up, which is checked, as far as the verb *until*; see ``stand.refuse``.

    Raises ``Refused`` where the plan with the id *plan* does not hold any more.
    """
    before = planner(opts, lab).held(shelf(opts).get(plan)) if plan is not None else nothing
    return Work(lab, [phase(opts, lab, until, remove, before)], Logs(lab, Fleet(opts)))


def phase(opts, lab, until=VERBS[-1], remove=False, before=nothing):  # noqa: PLR0913, PLR0917
    """Return the ``Phase`` of it; how the lab stands is kept when it begins, and when it has ended."""
    stand.refuse(lab, remove)
    lab, fleet = stand.begun(lab), Fleet(opts)
    hosts = Hosts(lab, fleet, office.desk(opts), before)
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
    return Prover(lab, fleet, _beside(opts, "prove.json"))


def shelf(opts):
    """Return the ``Shelf`` of plans of this master."""
    return Shelf(_beside(opts, "plans"))


def _beside(opts, name):
    return Path(opts["lab"].get("records", DIRECTORY)).with_name(name)
