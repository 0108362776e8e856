"""Which numbers of blocks are those of what is seen, and which are free.  Pure."""

import ipaddress

from saltext.lab.spec import blocks, derive, facts, netboot_facts
from saltext.lab.spec.block_model import MOST, valid


def within(lab, mac="", subnet=None):
    """Return every ``Numbered`` whose MAC begins with *mac*, and whose address is in *subnet* (``10.10.0.96/28``)."""
    every = [one for kind in ("machine", "vm") for one in blocks.numbered(lab, kind)]
    wanted = subnet and ipaddress.IPv4Network(subnet)
    return [one for one in every if one.mac.startswith(mac) and (wanted is None or _ip(lab, one.place) in wanted)]


def next_free(lab, name):
    """
    Return the first ``Numbered`` of block *name* that nobody in *lab* shares a name, a MAC or an address with.

    It may be beyond the `ids` of its block, which it then could be added to.  None where its forms have no more.
    """
    block, taken = lab.blocks[name], _taken(lab)
    candidates = (
        blocks.one(name, block, number) for number in range(block.numbers().start, block.numbers().start + MOST)
    )
    fitting = (one for one in candidates if valid(one.name, one.mac) and _usable(lab, one.place))
    return next((one for one in fitting if not {one.name, one.mac, _ip(lab, one.place)} & taken), None)


def _taken(lab):
    names = facts.minions(lab, ("physical", "virtual"))
    addresses = {_ip(lab, place) for _, place in facts.places(lab)}
    given = (netboot_facts.numbers(lab, network, text) for _, network, text in netboot_facts.ranges(lab))
    strangers = {ip for first, last in given for block in _span(first, last) for ip in block}
    return names | {mac for _, mac in facts.macs(lab)} | addresses | strangers


def _span(first, last):
    return ipaddress.summarize_address_range(first, last)


def _usable(lab, place):
    try:
        interface = derive.address(lab.networks, place)[1]
    except IndexError:
        return False
    return interface.ip not in (interface.network.network_address, interface.network.broadcast_address)


def _ip(lab, place):
    return derive.address(lab.networks, place)[1].ip
