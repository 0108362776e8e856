"""The switches of one host: bridges, tunnels, and the addresses on them.  Pure."""

from saltext.lab.spec import derive, facts, wires


def of(lab, host):
    """
    Return the parts ``ovs`` and ``links`` of *host*'s slice, or nothing for a host without uplinks.

    ``ovs:bridges`` is the wish of ``lab_ovs.bridges``; ``links`` is ``{interface: {address, mtu}}``.
    """
    own = {name: wish.model_dump(exclude_unset=True) for name, wish in lab.hosts[host].bridges.items()}
    if not lab.hosts[host].uplinks:
        return {"ovs": {"bridges": own}, "links": {}} if own else {}
    bridges = {
        wires.card_bridge(card): _bridge(lab, host, _around(lab, host, card)) for card in wires.bridged(lab, host)
    }
    inner = _patches(lab, host) | _tunnels(lab, host) | _own_ports(lab, host)
    bridges[wires.INTEGRATION] = _bridge(lab, host, inner)
    return {"ovs": {"bridges": bridges | own}, "links": _links(lab, host)}


def _bridge(lab, host, ports):
    return {"datapath_type": lab.hosts[host].datapath, "ports": ports}


def _around(lab, host, card):
    """The ports of the bridge around *card*: the card, and a patch to br-int where tagged networks are on its wire."""
    outer, inner = wires.patch_names(card)
    return {card: {}} | ({outer: _patch(inner)} if wires.tags(lab, host, card) else {})


def _patches(lab, host):
    """The other ends, which let through what is on that wire and nothing else."""
    found = {}
    for card in wires.bridged(lab, host):
        outer, inner = wires.patch_names(card)
        if tags := wires.tags(lab, host, card):
            found[inner] = _patch(outer) | _trunk(tags)
    return found


def _trunk(tags):
    """A tag that somebody gave the port by hand would make it an access port."""
    return {"trunks": tags, "tag": None}


def _patch(peer):
    return {"type": "patch", "options": {"peer": peer}}


def _tunnels(lab, host):
    """One port for each peer; protected, so that no frame goes from tunnel to tunnel and round in a ring."""
    return {
        derive.tunnel_port(kind, peer, over): {
            "type": kind,
            "protected": True,
            **_trunk(tags),
            "options": {
                "local_ip": str(facts.address_in(lab, host, over).ip),
                "remote_ip": str(facts.address_in(lab, peer, over).ip),
                "key": derive.tunnel_key(lab.name),
            },
        }
        for (over, kind, peer), tags in wires.tunnels(lab, host).items()
    }


def _own_ports(lab, host):
    """
    A port of the host's own in each tagged network that it joins.

    Its MTU is stated: without, ovs-vswitchd gives it that of the smallest port of the bridge, whenever one comes
    (ofproto/ofproto.c, update_mtu_ofproto).
    """
    joined = [place.split("+")[0] for place in lab.hosts[host].joins]
    return {
        network: {"type": "internal", "tag": lab.networks[network].vlan, "mtu": facts.mtu(lab, network)}
        for network in joined
        if wires.plug(lab, host, network).bridge == wires.INTEGRATION
    }


def _links(lab, host):
    uplinks = lab.hosts[host].uplinks
    links = {
        card: {"mtu": max([facts.mtu(lab, name) for name in carried], default=1500)}
        for card, carried in uplinks.items()
    }
    for place in lab.hosts[host].joins:
        network, address = derive.address(lab.networks, place)
        links[_link(lab, host, network)] = {"address": str(address), "mtu": facts.mtu(lab, network)}
    return links


def _link(lab, host, network):
    """Return the interface with the host's own address in *network*: a port, a bridge, or a card that guests share."""
    plug = wires.plug(lab, host, network)
    return plug.card or (network if plug.bridge == wires.INTEGRATION else plug.bridge)
