"""Which networks the cards of a host's VMs are in, by where they are plugged in.  Pure."""

import re
from ipaddress import IPv4Interface, IPv4Network
from typing import NamedTuple

from saltext.lab.spec import domains, wires
from saltext.lab.spec.adopt_model import Plug
from saltext.lab.spec.names import UNSEEN
from saltext.lab.virt.devices import PLUGS


class Found(NamedTuple):
    """The networks of a host that is taken over."""

    names: dict  #: by plug, a tuple of the items of a ``Plug``: the network
    networks: dict  #: those that the lab has not, by name
    plugs: dict  #: what the lab does not say of how its VMs get into which


def plug(nic):
    """Return where *nic*, a card of a domain, is plugged in, as a tuple of items; empty where no network tells that."""
    if "trunks" in nic or not set(PLUGS) & set(nic):
        return ()
    return tuple((key, nic[key]) for key in Plug.model_fields if key in nic)


def found(lab, host, has, plugs):
    """
    Return ``Found`` for the *plugs* of the VMs of *host*, which ``has`` what is in ``take.Has``.

    A network of the lab is the one where it has VMs of that host get in in the same way; else one that the host gets
    into by nothing yet, of the same VLAN, the same addresses or the same name.  What fits none is a network of its own.
    """
    every = sorted(set(plugs) - {()})
    names = {plug: name for plug in every if (name := _same(lab, host, dict(plug)))}
    networks: dict = {}
    ways: dict = {}
    for plug in every:
        if plug in names:
            continue
        words, subnet = dict(plug), _subnet(has, dict(plug))
        free = [name for name in lab.networks if not (name in ways or _reached(lab, host, name))]
        name = _match(lab, free, words, subnet)
        if name is None:
            name = unused(called(words), {**lab.networks, **networks})
            networks[name] = new(lab, networks, subnet, words.get("tag"))
        names[plug], ways[name] = name, words
    return Found(names, networks, ways)


def new(lab, networks, subnet, tag=None):
    """Return a network with *subnet*, or with what says that nobody has seen it; a *tag* tells one network alone."""
    taken = {network.vlan for network in lab.networks.values()} | {one.get("vlan") for one in networks.values()}
    return {"subnet": str(subnet or UNSEEN)} | ({"vlan": tag} if tag and tag not in taken else {})


def of_link(has, link):
    """Return the host's first ``IPv4Interface`` on its interface *link*, or None."""
    for one in has.interfaces.get(link, {}).get("inet", ()):
        return IPv4Interface(f"{one['address']}/{one['netmask']}")
    return None


def called(words):
    """Return a name for a network that is told by *words*."""
    parts = [words[key] for key in (*PLUGS, "portgroup", "tag") if key in words]
    text = re.sub(r"[^a-z0-9]+", "-", "-".join(str(part) for part in parts).lower()).strip("-")
    return text[:60].strip("-") or "net"


def unused(name, taken):
    """Return *name*, with a number where *taken* has it."""
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, 10**4))) if one not in taken)


def _same(lab, host, words):
    there = [name for name in lab.networks if _reached(lab, host, name)]
    return next((name for name in there if domains.plug(lab, host, name) == words), None)


def _reached(lab, host, network):
    """Return whether the lab says how *host* gets into *network*: by a plug, a wire or a tunnel."""
    if host not in lab.hosts:
        return False
    over = lab.networks[network].over
    by_wire = wires.card(lab, host, network) or (over and wires.card(lab, host, over))
    return bool(by_wire or network in lab.hosts[host].plugs)


def _match(lab, free, words, subnet):
    tag, name = words.get("tag"), called(words)
    by_tag = [one for one in free if tag and lab.networks[one].vlan == tag]
    by_subnet = [one for one in free if subnet and IPv4Network(lab.networks[one].subnet) == subnet]
    return next(iter([*by_tag, *by_subnet, *[one for one in free if one == name]]), None)


def _subnet(has, words):
    told = has.networks.get(words.get("network"), {}).get("address") if "portgroup" not in words else None
    addresses = [IPv4Interface(told)] if told else [of_link(has, link) for link in _links(has, words)]
    return next((address.network for address in addresses if address and address.network.prefixlen < 31), None)


def _links(has, words):
    """Yield the interfaces on which the host may have its own address there."""
    tag, bridge = words.get("tag"), words.get("bridge")
    if "direct" in words:
        yield words["direct"]
    elif "network" in words:
        yield has.networks.get(words["network"], {}).get("bridge")
    elif not tag:
        yield bridge
    else:
        ports = (has.bridges or {}).get(bridge, {}).get("ports", {})
        yield from [name for name, port in ports.items() if port.get("tag") == tag and port.get("type") == "internal"]
        yield f"{bridge}.{tag}"
