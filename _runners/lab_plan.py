"""What a bootstrap would change, from the master of the hosts."""

from saltext.lab.answer import DONE, FAILURE, answers, lab_of
from saltext.lab.boot import up
from saltext.lab.boot.masters import Masters
from saltext.lab.boot.plan import planner as planner_
from saltext.lab.boot.plan_parts import problems

__virtualname__ = "lab"


def __virtual__():
    return __virtualname__  # Salt adds the functions of this file to those of lab.py


@answers
def plan():
    """
    Return ``plan``, every change that ``lab.bootstrap`` would make now, by machine, and make none of them.

    Each change has ``path``, ``old``, ``new`` and ``impact``: live, next-boot, recreate, restart (≈ how many seconds
    of downtime), data loss, or unknown.  The plan is kept on this master under its ``id``, for
    ``lab.bootstrap plan=ID``.  Exits with 1 where something could not be looked at or would fail, 2 for a spec with
    mistakes.

    CLI Example:

    .. code-block:: bash

        salt-run lab.plan
    """
    planner = planner_(__opts__, lab_of(__opts__))
    Masters(planner.lab, planner.fleet, __opts__["lab"]["serves"]).refuse_without_hosts("lab.plan")
    made = planner.make()
    up.shelf(__opts__).put(made)
    return {"plan": made, "retcode": FAILURE if problems(made) else DONE}


@answers
def plans():
    """
    Return ``plans``, those that are kept on this master, newest first: ``id``, ``made``, ``lab``, number of changes.

    CLI Example:

    .. code-block:: bash

        salt-run lab.plans
    """
    return {"plans": up.shelf(__opts__).listed(), "said": "no plan is kept: salt-run lab.plan"}
