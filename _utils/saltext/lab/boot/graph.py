"""The steps of a bootstrap and what each needs.  Pure."""

from typing import NamedTuple

from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest
from saltext.lab.spec import facts, netboot_facts

VERBS = ("power", "minion", "converge", "forget", "enrol", "start", "highstate", "prove")


class Step(NamedTuple):
    """One thing to bring about on one machine."""

    verb: str
    machine: str
    needs: tuple[str, ...]
    budget: float = 120  #: seconds after which it has failed

    @property
    def id(self):
        """How other steps name it in their *needs*."""
        return f"{self.verb} {self.machine}"


def steps(lab, until=VERBS[-1]):
    """
    Return the ``Step``s that bring up a checked ``Lab``, as far as the verb *until*, each after those that it needs.

    power on → minion answers → converge (bridges, tunnels, domains, masters) → enrol the keys
    of a hypervisor's VMs with the virtual master → start each VM → its highstate.  A VM that boots
    over the network starts after those who serve that have converged, and any after the highstates of the VMs that it
    needs.  Of VMs that could start at the same time those with the smaller priority come first.  Once all hosts have
    converged, the networks are proven, while VMs start.  The virtual master forgets the VMs that are gone.
    """
    if until not in VERBS:
        raise BadWish(f"until={until} is no step{nearest(until, VERBS)}", "", f"one of {', '.join(VERBS)}")
    hosts = [step for host in lab.hosts for step in _host(lab, host)]
    forget = Step("forget", lab.masters.virtual, (f"converge {lab.masters.virtual}",))
    enrol = [_enrol(lab, host) for host in _hypervisors(lab)]
    vms = [
        step
        for name in sorted(facts.guests(lab), key=lambda name: facts.priority(lab, name))
        for step in _vm(lab, name)
    ]
    proof = Step("prove", lab.name, tuple(step.id for step in hosts if step.verb == "converge"))
    return [step for step in [*hosts, forget, *enrol, *vms, proof] if step.verb in VERBS[: VERBS.index(until) + 1]]


def _host(lab, host):
    if host != lab.masters.physical:  # the one that runs this is on
        yield Step("power", host, ())
    yield Step("minion", host, () if host == lab.masters.physical else (f"power {host}",))
    yield Step("converge", host, (f"minion {host}",), 300)


def _enrol(lab, host):
    return Step("enrol", host, tuple(dict.fromkeys((f"converge {host}", f"converge {lab.masters.virtual}"))))


def _vm(lab, name):
    needed = (f"highstate {other}" for other in facts.needs(lab, name) if other in facts.guests(lab))
    yield Step("start", name, (f"enrol {lab.vms[name].host}", *_served(lab, name), *needed))
    yield Step("highstate", name, (f"start {name}",), 600)


def _served(lab, vm):
    """The steps that give *vm* what it boots over the network."""
    boots = lab.vms[vm].boot or lab.classes[lab.vms[vm].class_].boot
    return tuple(f"converge {host}" for host in dict.fromkeys(netboot_facts.servers(lab).values()) if boots)


def _hypervisors(lab):
    return dict.fromkeys(vm.host for vm in facts.guests(lab).values())
