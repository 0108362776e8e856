"""Which wire or tunnel a network takes on a host, and where a machine plugs in.  Pure."""

from typing import NamedTuple

from saltext.lab.spec import derive, facts
from saltext.lab.spec.once import once

INTEGRATION = "br-int"  #: where guests, tunnels and the host's own ports in tagged networks meet


class Plug(NamedTuple):
    """Where a machine on some host gets into a network: a port of a bridge, or beside the host on its card."""

    bridge: str | None
    tag: int | None
    card: str | None  #: the host's card that it shares by macvtap, instead of a bridge


def card_bridge(card):
    """Return the name of the bridge around the network card *card*."""
    return f"br-{card}"


def card(lab, host, network):
    """Return the card of *host* whose wire carries *network*, or None."""
    return next((card for card, carried in lab.hosts[host].uplinks.items() if network in carried), None)


def plug(lab, host, network):
    """Return the ``Plug`` of *network* on *host*."""
    wire, wished = card(lab, host, network), lab.networks[network]
    if wished.attach == "macvtap":
        return Plug(None, None, wire)
    if wished.vlan is None and wire:
        return Plug(card_bridge(wire), None, None)
    return Plug(INTEGRATION, wished.vlan, None)


def bridged(lab, host):
    """Return the cards of *host* that are in a bridge, in order: all but those that guests share by macvtap."""
    uplinks = lab.hosts[host].uplinks
    return [card for card in uplinks if not any(lab.networks[name].attach == "macvtap" for name in uplinks[card])]


def tags(lab, host, card):
    """Return the tags of the networks on the wire of *card*, sorted."""
    return sorted(tag for name in lab.hosts[host].uplinks[card] if (tag := lab.networks[name].vlan))


def tunnels(lab, host):
    """
    Return ``{(underlay, kind, peer): [tag, …]}``: the tunnels of *host* and what goes through each.

    The hosts that a network reaches by no wire are joined by a full mesh.  Where others have a wire for it, just one
    of these, the first by name, is in that mesh too: with two there would be a ring, through the wire and back.
    """
    found: dict = {}
    for name, network in lab.networks.items():
        ends = meshed(lab, name)
        if network.overlay and host in ends:
            for peer in ends:
                if peer != host:
                    found.setdefault((network.over, network.overlay, peer), []).append(network.vlan)
    return {key: sorted(found[key]) for key in sorted(found)}


@once
def meshed(lab, network):
    """Return the hosts that are joined by tunnels for *network*, sorted; none where no host needs one."""
    wired = sorted(host for host in lab.hosts if card(lab, host, network))
    islands = sorted(host for host in lab.hosts if host not in wired and network in facts.wanted(lab, host))
    return sorted([*islands, *wired[:1]]) if islands else []


def underlays(lab, host):
    """Return the networks that *host* sends tunnels over, sorted."""
    return sorted({over for over, _, _ in tunnels(lab, host)})


def patch_names(card):
    """Return the names of the two ports that join the bridge around *card* and br-int: there, and here."""
    return derive.short(f"int-{card}"), derive.short(f"to-{card}")
