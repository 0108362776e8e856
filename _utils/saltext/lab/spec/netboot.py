"""What the hosts that serve DHCP, DNS, TFTP and HTTP get of the spec: the text of their files.  Pure."""

import ipaddress

from saltext.lab.netboot import dnsmasq, nginx
from saltext.lab.netboot.pxelinux import PACKAGES
from saltext.lab.spec import blocks, boot_scripts, cloud, derive, facts, pxelinux, wires
from saltext.lab.spec.netboot_facts import (
    address,
    block_range,
    installed,
    machines,
    networks,
    numbers,
    prefix,
    reserved,
    servers,
)


def of(lab, host, stock):
    """
    Return the part ``netboot`` of *host*'s slice, or nothing for a host that serves none of it.

    *stock* is what the master has for machines that boot.
    """
    roles = [role for role, of in servers(lab).items() if of == host]
    if not roles:
        return {}
    part: dict = {"packages": _packages(lab, roles)}
    if "dhcp" in roles or "tftp" in roles:
        part["dnsmasq"] = {"conf": _conf(lab, host, roles), "tftp": "tftp" in roles}
    if "tftp" in roles:
        part["dnsmasq"]["pxelinux"] = pxelinux.files(lab, stock)
    if "dhcp" in roles:
        part["dnsmasq"] |= {"hosts": _hosts(lab), "options": _options(lab), "names": _names(lab)}
        part["dnsmasq"] |= _announced(lab, host)
    if "http" in roles:
        listen = [address(lab, host, network) for network in networks(lab, "netboot")]
        part["nginx"] = {"conf": nginx.conf(listen), **boot_scripts.of(lab, stock), "cloud": cloud.served(lab)}
        part |= _installs(lab)
    return {"netboot": part}


def _installs(lab):
    """Return ``installs``, ``{machine: {"mac", "ip"}}`` of those that are installed once, if there are any."""
    found = {one.name: {"mac": one.mac, "ip": _ip(lab, one.place)} for one in installed(lab)}
    return {"installs": found} if found else {}


def _packages(lab, roles):
    more = PACKAGES if pxelinux.macs(lab) else []
    wanted = {"dhcp": ["dnsmasq"], "tftp": ["dnsmasq", "ipxe", *more], "http": ["nginx-light", "ipxe"]}
    return sorted({package for role in roles for package in wanted[role]})


def _conf(lab, host, roles):
    kind = "dhcp" if "dhcp" in roles else "netboot"
    lines = dnsmasq.base([interface(lab, host, network) for network in networks(lab, kind)])
    if "dhcp" in roles:
        lines += [*dnsmasq.dns(lab.domain), *dnsmasq.dhcp(pxelinux.macs(lab)), *_networks(lab)]
        for name in networks(lab, "netboot"):
            lines += dnsmasq.announce(interface(lab, host, name), prefix(lab, name).network)
    else:
        lines += ["port=0"]
    lines += dnsmasq.tftp() if "tftp" in roles else []
    return "".join(f"{line}\n" for line in lines)


def _announced(lab, host):
    """Return the addresses from which it announces IPv6: on ``links`` that are ours, and on its own first ``card``."""
    found = {interface(lab, host, name): str(prefix(lab, name)) for name in networks(lab, "netboot")}
    own = lab.hosts[host].card
    return {
        "links": {link: at for link, at in found.items() if link != own},
        "card": {link: at for link, at in found.items() if link == own},
    }


def interface(lab, host, network):
    """Return the interface of *host* in *network*."""
    if lab.hosts[host].address.split("+")[0] == network:
        return lab.hosts[host].card
    plug = wires.plug(lab, host, network)
    return plug.card or (network if plug.bridge == wires.INTEGRATION else plug.bridge)


def _networks(lab):
    lines = []
    for name in networks(lab, "dhcp"):
        wish, subnet = lab.networks[name].dhcp, ipaddress.IPv4Network(lab.networks[name].subnet)
        tftp, http = (address(lab, servers(lab)[role], name) for role in ("tftp", "http"))
        told = [block for block, of in blocks.patterns(lab).items() if of.network == name]
        if wish.proxy:
            lines += [dnsmasq.proxy(name, subnet), *dnsmasq.proxy_boot(name, tftp, http)]
            continue
        lines.append(dnsmasq.network(name, subnet, numbers(lab, name, wish.range), wish.lease))
        for block in told:
            mac, own = lab.blocks[block].mac, block_range(lab, block)
            lines += dnsmasq.block(block, mac, own, subnet.netmask, wish.lease)
        if lab.networks[name].netboot:
            lines += dnsmasq.boot(name, tftp, http, told)
    return lines


def _hosts(lab):
    return {
        one.name: dnsmasq.reservation(one.mac, _ip(lab, one.place), one.name, lab.networks[one.network].dhcp.lease)
        for one in machines(lab)
        if reserved(lab, one.network)
    }


def _options(lab):
    return {name: dnsmasq.options(name, _told(lab, name)) for name in networks(lab, "dhcp") if reserved(lab, name)}


def _told(lab, network):
    options, own = lab.networks[network].dhcp.options, address(lab, lab.netboot.dhcp, network)
    told = {
        "router": [options.router] if options.router else [],
        "ntp-server": options.ntp or [],
        "dns-server": options.dns or [],
    }
    found = {option: ",".join(_ip(lab, place) for place in of) for option, of in told.items()}
    found |= {"dns-server": found["dns-server"] or str(own), "domain-name": options.domain or lab.domain}
    # An empty router is sent as none; left out, dnsmasq would name itself.
    return {option: value for option, value in found.items() if value or option == "router"}


def _ip(lab, place):
    return str(derive.address(lab.networks, place)[1].ip)


def _names(lab):
    places = {name: [host.address, *host.joins] for name, host in lab.hosts.items()}
    places |= {name: [facts.vm_place(lab, name)] for name in facts.addressed(lab)}
    places |= {name: [one.place] for name, one in blocks.machines(lab).items()}
    aliases = {name: sorted(alias for alias, of in lab.aliases.items() if of == name) for name in places}
    return {
        name: dnsmasq.names([_ip(lab, place) for place in of], name, lab.domain, aliases[name])
        for name, of in places.items()
    }
