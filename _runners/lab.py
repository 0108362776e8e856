"""The whole lab from its master: check it, bring it up, look at it."""

from saltext.lab.admit.keystore import KeyStore
from saltext.lab.answer import DONE, FAILURE, answers, fresh, lab_of, whole_of
from saltext.lab.boot import doctor as doctor_
from saltext.lab.boot import stand, up
from saltext.lab.boot import status as look
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import VERBS, verbs
from saltext.lab.boot.session import Session
from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest


@answers
def check():
    """
    Return what the lab has, and exit code 0, when its spec has no mistake in any profile; else all of its mistakes.

    CLI Example:

    .. code-block:: bash

        salt-run lab.check
    """
    lab = whole_of(__opts__)
    return {"said": f"lab {lab.name}: {len(lab.hosts)} hosts, {len(lab.vms)} VMs, no mistakes"}


@answers
def bootstrap(until=VERBS[-1], remove=False, plan=None):
    """
    Bring the whole lab up, and return what became of each step: ``steps``, ``failures``, and the name of the ``run``.

    With *until* (power, minion, converge, forget, enrol, start, highstate or prove) it ends there.  Can be
    called again at any time: what is as wished is left alone, what was broken off goes on.  Only with *remove*
    more of the machines than ``lab:removal:share`` go at once, because the spec has them no more.
    With *plan*, the id of one that ``lab.plan`` has made, it does that, and refuses if anything is otherwise by now.
    Exits with 0 when all is up, 1 when a step failed, 2 for a spec with mistakes, 3 when another run is at it, 130
    when it was interrupted.  Each run has a journal: lab.runs, lab.timeline, lab.watch.

    CLI Example:

    .. code-block:: bash

        salt-run lab.bootstrap
        salt-run lab.bootstrap plan=p1d0c3b7a92
    """
    verbs(until)
    stand.refuse(lab := lab_of(__opts__), remove)  # told also while another one runs
    wishes = {"until": until != VERBS[-1] and until, "remove": remove, "plan": plan}
    session = Session(__opts__, "lab.bootstrap", wishes, __jid_event__)
    return session.go(lambda: up.work(__opts__, fresh(__opts__, lab), until, remove, plan))


@answers
def prove():
    """
    Prove by packets who reaches whom, and return ``proof``: networks, isolation, and what is red.

    Every host sends packets of several sizes to everybody in each of its networks, and tells
    what arrived in which: that shows reach, isolation, the path MTU and loops, without any
    guest.  Hosts that do not answer are named, and the rest is shown.  What is red comes with
    what Open vSwitch says of the way.  The proof is also in the file prove.json beside the
    master's records.  Exits with 0 when all is as wished, 3 when another proof is at it, else with 1.

    CLI Example:

    .. code-block:: bash

        salt-run lab.prove
    """
    proof = up.prover(__opts__, lab_of(__opts__), Fleet(__opts__)).prove()
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
