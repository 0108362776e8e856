"""The mistakes in what a spec says of networks, cards and tunnels.  Pure."""

import ipaddress
from itertools import combinations

from saltext.lab.spec import derive, facts, wires


def networks(lab):
    """Yield networks that cannot be told apart."""
    for (one, first), (other, second) in combinations(lab.networks.items(), 2):
        if ipaddress.IPv4Network(first.subnet).overlaps(ipaddress.IPv4Network(second.subnet)):
            yield f"lab:networks:{other}:subnet {second.subnet} overlaps {first.subnet} of {one}: choose another"
        if first.vlan and first.vlan == second.vlan:
            yield f"lab:networks:{other}:vlan {second.vlan} is that of {one}: choose another"


def overlays(lab):
    """Yield overlays that lack something, or do not fit into what carries them."""
    for name, network in lab.networks.items():
        at = f"lab:networks:{name}"
        if bool(network.overlay) != bool(network.over):
            yield f"{at} needs both `overlay` and `over`, or none of them"
        elif network.overlay and not network.vlan:
            yield f"{at}:vlan is missing: networks are told apart by it inside the tunnels"
        elif network.overlay and (lab.networks[network.over].vlan or lab.networks[network.over].overlay):
            yield f"{at}:over {network.over} has tags or is an overlay: choose a network without, on a card"
        elif network.overlay:
            yield from _room(lab, name, network)


def _room(lab, name, network):
    least = facts.mtu(lab, name) + derive.TUNNEL_OVERHEAD[network.overlay]
    if facts.mtu(lab, network.over) < least:
        at, over = f"lab:networks:{name}:mtu {facts.mtu(lab, name)}", network.over
        yield f"{at} does not fit into {over}: make that mtu {least} or more, or this less"


def reach(lab):
    """Yield networks that a host needs and has neither a wire nor a tunnel for."""
    for name, host in lab.hosts.items():
        carried = {network for card in host.uplinks.values() for network in card}
        own = {place.split("+")[0] for place in host.joins}
        for network in facts.wanted(lab, name):
            if lab.networks[network].over is None and network not in carried:
                yield f"lab:hosts:{name} needs {network}, and no card carries it: name it in lab:hosts:{name}:uplinks"
        for network in lab.networks:
            over = lab.networks[network].over
            if over and name in wires.meshed(lab, network) and not (over in carried and over in own):
                yield f"lab:hosts:{name} needs {network} over {over}: name {over} in its `uplinks` and `joins`"


def cards(lab):
    """Yield cards whose wire cannot tell its networks apart, or that would make a ring."""
    for name, host in lab.hosts.items():
        at = f"lab:hosts:{name}:uplinks"
        for card, carried in host.uplinks.items():
            if len(plain := [network for network in carried if lab.networks[network].vlan is None]) > 1:
                yield f"{at}:{card} carries {' and '.join(plain)} without tags: give all but one a `vlan`, or a card"
        for network in lab.networks:
            if len(both := [card for card, carried in host.uplinks.items() if network in carried]) > 1:
                yield f"{at} has {network} on {' and '.join(both)}, which can make a ring: leave one of them out"


def macvtap(lab):
    """Yield cards that guests cannot share, and guests that would need the host which they cannot talk to."""
    for name, network in lab.networks.items():
        if network.attach == "macvtap" and (network.vlan or network.overlay):
            yield f"lab:networks:{name}:attach macvtap takes frames as they are on the wire: leave vlan and overlay out"
    for name, host in lab.hosts.items():
        for card, carried in host.uplinks.items():
            shared = [network for network in carried if lab.networks[network].attach == "macvtap"]
            if shared and len(carried) > 1:
                yield f"lab:hosts:{name}:uplinks:{card} is shared by macvtap in {shared[0]}: it carries nothing else"
    for name, vm in facts.guests(lab).items():
        first = facts.vm_nics(lab, vm)[0]
        if vm.host == lab.masters.virtual and lab.networks[first].attach == "macvtap":
            yield (
                f"lab:vms:{name} would not reach its master: with macvtap in {first} it cannot talk to its own host"
                f" {vm.host}: give it another host, or {first} a bridge"
            )


def links(lab):
    """Yield names of network interfaces that the kernel does not allow: more than 15 characters, or twice."""
    for name, host in lab.hosts.items():
        for card in {"eth0", "lo"} & host.uplinks.keys():
            yield f"lab:hosts:{name}:uplinks:{card} is how the host is managed, or no card: name a further one"
        own = [n for n in (place.split("+")[0] for place in host.joins) if lab.networks[n].vlan]
        bridges = [wires.card_bridge(card) for card in wires.bridged(lab, name)]
        taken = [*host.uplinks, *bridges, wires.INTEGRATION, *own]
        for link in sorted({link for link in taken if len(link) > derive.LONGEST or taken.count(link) > 1}):
            yield f"lab:hosts:{name} would have a network interface {link}, beyond 15 characters or twice: rename it"


RULES = (networks, overlays, reach, cards, macvtap, links)
