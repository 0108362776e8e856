"""Circles of need: machines none of which can start, for each waits for the next.  Pure."""

import ipaddress

from saltext.lab.spec import derive, facts, netboot_facts

FIRST = "first"  #: why a VM needs another that has to be up before it starts
FETCHED = ("ram", netboot_facts.ONCE)  #: ways to boot that need the servers of netboot


def circles(lab):
    """Yield each circle of machines that need each other, named in full; the shortest through its first need."""
    edges = _left(_edges(lab))
    told: set = set()
    for one, its in edges.items():
        for other, (path, _) in its.items():
            if path and (back := _way(edges, other, one)) is not None and frozenset(back) not in told:
                told.add(frozenset(back))
                way = [one, *back]
                hosted = any(edges[at][to][1] is None for at, to in zip(way, back, strict=False))
                yield f"{path} makes a circle: {_sentence(edges, way)}: {MOVE if hosted else LEAVE}"


def _edges(lab):
    """Return ``{machine: {machine that it needs: (pillar path, why)}}``; no path where a VM needs its host."""
    edges: dict = {}
    for one, other, path, why in (*_stated(lab), *_booted(lab), *_pooled(lab)):
        edges.setdefault(one, {}).setdefault(other, (path, why))
    for name, vm in lab.vms.items():
        if vm.host:
            edges.setdefault(name, {}).setdefault(vm.host, (None, None))
    return edges


def _stated(lab):
    for name, host in lab.hosts.items():
        for service, of in host.needs.items():
            yield name, of, f"lab:hosts:{name}:needs:{service}", service
    for name, vm in lab.vms.items():
        yield from ((name, of, f"lab:vms:{name}:needs", FIRST) for of in vm.needs)
        others = [
            of for of in lab.classes[vm.class_].needs if of != name
        ]  # who is of the class does not wait for itself
        yield from ((name, of, f"lab:classes:{vm.class_}:needs", FIRST) for of in others)


def _booted(lab):
    servers = dict.fromkeys(netboot_facts.servers(lab).values())
    for one in netboot_facts.machines(lab):
        if one.boot in FETCHED:
            yield from ((one.name, server, f"{one.at}:boot", "netboot") for server in servers)


def _pooled(lab):
    """
    A hypervisor mounts the pools of its VMs' disks before it starts any of them.

    Hosts that serve a pool to each other each start alone, and of several servers one is enough: only a pool that VMs
    alone serve can be too late.
    """
    known = _known(lab)
    for name, vm in lab.vms.items():
        for pool in {disk.pool: None for disk in facts.disks(lab, name).values()}:
            source = lab.pools[pool].source
            servers = [known.get(host.partition(":")[0]) for host in (source and source.hosts) or ()]
            if vm.host and all(server in lab.vms for server in servers):
                at = f"lab:pools:{pool}:source:hosts"
                yield from ((vm.host, server, at, f"pool {pool}") for server in servers)


def _known(lab):
    """Return the machines of *lab* by their names, names with domain, and addresses."""
    found: dict = {}
    for path, place in facts.places(lab):
        name = path.split(":")[2]
        found |= {name: name, f"{name}.{lab.domain}": name}
        try:
            found[str(derive.address(lab.networks, place)[1].ip)] = name
        except (IndexError, ipaddress.AddressValueError):
            continue  # another rule tells of it
    return found


def _left(edges):
    """Return *edges* without machines that need nobody who is left: they are in no circle."""
    while True:
        left = {one: {of: why for of, why in its.items() if of in edges} for one, its in edges.items()}
        left = {one: its for one, its in left.items() if its}
        if left == edges:
            return edges
        edges = left


def _way(edges, begin, end):
    """Return the shortest way from *begin* to *end*, both in it, or None."""
    ways, seen = [[begin]], {begin}
    for way in ways:
        if way[-1] == end:
            return way
        new = [of for of in edges.get(way[-1], ()) if of not in seen]
        seen.update(new)
        ways += [[*way, of] for of in new]
    return None


def _sentence(edges, way):
    """Return *way* in words: hv1 needs nas1 (nfs), which runs on hv1."""
    steps = []
    for one, other in zip(way, way[1:], strict=False):
        why, it = edges[one][other][1], "itself" if one == other else other
        steps.append(f"runs on {it}" if why is None else f"waits for {it}" if why == FIRST else f"needs {it} ({why})")
    return f"{way[0]} {', which '.join(steps)}"


MOVE = "give one of the VMs another `host`, or what is needed another server"
LEAVE = "leave one of these needs out"
RULES = (circles,)
