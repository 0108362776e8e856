"""From one profile to another: what stops, starts and moves.  Pure."""


def between(before, after):
    """
    Return what differs for the ``Settled`` lab *after*, beside the same one *before*.

    ``stop`` and ``start`` are ``{VM: host}``, ``move`` is ``{VM: [from, to]}``; ``on`` and ``off`` list hosts.
    """
    was, will = ({name: vm.host for name, vm in lab.vms.items()} for lab in (before, after))
    return {
        "stop": {name: host for name, host in was.items() if name not in will},
        "start": {name: host for name, host in will.items() if name not in was},
        "move": {name: [was[name], host] for name, host in will.items() if was.get(name, host) != host},
        "on": sorted((before.resting - after.resting) & after.hosts.keys()),
        "off": sorted((after.resting - before.resting) & after.hosts.keys()),
    }


def leaving(lab):
    """Return ``{VM: host}`` of those that may run where they have no business in *lab*: they rest, or have moved."""
    places, former = lab.standing.places, lab.standing.former
    rest = {name: host for name, host in places.items() if name in lab.resting}
    away = {name: [*former.get(name, ()), places.get(name)] for name in lab.vms}
    moved = {name: host for name, hosts in away.items() for host in hosts if host != lab.vms[name].host}
    return {name: host for name, host in (rest | moved).items() if host in lab.hosts}
