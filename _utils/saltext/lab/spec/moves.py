"""Which VMs go from one hypervisor to another, and which of them cannot.  Pure."""

from saltext.lab.errors import NotSafe
from saltext.lab.spec import demand


def moves(lab):
    """Return ``{VM: (host where it was, host where it will be)}`` of the ``Settled`` *lab*."""
    before = lab.standing.places
    return {name: (before[name], vm.host) for name, vm in lab.vms.items() if before.get(name, vm.host) != vm.host}


def refuse_left_disks(lab):
    """Raise ``NotSafe`` if a VM would move away from disks that are on one host alone; placement itself moves none."""
    left = {name: away for name, away in moves(lab).items() if away[0] in lab.hosts and _stays(lab, name)}
    if left:
        why = "; ".join(f"{name} from {old} to {new}: {_disks(lab, name)}" for name, (old, new) in left.items())
        one, (old, _) = next(iter(left.items()))
        fix = (
            f"state `host: {old}` for {one}; or, with new and empty disks there: take it out of the spec,"
            f" salt-run lab.bootstrap, salt-run lab.remove {one} disks=true, and put it back"
        )
        raise NotSafe("VMs would leave their disks behind", why, fix)


def _stays(lab, name):
    return lab.vms[name].adopt or demand.local_disks(lab, name)


def _disks(lab, name):
    return "others made it" if lab.vms[name].adopt else ", ".join(demand.local_disks(lab, name))
