"""The switches of one host: bridges, tunnels, and the addresses on them.  Pure."""

from saltext.lab.spec import derive, facts

INTEGRATION = "br-int"  #: where guests, tunnels and the host's own ports meet


def of(lab, host):
    """
    Return the parts ``ovs`` and ``links`` of *host*'s slice, or nothing for a host without switches.

    ``ovs:bridges`` is the wish of ``lab_ovs.bridges``; ``links`` is ``{interface: {address, mtu}}``.
    """
    if not lab.hosts[host].uplinks:
        return {}
    bridges = {uplink_bridge(card): _bridge(lab, host, {card: {}}) for card in lab.hosts[host].uplinks}
    bridges[INTEGRATION] = _bridge(lab, host, _tunnels(lab, host) | _own_ports(lab, host))
    return {"ovs": {"bridges": bridges}, "links": _links(lab, host)}


def uplink_bridge(card):
    """Return the name of the bridge around the network card *card*."""
    return f"br-{card}"


def _bridge(lab, host, ports):
    return {"datapath_type": lab.hosts[host].datapath, "ports": ports}


def _tunnels(lab, host):
    """One port for each other host; protected, so that no frame goes from tunnel to tunnel and round in a ring."""
    return {
        derive.tunnel_port(peer): {
            "type": "vxlan",
            "protected": True,
            "options": {
                "local_ip": str(facts.address_in(lab, host, over).ip),
                "remote_ip": str(facts.address_in(lab, peer, over).ip),
                "key": derive.tunnel_key(lab.name),
            },
        }
        for over in facts.tunnelled(lab, host)
        for peer in lab.hosts
        if peer != host and over in facts.tunnelled(lab, peer)
    }


def _own_ports(lab, host):
    """A port of the host's own in each tagged network that it joins."""
    joined = [place.split("+")[0] for place in lab.hosts[host].joins]
    return {
        network: {"type": "internal", "tag": lab.networks[network].vlan}
        for network in joined
        if lab.networks[network].overlay
    }


def _links(lab, host):
    carriers = {
        network: uplink_bridge(card) for card, carried in lab.hosts[host].uplinks.items() for network in carried
    }
    uplinks = lab.hosts[host].uplinks
    links = {
        card: {"mtu": max([lab.networks[name].mtu for name in carried], default=1500)}
        for card, carried in uplinks.items()
    }
    for place in lab.hosts[host].joins:
        network, address = derive.address(lab.networks, place)
        links[carriers.get(network, network)] = {"address": str(address), "mtu": lab.networks[network].mtu}
    return links
