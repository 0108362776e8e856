"""The mistakes in what a spec says of its machines: names, addresses, MACs, UUIDs, masters, data.  Pure."""

from saltext.lab.spec import derive, facts


def names(lab):
    """Yield VMs that have the name of a host, or a word of Salt's."""
    for name in sorted(lab.hosts.keys() & lab.vms.keys()):
        yield f"lab:vms:{name} has the name of a host; minion ids are unique in the lab: rename one"
    for name in sorted(lab.vms.keys() & KEYWORDS):
        yield f"lab:vms:{name} is a word that Salt keeps for itself in states: rename it"


def addresses(lab):
    """Yield addresses that are none in their network, or that two have."""
    seen: dict = {}
    for path, place in facts.places(lab):
        try:
            name, address = derive.address(lab.networks, place)
        except IndexError:
            yield f"{path} {place} is beyond {lab.networks[place.split('+')[0]].subnet}: choose a smaller number"
            continue
        if address.ip in (address.network.network_address, address.network.broadcast_address):
            yield f"{path} {place} is no host's address in {lab.networks[name].subnet}: choose another number"
        elif seen.setdefault(address.ip, path) != path:
            yield f"{path} {place} is taken by {seen[address.ip]}: choose another number"


def twice(lab):
    """One card, and one address, for each network: the second would take the place of the first."""
    named = {
        f"lab:hosts:{name}:joins": [place.split("+")[0] for place in (host.address, *host.joins)]
        for name, host in lab.hosts.items()
    }
    named |= {f"lab:vms:{name}:nics": facts.vm_nics(lab, vm) for name, vm in lab.vms.items()}
    for path, networks in named.items():
        for network in sorted({network for network in networks if networks.count(network) > 1}):
            yield f"{path} has {network} twice: leave one of them out"


def macs(lab):
    """Yield MACs that two cards have."""
    yield from _shared(facts.macs(lab))


def uuids(lab):
    """Yield UUIDs that two machines have."""
    yield from _shared(
        (f"lab:{kind}:{name}:uuid", one.uuid)
        for kind in ("hosts", "vms")
        for name, one in getattr(lab, kind).items()
        if one.uuid
    )


def _shared(values):
    seen: dict = {}
    for path, value in values:
        if seen.setdefault(value, path) != path:
            yield f"{path} {value} is that of {seen[value]}: choose another"


def placement(lab):
    """Yield VMs on what is no hypervisor, or out of reach of their master."""
    master = lab.hosts[lab.masters.virtual]
    joined = {place.split("+")[0] for place in master.joins}
    if not lab.networks[managed := master.address.split("+")[0]].overlay:
        joined.add(managed)  # by its first card, whose wire is the network's own
    for name, vm in facts.guests(lab).items():
        first = facts.vm_nics(lab, vm)[0]
        if vm.host and "hypervisor" not in lab.hosts[vm.host].roles:
            yield f"lab:vms:{name}:host {vm.host} is no hypervisor: add that role to lab:hosts:{vm.host}:roles"
        if vm.address and vm.address.split("+")[0] != first:
            yield f"lab:vms:{name}:address {vm.address} is not in {first}, where its first card is: choose one there"
        if first not in joined:
            name_of = lab.masters.virtual
            yield (
                f"lab:vms:{name} is in {first}, where its master {name_of} is not: add it to lab:hosts:{name_of}:joins"
            )


def data(lab):
    """Yield data that would hide what the slice says itself."""
    parts = {f"lab:classes:{name}": kind.data for name, kind in lab.classes.items()}
    parts |= {f"lab:vms:{name}": vm.data for name, vm in lab.vms.items()}
    for path, its in parts.items():
        for key in sorted(its.keys() & RESERVED):
            yield f"{path}:data:{key} would hide what the slice says itself: use another key"


#: Of salt.state.STATE_INTERNAL_KEYWORDS those that could be a name; domains are arguments of one state.
KEYWORDS = {"name", "creates", "failhard", "fun", "listen", "onchanges", "onfail", "onlyif", "order", "parallel"} | {
    *{"prereq", "prerequired", "require", "retry", "runas", "saltenv", "state", "umask", "unless", "use", "watch"}
}
RESERVED = {"name", "domain", "id", "roles", "minion", "class", "host", "block", "number", "address", "members"}
RULES = (names, addresses, twice, macs, uuids, placement, data)
