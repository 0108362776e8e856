"""The whole lab from its master: check it, bring it up, look at it."""

from pathlib import Path

from saltext.lab.admit.keystore import KeyStore
from saltext.lab.admit.store import DIRECTORY
from saltext.lab.answer import DONE, FAILURE, answers, lab_of, tell
from saltext.lab.boot import doctor as doctor_
from saltext.lab.boot import lock
from saltext.lab.boot import plan as planning
from saltext.lab.boot import status as look
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import VERBS, steps
from saltext.lab.boot.guests import Guests
from saltext.lab.boot.plan_shelf import Shelf
from saltext.lab.boot.run import BEGUN, FAILED, execute, interruptible
from saltext.lab.errors import BadWish
from saltext.lab.prove.proof import Prover
from saltext.lab.schema import nearest


@answers
def check():
    """
    Return what the lab has, and exit code 0, when its spec has no mistake; else all of its mistakes.

    CLI Example:

    .. code-block:: bash

        salt-run lab.check
    """
    lab = lab_of(__opts__)
    return {"said": f"lab {lab.name}: {len(lab.hosts)} hosts, {len(lab.vms)} VMs, no mistakes"}


@answers
def bootstrap(until=VERBS[-1], forget=False, plan=None):
    """
    Bring the whole lab up, and return what became of each step.

    With *until* (power, minion, converge, forget, enrol, start, highstate or prove) it ends there.  Can be
    called again at any time: what is as wished is left alone, what was broken off goes on.  Only with *forget*
    the keys of more than a third of the virtual master's machines go at once, because the spec has them no more.
    With *plan*, the id of one that ``lab.plan`` has made, it does that, and refuses if anything is otherwise by now.
    Exits with 0 when all is up, 1 when a step failed, 2 for a spec with mistakes.

    CLI Example:

    .. code-block:: bash

        salt-run lab.bootstrap
        salt-run lab.bootstrap plan=p1d0c3b7a92
    """
    planner = planning.planner(__opts__)
    lab, fleet, hosts = planner.lab, planner.fleet, planner.hosts
    guests = Guests(lab, fleet, planner.slices, forget)
    verbs = {"power": hosts.power, "minion": hosts.minion, "converge": hosts.converge}
    verbs |= {"forget": guests.forget, "enrol": guests.enrol, "start": guests.start, "highstate": guests.highstate}
    verbs["prove"] = _prover(lab, fleet).step
    ended = []
    with lock.held("lab.bootstrap"), interruptible():
        if plan is not None:
            hosts.before = planner.held(Shelf(_beside("plans")).get(plan))
        for event in execute(steps(lab, until), lambda step: verbs[step.verb](step)):
            _tell(event)
            if event.state != BEGUN:
                ended.append(event._asdict())
    return {"steps": ended, "retcode": FAILURE if any(event["state"] == FAILED for event in ended) else DONE}


@answers
def prove():
    """
    Prove by packets who reaches whom, and return ``proof``: networks, isolation, and what is red.

    Every host sends packets of several sizes to everybody in each of its networks, and tells
    what arrived in which: that shows reach, isolation, the path MTU and loops, without any
    guest.  Hosts that do not answer are named, and the rest is shown.  What is red comes with
    what Open vSwitch says of the way.  The proof is also in the file prove.json beside the
    master's records.  Exits with 0 when all is as wished, else with 1.

    CLI Example:

    .. code-block:: bash

        salt-run lab.prove
    """
    proof = _prover(lab_of(__opts__), Fleet(__opts__)).prove()
    return {"proof": proof, "retcode": FAILURE if proof["red"] or proof["silent"] else DONE}


@answers
def status(name=None):
    """
    Return each host and VM (only *name*, where one is given): power, minion, admission, highstate, and what is wrong.

    CLI Example:

    .. code-block:: bash

        salt-run lab.status
    """
    lab = lab_of(__opts__)
    if name and name not in lab.hosts.keys() | lab.vms.keys():
        raise BadWish(f"there is no {name} in lab {lab.name}{nearest(name, [*lab.hosts, *lab.vms])}")
    found = look.status(lab, Fleet(__opts__), KeyStore(__opts__))
    shown = {kind: {one: row for one, row in rows.items() if name in (None, one)} for kind, rows in found.items()}
    wrong = any(row["wrong"] for rows in shown.values() for row in rows.values())
    return shown | {"retcode": FAILURE if wrong else DONE}


@answers
def doctor(only=None):
    """
    Return ``findings``, what is wrong with the lab as it runs: where, what, and what to do.  Changes nothing.

    With *only*, the name of a check, it looks at that alone:

    - dhcp: in each network with ``dhcp`` ours has to answer, and nobody else; with ``proxy``, one other server.
    - masters: both have the settings on which admission and least privilege rest; each host trusts its master alone.

    Exits with 0 when nothing is wrong, else with 1.

    CLI Example:

    .. code-block:: bash

        salt-run lab.doctor
        salt-run lab.doctor masters
    """
    findings = [found._asdict() for found in doctor_.examine(lab_of(__opts__), Fleet(__opts__), only)]
    said = f"nothing is wrong, of {only or ', '.join(doctor_.CHECKS)}"
    return {"findings": findings, "said": said, "retcode": FAILURE if findings else DONE}


def _prover(lab, fleet):
    return Prover(lab, fleet, _beside("prove.json"))


def _beside(name):
    return Path(__opts__["lab"].get("records", DIRECTORY)).with_name(name)


def _tell(event):
    """Show *event* as it comes; not where the caller wants one document at the end."""
    if __opts__.get("output", "lab") == "lab":
        tell(event._asdict())
