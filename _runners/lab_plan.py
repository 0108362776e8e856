"""What a bootstrap would change, from the master of the hosts."""

from pathlib import Path

from saltext.lab.admit.store import DIRECTORY
from saltext.lab.answer import DONE, FAILURE, answers
from saltext.lab.boot import plan as planning
from saltext.lab.boot.masters import Masters
from saltext.lab.boot.plan_parts import problems
from saltext.lab.boot.plan_shelf import Shelf

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
    planner = planning.planner(__opts__)
    Masters(planner.lab, planner.fleet, __opts__["lab"]["serves"]).refuse_without_hosts("lab.plan")
    made = planner.make()
    _shelf().put(made)
    return {"plan": made, "retcode": FAILURE if problems(made) else DONE}


@answers
def plans():
    """
    Return ``plans``, those that are kept on this master, newest first: ``id``, ``made``, ``lab``, number of changes.

    CLI Example:

    .. code-block:: bash

        salt-run lab.plans
    """
    return {"plans": _shelf().listed(), "said": "no plan is kept: salt-run lab.plan"}


def _shelf():
    return Shelf(Path(__opts__["lab"].get("records", DIRECTORY)).with_name("plans"))
