"""What a host has, as a part of the spec that leaves it as it is.  Pure."""

from typing import NamedTuple

from saltext.lab.spec import facts, take_networks, take_parts, take_vms
from saltext.lab.spec.check import KEYWORDS
from saltext.lab.spec.host_model import Host
from saltext.lab.spec.names import Name
from saltext.lab.spec.take_fit import fits, fitting
from saltext.lab.spec.take_vms import KEPT


class Has(NamedTuple):
    """What a host has, as the execution functions of these names return it."""

    domains: dict
    pools: dict
    networks: dict  #: of libvirt
    bridges: dict | None  #: None where no Open vSwitch answers
    interfaces: dict  #: ``network.interfaces``
    managed: str | None  #: the interface by which it is managed
    uuid: str | None = None  #: of its SMBIOS


class Taken(NamedTuple):
    """A part of a spec, and what could not be said in it."""

    spec: dict
    unsaid: list  #: of ``(what, why)``


def take(lab, host, has):
    """
    Return ``Taken`` for *host*, which ``has`` what is in ``Has``, beside what the checked *lab* says already.

    With that part in the spec, nothing of the host's domains, bridges and pools is to be changed but their marks.
    """
    due, refused = _due(lab, host, has.domains)
    said = {name: take_vms.said(domain) for name, domain in due.items()}
    plugs = [take_networks.plug(nic) for known, _ in said.values() for nic in known.get("nics", {}).values()]
    found = take_networks.found(lab, host, has, plugs)
    vms, lost = _vms(lab, host, due, said, found.names)
    bridges, odd_bridges = take_parts.bridges(lab, host, has.bridges)
    pools, odd_pools = take_parts.pools(lab, host, has.pools)
    machine, networks = _machine(lab, host, has, found)
    parts = machine | {"plugs": found.plugs, "bridges": bridges, "pools": pools}
    spec = {
        "networks": networks,
        "hosts": {host: own} if (own := {key: part for key, part in parts.items() if part}) else {},
        **(_kept(lab, networks, vms) if vms else {}),
        "vms": vms,
    }
    unsaid = [*refused, *lost, *odd_bridges, *odd_pools, *_beside(has, found)]
    return Taken({key: part for key, part in spec.items() if part}, unsaid)


def _due(lab, host, domains):
    """Return the domains that the lab does not know, and ``[(what, why)]`` of those that it cannot take."""
    new = {
        name: domains[name] for name in sorted(domains) if name not in lab.vms or lab.vms[name].host not in (host, None)
    }
    refused = {name: why for name in new if (why := _refusal(lab, name))}
    due = {name: domain for name, domain in new.items() if name not in refused}
    return due, [(f"VM {name}", f"{why}; it stays as it is") for name, why in refused.items()]


def _refusal(lab, name):
    if name in lab.vms or name in lab.hosts:
        return "another machine of the lab has that name"
    if name in KEYWORDS or not fits(Name, name):
        return "that is no name for a machine of the lab (small letters, digits, hyphens): virsh domrename"
    return None


def _vms(lab, host, due, said, names):
    """Return the VMs of *host* by name, and ``[(what, why)]``; of cards with one MAC the first has a network."""
    vms, lost, taken = {}, [], {mac for _, mac in facts.macs(lab)}
    accel = _accel(lab, host, due)
    for name, (known, why) in said.items():
        macs = take_vms.macs(known, names, taken)
        taken |= set(macs.values())
        vms[name] = take_vms.of(host, due[name], known, accel, macs)
        lost += [(f"VM {name}, {'.'.join(path)}", reason) for path, reason in why]
    return vms, lost


def _accel(lab, host, domains):
    if host in lab.hosts:
        return lab.hosts[host].accel
    return "tcg" if domains and all(domain.get("type") == "qemu" for domain in domains.values()) else "kvm"


def _machine(lab, host, has, found):
    """Return what the lab does not say of *host* itself, and the networks that it has not."""
    if host in lab.hosts:
        roles = lab.hosts[host].roles
        return {} if "hypervisor" in roles else {"roles": [*roles, "hypervisor"]}, found.networks
    link, networks = has.managed, dict(found.networks)
    said = {"mac": has.interfaces.get(link, {}).get("hwaddr"), "uuid": has.uuid}
    if address := take_networks.of_link(has, link):
        name = _of_address(lab, link, address, found)
        if name not in lab.networks:
            networks.setdefault(name, take_networks.new(lab, networks, address.network))
        said["address"] = f"{name}+{int(address.ip) - int(address.network.network_address)}"
    said |= {"card": link} if link != "eth0" else {}
    said |= {"accel": "tcg"} if _accel(lab, host, has.domains) == "tcg" else {}
    return fitting(Host, {key: one for key, one in said.items() if one} | {"roles": ["hypervisor"]})[0], networks


def _of_address(lab, link, address, found):
    """Return the network that *address* of the host, on its *link*, is in."""
    if known := next((name for plug, name in found.names.items() if dict(plug) == {"bridge": link}), None):
        return known
    every = {name: network.subnet for name, network in lab.networks.items()}
    every |= {name: network["subnet"] for name, network in found.networks.items()}
    same = [name for name, subnet in every.items() if subnet == str(address.network)]
    return same[0] if same else take_networks.unused(take_networks.called({"bridge": link}), every)


def _kept(lab, networks, vms):
    """Return the class and the image that such VMs have, where the lab has them not."""
    nets = [*[network for vm in vms.values() for network in vm["nics"]], *networks, *lab.networks]
    kept = {"images": {KEPT: {"kind": "kept"}}, "classes": {KEPT: {"image": KEPT, "nics": nets[:1]}}}
    return {part: its for part, its in kept.items() if KEPT not in getattr(lab, part)}


def _beside(has, found):
    """Yield what VMs are plugged into and nobody keeps."""
    if has.bridges is None:
        yield "Open vSwitch", "none answers there: no bridge of it is taken over"
    for words in (dict(plug) for plug in found.names):
        if "network" in words:
            yield f"network {words['network']} of libvirt", "it stays as it is; a host that is new has to be given it"
        elif "bridge" in words and "virtualport" not in words:
            yield f"Linux bridge {words['bridge']}", "it stays as it is; a host that is new has to be given it"
