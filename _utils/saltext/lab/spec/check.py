"""Every mistake in a spec, before anything runs.  Pure."""

from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest, parse
from saltext.lab.spec import (
    blocks,
    check_adopt,
    check_attachment,
    check_blocks,
    check_cloud,
    check_netboot,
    check_networks,
    check_power,
    check_pxelinux,
    check_storage,
    derive,
    facts,
)
from saltext.lab.spec.model import Lab


def checked(spec):
    """
    Return *spec*, the dict under the pillar key ``lab``, as a ``Lab`` without mistakes.

    Raises ``BadWish`` with every mistake: pillar path, what is wrong, what would be right.
    """
    lab = blocks.expanded(parse(Lab, spec, "lab"))
    mistakes = list(_dangling(lab)) or [one for rule in RULES for one in rule(lab)]
    if mistakes:
        raise BadWish(f"{len(mistakes)} mistake(s) in lab", "; ".join(mistakes), "correct the pillar")
    return lab


def _dangling(lab):
    """Yield names that refer to nothing."""
    every = (
        *_references(lab),
        *check_storage.references(lab),
        *check_netboot.references(lab),
        *check_blocks.references(lab),
        *check_power.references(lab),
        *check_adopt.references(lab),
        *_of_ceph(lab),
    )
    for path, name, where, known in every:
        if name not in known:
            have = ", ".join(known) or "none"
            yield f"{path} names {name!r}{nearest(name, known)}, which is not in lab:{where}; there are {have}"


def _references(lab):
    for role, host in lab.masters:
        yield f"lab:masters:{role}", host, "hosts", lab.hosts
    for name, network in lab.networks.items():
        if network.over is not None:
            yield f"lab:networks:{name}:over", network.over, "networks", lab.networks
    for name, host in lab.hosts.items():
        for place in (host.address, *host.joins):
            yield f"lab:hosts:{name}", place.split("+")[0], "networks", lab.networks
        for card, carried in host.uplinks.items():
            for network in carried:
                yield f"lab:hosts:{name}:uplinks:{card}", network, "networks", lab.networks
    for name, kind in lab.classes.items():
        yield f"lab:classes:{name}:image", kind.image, "images", lab.images
        for network in kind.nics:
            yield f"lab:classes:{name}:nics", network, "networks", lab.networks
    for name, vm in lab.vms.items():
        yield f"lab:vms:{name}:class", vm.class_, "classes", lab.classes
        yield f"lab:vms:{name}:host", vm.host, "hosts", lab.hosts
        for network in (*(vm.nics or ()), *((vm.address or "").split("+")[:1] if vm.address else ())):
            yield f"lab:vms:{name}", network, "networks", lab.networks


def _of_ceph(lab):
    if lab.ceph:
        yield from (("lab:ceph", host, "hosts", lab.hosts) for host in (*lab.ceph.mons, *lab.ceph.mgrs))
        networks = (lab.ceph.public, lab.ceph.cluster or lab.ceph.public)
        yield from (("lab:ceph", network, "networks", lab.networks) for network in networks)


def _names(lab):
    for name in lab.hosts.keys() & lab.vms.keys():
        yield f"lab:vms:{name} has the name of a host; minion ids are unique in the lab: rename one"
    for name in lab.vms.keys() & KEYWORDS:
        yield f"lab:vms:{name} is a word that Salt keeps for itself in states: rename it"


def _addresses(lab):
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


def _twice(lab):
    """One card, and one address, for each network: the second would take the place of the first."""
    named = {
        f"lab:hosts:{name}:joins": [place.split("+")[0] for place in (host.address, *host.joins)]
        for name, host in lab.hosts.items()
    }
    named |= {f"lab:vms:{name}:nics": facts.vm_nics(lab, vm) for name, vm in lab.vms.items()}
    for path, networks in named.items():
        for network in {network for network in networks if networks.count(network) > 1}:
            yield f"{path} has {network} twice: leave one of them out"


def _macs(lab):
    yield from _shared(facts.macs(lab))


def _uuids(lab):
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


def _vms(lab):
    master = lab.hosts[lab.masters.virtual]
    joined = {place.split("+")[0] for place in master.joins}
    if not lab.networks[managed := master.address.split("+")[0]].overlay:
        joined.add(managed)  # by its first card, whose wire is the network's own
    for name, vm in facts.guests(lab).items():
        first = facts.vm_nics(lab, vm)[0]
        if "hypervisor" not in lab.hosts[vm.host].roles:
            yield f"lab:vms:{name}:host {vm.host} is no hypervisor: add that role to lab:hosts:{vm.host}:roles"
        if vm.address and vm.address.split("+")[0] != first:
            yield f"lab:vms:{name}:address {vm.address} is not in {first}, the network of its first card"
        if first not in joined:
            name_of = lab.masters.virtual
            yield (
                f"lab:vms:{name} is in {first}, where its master {name_of} is not: add it to lab:hosts:{name_of}:joins"
            )


def _data(lab):
    parts = {f"lab:classes:{name}": kind.data for name, kind in lab.classes.items()}
    parts |= {f"lab:vms:{name}": vm.data for name, vm in lab.vms.items()}
    for path, data in parts.items():
        for key in data.keys() & RESERVED:
            yield f"{path}:data:{key} would hide what the slice says itself: use another key"


#: Of salt.state.STATE_INTERNAL_KEYWORDS those that could be a name; domains are arguments of one state.
KEYWORDS = {"name", "creates", "failhard", "fun", "listen", "onchanges", "onfail", "onlyif", "order", "parallel"} | {
    *{"prereq", "prerequired", "require", "retry", "runas", "saltenv", "state", "umask", "unless", "use", "watch"}
}
RESERVED = {"name", "domain", "id", "roles", "minion", "class", "host", "block", "number", "address", "members"}
RULES = (
    *(_names, *check_networks.RULES, *check_attachment.RULES, _addresses, _twice, _macs, _uuids, _vms, _data),
    *(
        *check_storage.RULES,
        *check_netboot.RULES,
        *check_cloud.RULES,
        *check_pxelinux.RULES,
        *check_blocks.RULES,
        *check_power.RULES,
        *check_adopt.RULES,
    ),
)
