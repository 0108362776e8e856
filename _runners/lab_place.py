"""Where VMs run, and what runs when: from the master of the hosts."""

from saltext.lab.answer import answers, drafted_of, fresh, lab_of
from saltext.lab.boot import profile as transit
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.masters import Masters
from saltext.lab.boot.session import Session
from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest
from saltext.lab.spec import profile as profiles_
from saltext.lab.spec import transition
from saltext.lab.spec.place_explain import explain as reasons

__virtualname__ = "lab"


def __virtual__():
    return __virtualname__  # Salt adds the functions of this file to those of lab.py


@answers
def explain(vm):
    """
    Return ``reasons``, for each host why *vm* is there or not: where it is first, then where it could be.

    Each has ``host``, ``state`` (chosen, possible or against), ``why``, and what the host has left beside *vm*:
    ``memory_mib`` and ``vcpus``, None where it states no capacity.  A VM for which there is no place is explained too.

    CLI Example:

    .. code-block:: bash

        salt-run lab.explain web1
    """
    lab = drafted_of(__opts__)
    known = lab.vms | lab.unplaced
    if vm in lab.resting:
        raise BadWish(f"{vm} rests in profile {profiles_.active(lab, lab.standing)}", "", "salt-run lab.profile")
    if vm not in known:
        raise BadWish(f"there is no VM {vm} in lab {lab.name}{nearest(vm, known)}")
    return {"reasons": [reason._asdict() for reason in reasons(lab, vm)]}


@answers
def profile(name=None, test=False):
    """
    Change to the profile *name*, and return ``changes`` and what became of each step; without *name*, ``profiles``.

    VMs that leave are stopped: those with disks shut down, and who does not is left running and ends it all.  Then
    ``lab.bootstrap`` brings up what comes; hosts that nothing needs are asked to power off at last.  What both profiles
    have is left alone.  ``changes`` has ``stop``, ``start``, ``move``, ``on`` and ``off``.  With ``test=true`` nothing
    else is done.  What was broken off goes on when it is called again.

    CLI Example:

    .. code-block:: bash

        salt-run lab.profile
        salt-run lab.profile night test=true
    """
    draft = drafted_of(__opts__)
    if name is None:
        return {"profiles": profiles_.listed(draft), "said": f"lab {draft.name} has no profiles"}
    if name not in draft.profiles:
        raise BadWish(f"there is no profile {name} in lab {draft.name}{nearest(name, draft.profiles)}")
    after = lab_of(__opts__, draft.standing._replace(profile=name))
    changes = transition.between(draft, after)
    if test:
        return {"changes": changes, "said": f"nothing stops, starts or moves for {name}"}
    Masters(after, Fleet(__opts__), __opts__["lab"]["serves"]).refuse_without_hosts(f"lab.profile {name}")
    session = Session(__opts__, "lab.profile", {"name": name}, __jid_event__)
    return {"changes": changes} | session.go(lambda: transit.work(__opts__, fresh(__opts__, after, profile=name)))
