"""What a bootstrap notes of how the lab stands: where VMs will be before it begins, what became of that at its end."""

from saltext.lab.boot.run import CHANGED, FAILED, SAME
from saltext.lab.errors import LabError
from saltext.lab.spec import kept, standing
from saltext.lab.spec.facts import machines
from saltext.lab.spec.moves import refuse_left_disks
from saltext.lab.spec.removal import refuse_much


def refuse(lab, remove=False):
    """Raise ``NotSafe`` where a VM would leave its disks, or too many machines would go and nobody said *remove*."""
    there = lab.standing.machines
    refuse_much(lab, there - machines(lab), there, remove)
    refuse_left_disks(lab)


def begun(lab):
    """Return *lab*, which is checked, with the standing that a bootstrap of it begins with."""
    return lab.model_copy(update={"standing": standing.of(lab)})


def keep(opts, lab):
    """Keep how *lab*, which has begun, stands."""
    kept.write(opts, lab.standing)


def end(opts, lab, events, driver):
    """
    Keep what the ended steps of *lab* say: which hosts are off, and where nothing is left of who moved.

    *events* are those of their ends, as dicts, *driver* is a function that returns the power driver of a host.
    """
    ended = {event["step"]: event["state"] for event in events}
    converged = [name for name in lab.hosts if ended.get(f"converge {name}") in (CHANGED, SAME)]
    tried = {name: ended[f"power {name}"] for name in lab.hosts if f"power {name}" in ended}
    off = {name for name in lab.standing.off if name not in tried}
    off |= {name for name, state in tried.items() if state == FAILED and _is_off(driver(name))}
    kept.write(opts, standing.cleared(lab.standing, converged)._replace(off=tuple(sorted(off))))


def _is_off(driver):
    """Return whether the *driver* of a host says that it is off, not just that nobody knows."""
    try:
        return driver is not None and driver.status() == "off"
    except LabError:
        return False
