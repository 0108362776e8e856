"""What is left of a VM that is not in the spec any more, and taking it away."""

from saltext.lab.admit.record import Minion
from saltext.lab.errors import LabError, NotSafe, Refused
from saltext.lab.schema import check
from saltext.lab.spec import blocks, entrants, facts

PING = 3  #: seconds that a hypervisor has to say that it is there


def remove(lab, fleet, name, disks=False):
    """
    Take VM *name* off all hypervisors: its domain, its key pair, with *disks* its volumes; who is in *lab* is refused.

    Return ``({host: {name: what went there}}, {host: why nobody knows})``.  Where one of that name is not ours, nothing
    is done.
    """
    check(Minion, name, "name")
    if name in lab.vms:
        raise Refused(
            f"{name} is in the spec", "lab.bootstrap would make it anew", f"take it out of {blocks.at(lab, name)}"
        )
    if name in entrants.of(lab):
        raise Refused(f"{name} is a physical machine", "only VMs are removed", f"salt-run lab.revoke {name}")
    found = _domains(fleet, facts.hypervisors(lab))
    silent = {host: str(answer) for host, answer in found.items() if isinstance(answer, LabError)}
    domains = {host: answer.get(name) for host, answer in found.items() if host not in silent}
    for host, domain in domains.items():
        if domain and not domain["adopt"]:
            raise NotSafe(f"domain {name} on {host} is not ours", "it has no mark of this suite", f"virsh on {host}")
    return {host: {name: list(_on(fleet, host, name, domain, disks))} for host, domain in domains.items()}, silent


def _domains(fleet, hosts):
    """Return ``{host: its domains, or the LabError}``; one that is down is not waited for for long."""
    up = fleet.call_all(hosts, "test.ping", timeout=PING) if hosts else {}
    there = [host for host in hosts if up[host] is True]
    return up | (fleet.call_all(there, "lab_virt.domains") if there else {})


def _on(fleet, host, name, domain, disks):
    """Yield what went on *host*."""
    if domain:
        fleet.call(host, "lab_virt.change", [[[name], {}, None]])
        yield "domain"
    if domain and disks:
        if volumes := _volumes(name, domain):
            fleet.call(host, "lab_virt.volume_change", [[[volume], {}, None] for volume in volumes])
        yield from (f"volume {volume}" for volume in volumes)
    if fleet.call(host, "lab_virt.forget", name):
        yield "key pair"


def _volumes(name, domain):
    """Return the volumes that were made for *domain*: others may use what is called otherwise."""
    used = [(disk.get("pool"), disk.get("volume") or "") for disk in domain.get("disks", {}).values()]
    return [f"{pool}:{volume}" for pool, volume in used if pool and volume.startswith(f"{name}-")]
