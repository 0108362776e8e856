"""Call a function on any machine of the lab: on minions of this master, or of the other one by the minion beside it."""

from functools import partial

from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest
from saltext.lab.spec import facts


def caller(lab, fleet, serves, name):
    """
    Return ``call(function, *arguments, **options)``, which calls an execution function on *name*, a machine of *lab*.

    *serves* says whose minions this master has: ``physical``, ``virtual``, or both.
    """
    kind = "physical" if name in lab.hosts else "virtual"
    if name not in (known := facts.minions(lab, ("physical", "virtual"))):
        raise BadWish(f"there is no {name} in lab {lab.name}{nearest(name, sorted(known))}")
    if kind in serves:
        return partial(fleet.call, name)
    return partial(fleet.call, dict(lab.masters)[kind], "lab_master.call", name, timeout=70)  # it waits 60 s itself
