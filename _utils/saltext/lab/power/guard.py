"""What may be switched off, and in which order.  Pure."""

from saltext.lab.errors import NotSafe
from saltext.lab.spec import facts, netboot_facts
from saltext.lab.spec.derive import address

#: What others need, in the order in which it may go: who needs something of it goes before it.
NEEDED, NETBOOT, ROUTES, STORAGE, VIRTUAL, PHYSICAL = (
    *("what others need to start", "netboot", "what is between networks"),
    *("storage", "the virtual master", "the physical master"),
)
ORDER = (None, NEEDED, NETBOOT, ROUTES, STORAGE, VIRTUAL, PHYSICAL)
PARTS = {"storage": STORAGE, "router": ROUTES, "firewall": ROUTES}


def cut(lab, hosts, forced=False):
    """
    Return *hosts* of the checked *lab* in the order in which they may be switched off: masters last.

    Raises ``NotSafe`` when one of them carries what others need, or shares a plug with something that is not among
    them; unless that is *forced*.
    """
    wished = list(dict.fromkeys(hosts))
    carried = {host: carries(lab, host) for host in wished}
    if not forced:
        _alone(lab, wished)
        _spared(carried)
    return sorted(wished, key=lambda host: max((ORDER.index(what) for what in carried[host]), default=0))


def beside(lab, hosts):
    """Return the names of what goes off with *hosts*, and is not among them: it is on the same plugs."""
    return {name for host in hosts for name in _on_plug(lab, host)} - set(hosts)


def carries(lab, host):
    """Return what *host* has that others need, of ``ORDER``."""
    roles = {"physical": PHYSICAL, "virtual": VIRTUAL}
    found = {roles[role] for role, master in lab.masters if master == host}
    kinds = [lab.hosts[host], *(lab.classes[lab.vms[vm].class_] for vm in _vms(lab, host))]
    found |= {PARTS[part] for kind in kinds for part in kind.parts if part in PARTS}
    its = {host, *_vms(lab, host)}
    if any(its & {*other.needs.values()} for name, other in lab.hosts.items() if name != host):
        found.add(NEEDED)
    if host in netboot_facts.servers(lab).values():
        found.add(NETBOOT)
    return found | ({STORAGE} if _in_ceph(lab, host) or _serves_pool(lab, host) else set())


def _alone(lab, hosts):
    if others := sorted(beside(lab, hosts)):
        names = ",".join([*hosts, *(name for name in others if name in lab.hosts)])
        fix = f"name all of them: salt-run lab.power {names} off" if set(others) <= set(lab.hosts) else _force(hosts)
        raise NotSafe(f"{' and '.join(hosts)} cannot be switched off alone", f"{', '.join(others)} would go too", fix)


def _spared(carried):
    if vital := {host: what for host, what in carried.items() if what}:
        why = "; ".join(f"{host} carries {', '.join(sorted(what, key=ORDER.index))}" for host, what in vital.items())
        raise NotSafe(f"{' and '.join(vital)} may not be switched off", why, _force(carried))


def _force(hosts):
    return f"if that is what you want: salt-run lab.power {','.join(hosts)} off force=true"


def _on_plug(lab, host):
    power = lab.hosts[host].power
    if power is None or power.driver != "http":
        return set()
    return {*power.also, *(name for name in lab.hosts if _plug(lab.hosts[name].power) == _plug(power))}


def _plug(power):
    return (power.address, power.outlet, power.turn_off) if power and power.driver == "http" else None


def _vms(lab, host):
    return [name for name, vm in lab.vms.items() if vm.host == host]


def _in_ceph(lab, host):
    return bool(lab.hosts[host].osds) or bool(lab.ceph and host in (*lab.ceph.mons, *lab.ceph.mgrs))


def _serves_pool(lab, host):
    """Return whether a pool of the lab is on *host*, or on one of its VMs."""
    servers = {one for pool in lab.pools.values() if pool.source for one in pool.source.hosts or ()}
    places = [lab.hosts[host].address, *lab.hosts[host].joins, *(facts.vm_place(lab, vm) for vm in _vms(lab, host))]
    own = {host, *_vms(lab, host), *(str(address(lab.networks, place)[1].ip) for place in places)}
    return any(server in own or server.rpartition(":")[0] in own for server in servers)
