"""A lab whose VMs all have their host: what everything after the check uses.  Pure."""

from saltext.lab.schema import field
from saltext.lab.spec import place, profile
from saltext.lab.spec.machine_model import Vm
from saltext.lab.spec.model import Lab
from saltext.lab.spec.names import Name
from saltext.lab.spec.standing import NOTHING, Standing


class Settled(Lab):
    """A ``Lab`` without the VMs that rest in the active profile, and with a host for each that is left."""

    standing: Standing = field("how the lab stood when it was settled", Standing({"web1": "hv1"}), default=NOTHING)
    resting: frozenset[Name] = field(
        "hosts and VMs that do not run in the active profile", frozenset(["game1"]), default=frozenset()
    )
    why: dict[Name, str] = field("why a VM is where it is, by VM", {"web1": "it is stated"}, default={})
    unplaced: dict[Name, Vm] = field("VMs for which there is no place", {"web2": {"class": "web"}}, default={})


def settled(lab, standing):
    """Return ``(Settled, [mistake, …])`` of *lab*, whose names all refer to something, as it stands by *standing*."""
    active, resting = profile.applied(lab, standing)
    found = place.placed(active, standing, resting)
    how = {"standing": standing, "resting": resting, "why": found.why, "unplaced": found.unplaced}
    made = Settled.model_construct(**dict(lab) | {"vms": found.vms}, **how)
    return made, [*profile.mistakes(lab, standing), *found.mistakes]
