"""The mistakes in what a spec says of DHCP and of booting over the network.  Pure."""

import ipaddress
from itertools import combinations

from saltext.lab.spec import blocks, derive, facts, netboot_facts


def references(lab):
    """Yield ``(pillar path, name, part of the lab, what it has)`` for each name that has to be there."""
    for role, host in netboot_facts.servers(lab).items():
        yield f"lab:netboot:{role}", host, "hosts", lab.hosts
    if lab.netboot and lab.netboot.default:
        yield "lab:netboot:default", lab.netboot.default, "classes", lab.classes
    for name, host in lab.hosts.items():
        if host.image:
            yield f"lab:hosts:{name}:image", host.image, "images", lab.images
    known = {**lab.hosts, **lab.vms, **blocks.machines(lab)}
    for alias, name in lab.aliases.items():
        yield f"lab:aliases:{alias}", name, "hosts or lab:vms", known
    for path, place in _option_places(lab):
        yield path, place.split("+")[0], "networks", lab.networks


def networks(lab):
    """Yield networks that nobody serves, or whose server is not in them, and servers without any."""
    if lab.netboot and not netboot_facts.networks(lab, "dhcp"):
        yield "lab:netboot serves nothing: state `dhcp` of a network in lab:networks"
    if lab.netboot and (lab.netboot.tftp or lab.netboot.http) and not netboot_facts.networks(lab, "netboot"):
        yield "lab:netboot names hosts of tftp or http for nothing: state `netboot` of a network in lab:networks"
    for name, network in lab.networks.items():
        if network.netboot and not network.dhcp:
            yield f"lab:networks:{name}:netboot needs lab:networks:{name}:dhcp, which tells machines what to load"
        if network.dhcp and network.dhcp.proxy and network.dhcp.range:
            yield f"lab:networks:{name}:dhcp:range is for another server to give: leave it out, or `proxy`"
        if network.dhcp and network.dhcp.proxy and not network.netboot:
            yield f"lab:networks:{name}:dhcp:proxy does nothing without lab:networks:{name}:netboot"
        if network.dhcp and not lab.netboot:
            yield f"lab:networks:{name}:dhcp needs a server: name it in lab:netboot:dhcp"
        for role, host in netboot_facts.servers(lab).items():
            wanted = network.dhcp if role == "dhcp" else network.netboot
            if wanted and netboot_facts.address(lab, host, name) is None:
                yield f"lab:netboot:{role} {host} is not in {name}: add it to lab:hosts:{host}:joins"


def ranges(lab):
    """Yield ranges that are no addresses of their network, or meet others, or an address that nobody reserves."""
    found = []
    for path, network, text in netboot_facts.ranges(lab):
        try:
            first, last = netboot_facts.numbers(lab, network, text)
        except IndexError:
            yield f"{path} {text} is beyond {lab.networks[network].subnet}: choose smaller numbers"
            continue
        subnet = ipaddress.IPv4Network(lab.networks[network].subnet)
        if first > last or first == subnet.network_address or last == subnet.broadcast_address:
            yield f"{path} {text} is no range of hosts' addresses in {subnet}: choose other numbers"
        found.append((path, first, last))
    for (one, first, last), (other, begin, end) in combinations(found, 2):
        if first <= end and begin <= last:
            yield f"{other} overlaps {one}: choose other numbers"
    yield from _unreserved(lab, found)


def _unreserved(lab, found):
    for name, host in lab.hosts.items():
        for place in host.joins:
            path = next((path for path, first, last in found if (ip := _ip(lab, place)) and first <= ip <= last), None)
            if path:
                yield f"lab:hosts:{name}:joins {place} is in {path}, and no reservation keeps it: choose another number"


def machines(lab):
    """Yield machines that shall boot over the network and cannot."""
    for one in netboot_facts.machines(lab):
        at = f"{one.at}:boot"
        if one.boot and not lab.networks[one.network].netboot:
            yield f"{at} {one.boot} needs lab:networks:{one.network}:netboot, the network of its first card"
        if one.boot == "ram" and (one.image is None or lab.images[one.image].kind != "ram"):
            yield f"{at} ram needs an `image` of kind ram"
        fetches, master = netboot_facts.images_of(one), dict(lab.masters)[one.of]
        if fetches and netboot_facts.address(lab, master, one.network) is None:
            missing = f"where its master {master} is not: add it to lab:hosts:{master}:joins"
            yield f"{at} {one.boot} in {one.network}, {missing}"
    for name, kind in lab.classes.items():
        if kind.boot == "ram" and lab.images[kind.image].kind != "ram":
            yield f"lab:classes:{name}:boot ram needs an `image` of kind ram"


def installed(lab):
    """Yield machines that shall be installed once and cannot, and an image that would be taken for the installer."""
    for one in netboot_facts.machines(lab):
        at = one.at
        kind = one.image and lab.images[one.image].kind
        if one.boot == netboot_facts.ONCE and not one.install:
            yield f"{at}:boot {one.boot} needs `install`, the disk that is erased"
        if one.boot == netboot_facts.ONCE and kind != "install":
            yield f"{at}:boot {one.boot} needs an `image` of kind install"
        if one.boot == netboot_facts.ONCE and one.name in lab.vms and not facts.disks(lab, one.name):
            yield f"{at}:boot {one.boot} needs a disk: state it in {at}:disks"
        if kind == "install" and one.boot is None:
            yield f"{at} has the image {one.image}, which is installed: state `boot` install-once, or local when it is"
    if netboot_facts.INSTALLER in lab.images:
        yield f"lab:images:{netboot_facts.INSTALLER} is the name of the image that installs others: choose another"


def classes(lab):
    """Yield choices of a class that does not boot into memory, or that would not reach its master."""
    name = lab.netboot and lab.netboot.default
    if name and lab.classes[name].boot != "ram":
        yield f"lab:netboot:default {name} does not boot over the network: state lab:classes:{name}:boot ram"
    master = lab.masters.virtual
    for network in netboot_facts.networks(lab, "netboot"):
        ours = any(kind.boot == "ram" for kind in lab.classes.values())
        if ours and netboot_facts.address(lab, master, network) is None:
            at = f"lab:networks:{network}:netboot"
            yield f"{at} boots classes, and their master is not there: add it to lab:hosts:{master}:joins"


def aliases(lab):
    """Yield further names that are those of other machines, and options that are no addresses."""
    for alias in lab.aliases.keys() & (lab.hosts.keys() | facts.minions(lab, "virtual")):
        yield f"lab:aliases:{alias} is the name of a machine: choose another"
    for path, place in _option_places(lab):
        if _ip(lab, place) is None:
            yield f"{path} {place} is beyond its subnet: choose a smaller number"


def _option_places(lab):
    for name in netboot_facts.networks(lab, "dhcp"):
        options, at = lab.networks[name].dhcp.options, f"lab:networks:{name}:dhcp:options"
        yield from [(f"{at}:router", options.router)] if options.router else []
        yield from [(f"{at}:{key}", place) for key in ("dns", "ntp") for place in getattr(options, key) or []]


def _ip(lab, place):
    """Return the address at *place*, or None where there is none; other rules tell of that."""
    try:
        return derive.address(lab.networks, place)[1].ip
    except IndexError:
        return None


RULES = (networks, ranges, machines, installed, classes, aliases)
