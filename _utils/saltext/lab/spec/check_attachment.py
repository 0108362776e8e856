"""
Who is in which of the six networks isp, internet, lan, storage, wan and ipmi.  Pure.

The rule holds in a lab that has all six.  The first card of every machine is in lan, but for the firewall's, which is
in internet and isp and nowhere else; the router is in all but isp and storage; storage nodes are in storage too,
compute nodes in wan; only the router reaches ipmi.  Networks beside the six are nobody's business here.
"""

from saltext.lab.spec import blocks, facts, netboot_facts

SIX = ("isp", "internet", "lan", "storage", "wan", "ipmi")
PARTS = {
    "firewall": {"internet", "isp"},
    "router": {"lan", "internet", "wan", "ipmi"},
    "storage": {"lan", "storage"},
    "compute": {"lan", "wan"},
}


def attachment(lab):
    """Yield machines that are in one of the six networks where they have no business, or not where they have."""
    if not set(SIX) <= set(lab.networks):
        return
    duties = _duties(lab)
    for name, host in lab.hosts.items():
        networks = [place.split("+")[0] for place in (host.address, *host.joins)]
        yield from _machine(f"lab:hosts:{name}", host.parts, networks, duties.get(name, set()))
    for name, vm in facts.guests(lab).items():
        yield from _machine(f"lab:vms:{name}", lab.classes[vm.class_].parts, facts.vm_nics(lab, vm))
    for name in {one.block for one in blocks.numbered(lab, "machine")}:
        kind = lab.classes[lab.blocks[name].class_]
        yield from _machine(f"lab:blocks:{name}", kind.parts, kind.nics)


def _machine(at, parts, networks, more=frozenset()):
    """*more* is where it may be beside what its *parts* say."""
    due = set().union(*(PARTS[part] for part in parts)) if parts else {"lan"}
    playing = f"it is {' and '.join(parts)}" if parts else "it has no part in lab:classes or lab:hosts"
    if "firewall" in parts and len(parts) > 1:
        yield f"{at} is firewall and {' and '.join(set(parts) - {'firewall'})}: a firewall is nothing else"
        return
    if networks[0] in SIX and networks[0] != "lan" and "firewall" not in parts:
        yield f"{at} has its first card in {networks[0]}: that of every machine but the firewall is in lan"
    for network in sorted(set(networks) & set(SIX) - due - more):
        yield f"{at} is in {network}, where it has no business ({playing}): take it out"
    for network in sorted(due - set(networks)):
        yield f"{at} is not in {network} ({playing}): add it"


def _duties(lab):
    """
    Return ``{host: networks}`` where it may be because it serves there.

    A master is where its machines have their first cards: who is not there admits nobody there.
    """
    boots = set(netboot_facts.networks(lab, "netboot"))
    firsts = {
        "physical": {one.address.split("+")[0] for one in lab.hosts.values()},
        "virtual": boots
        | {network for vm in lab.vms.values() for network in facts.vm_nics(lab, vm)[:1]}
        | {one.network for one in blocks.numbered(lab, "machine")},
    }
    found = dict.fromkeys(netboot_facts.servers(lab).values(), boots)
    for kind, master in lab.masters:
        found[master] = found.get(master, set()) | firsts[kind]
    return found


RULES = (attachment,)
