"""Every mistake in a spec, before anything runs.  Pure."""

from saltext.lab.errors import BadWish
from saltext.lab.mistake import bad, plain, told
from saltext.lab.schema import parse
from saltext.lab.spec import (
    blocks,
    check_attachment,
    check_blocks,
    check_ceph,
    check_cloud,
    check_devices,
    check_needs,
    check_netboot,
    check_networks,
    check_pools,
    check_pxelinux,
    check_references,
    check_secrets,
    check_storage,
    derive,
    facts,
    mend,
)
from saltext.lab.spec.model import Lab
from saltext.lab.spec.where import Places


def checked(spec):
    """
    Return *spec*, the dict under the pillar key ``lab``, as a ``Lab`` without mistakes.

    Raises ``BadWish`` with every mistake: pillar path, what is wrong, what would be right; where *spec* is a
    ``where.Spec``, with file and line.  Keys and values come first, then names that refer to nothing, then what
    contradicts itself: that in what is left of the lab without the entries that have mistakes already, so that it may
    take a second run to see all.
    """
    places = Places(getattr(spec, "files", ()))
    try:
        lab, mistakes = parse(Lab, spec, "lab"), []
    except BadWish as err:
        lab, mistakes = None, list(err.mistakes)
    stated = spec if isinstance(spec, dict) else {}
    mistakes += check_references.dangling(lab or mend.filled(spec, mistakes), mistakes, stated)
    rest = lab if lab and not mistakes else mend.sound(spec, mistakes, check_references.dangling)
    rules = RULES if rest is lab else [rule for rule in RULES if rule not in WHOLE]
    rest = rest and blocks.expanded(rest)
    mistakes += [_valued(told(one), spec) for rule in rules for one in rule(rest)] if rest else []
    mistakes += [told(one) for one in check_cloud.secrets(rest)] if rest else []
    mistakes += check_secrets.plain(spec, places)
    if mistakes:
        raise bad(places.located(mistakes), "lab")
    return rest


def _valued(mistake, spec):
    """Return *mistake* with the value at its path, if that is one value."""
    for part in mistake.path[1:]:
        spec = spec.get(part) if isinstance(spec, dict) else None
    return mistake._replace(wrong=plain(spec))


def _names(lab):
    for name in sorted(lab.hosts.keys() & lab.vms.keys()):
        yield f"lab:vms:{name} has the name of a host; minion ids are unique in the lab: rename one"
    for name in sorted(lab.vms.keys() & KEYWORDS):
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
        for network in sorted({network for network in networks if networks.count(network) > 1}):
            yield f"{path} has {network} twice: leave one of them out"


def _macs(lab):
    yield from _shared(facts.macs(lab))


def _uuids(lab):
    yield from _shared((f"lab:hosts:{name}:uuid", host.uuid) for name, host in lab.hosts.items() if host.uuid)


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
    for name, vm in lab.vms.items():
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


def _data(lab):
    parts = {f"lab:classes:{name}": kind.data for name, kind in lab.classes.items()}
    parts |= {f"lab:vms:{name}": vm.data for name, vm in lab.vms.items()}
    for path, data in parts.items():
        for key in sorted(data.keys() & RESERVED):
            yield f"{path}:data:{key} would hide what the slice says itself: use another key"


#: Of salt.state.STATE_INTERNAL_KEYWORDS those that could be a name; domains are arguments of one state.
KEYWORDS = {"name", "creates", "failhard", "fun", "listen", "onchanges", "onfail", "onlyif", "order", "parallel"} | {
    *{"prereq", "prerequired", "require", "retry", "runas", "saltenv", "state", "umask", "unless", "use", "watch"}
}
RESERVED = {"name", "domain", "id", "roles", "minion", "class", "host", "block", "number", "address", "members"}
RULES = (
    *(_names, *check_networks.RULES, *check_attachment.RULES, _addresses, _twice, _macs, _uuids, _vms, _data),
    *(*check_storage.RULES, *check_netboot.RULES, *check_cloud.RULES, *check_pxelinux.RULES, *check_blocks.RULES),
    *(*check_needs.RULES, *check_devices.RULES, *check_pools.RULES, *check_ceph.RULES),
)
#: Rules that would tell of what is only missing because the entries that have it have other mistakes.
WHOLE = (*check_netboot.WHOLE, *check_devices.WHOLE, *check_pools.WHOLE, *check_ceph.WHOLE)
