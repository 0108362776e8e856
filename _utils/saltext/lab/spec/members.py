"""What machines are told of others, before these are there: who balances load, who logs in.  Pure."""

from saltext.lab.spec import blocks, derive, facts


def known(lab):
    """Return ``{group: {name: {"address", "mac"}}}`` of the blocks and classes that any class knows."""
    groups = dict.fromkeys(group for kind in lab.classes.values() for group in kind.knows)
    return {group: {name: _told(*card) for name, card in sorted(_cards(lab, group).items())} for group in groups}


def _told(interface, mac):
    return {"address": str(interface.ip), "mac": mac}


def _cards(lab, group):
    """Return ``{name: (IPv4Interface, MAC)}`` of the first cards of the machines of *group*, a block or a class."""
    of_block = {one.name for kind in ("machine", "vm") for one in blocks.numbered(lab, kind) if one.block == group}
    vms = {name for name in facts.addressed(lab) if name in of_block or lab.vms[name].class_ == group}
    found = {name: _card(lab, name) for name in vms}
    brought = blocks.machines(lab).values()
    its = [one for one in brought if group in (one.block, lab.blocks[one.block].class_)]
    return found | {one.name: (derive.address(lab.networks, one.place)[1], one.mac) for one in its}


def _card(lab, name):
    network, address = derive.address(lab.networks, facts.vm_place(lab, name))
    return address, facts.vm_mac(lab, name, network)
