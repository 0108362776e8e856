"""The mistakes in what a spec says of blocks.  Pure."""

import ipaddress

from saltext.lab.spec import blocks, derive, facts, netboot_facts


def references(lab):
    """Yield ``(pillar path, name, part of the lab, what it has)`` for each name that has to be there."""
    for name, block in lab.blocks.items():
        at, network = f"lab:blocks:{name}", block.network or block.address.split("+")[0]
        yield f"{at}:{'address' if block.ids else 'network'}", network, "networks", lab.networks
        yield f"{at}:class", block.class_, "classes", lab.classes
    for name, kind in lab.classes.items():
        for group in kind.knows:
            yield f"lab:classes:{name}:knows", group, "blocks or lab:classes", {**lab.blocks, **lab.classes}


def patterns(lab):
    """Yield blocks without numbers in a network where no block can be told, or of what is not booted there."""
    for name, block in blocks.patterns(lab).items():
        if not (lab.networks[block.network].netboot and netboot_facts.reserved(lab, block.network)):
            yield f"lab:blocks:{name}:network {block.network} needs `netboot`, and `dhcp` without `proxy`"
        if lab.classes[block.class_].boot != "ram":
            yield (
                f"lab:blocks:{name}:class {block.class_} does not boot over the network: state"
                f" lab:classes:{block.class_}:boot ram"
            )


def groups(lab):
    """Yield groups that would not be known by one name, or whose machines are not known before they come."""
    for name, kind in lab.classes.items():
        for group in kind.knows:
            if group in lab.blocks and group in lab.classes:
                yield f"lab:classes:{name}:knows {group}, which is a block and a class: rename one of them"
            elif group in blocks.patterns(lab):
                yield f"lab:classes:{name}:knows {group}, whose machines nobody knows before they come: give it `ids`"


def names(lab):
    """Yield numbered machines that have the name of another."""
    seen: dict = {}
    for one in (*blocks.numbered(lab, "machine"), *blocks.numbered(lab, "vm")):
        taken = "lab:hosts" if one.name in lab.hosts else "lab:vms" if _stated(lab, one) else None
        if taken:
            yield f"{one.path} makes {one.name}, which is in {taken}: choose another `name`, or leave that number out"
        elif seen.setdefault(one.name, one.path) != one.path:
            yield f"{one.path} makes {one.name}, which is that of {seen[one.name]}: choose another `name`"


def _stated(lab, one):
    """Return whether *one* has the name of a VM that is none of its block's; where that runs does not matter."""
    vm, made = lab.vms.get(one.name), blocks.vm(lab, one)
    of_block = lab.blocks[one.block].kind == "vm"
    return vm is not None and not (of_block and vm == made.model_copy(update={"host": vm.host}))


def cards(lab):
    """Yield blocks whose machines have their first card elsewhere, or where their master is not."""
    for name, block in _brought(lab):
        network, first = block.address.split("+")[0], lab.classes[block.class_].nics[0]
        if network != first:
            yield f"lab:blocks:{name}:address {block.address} is not in {first}, the network of its first card"
        elif facts.address_in(lab, master := lab.masters.virtual, network) is None:
            add = f"add it to lab:hosts:{master}:joins"
            yield f"lab:blocks:{name} is in {network}, where its master {master} is not: {add}"


def ignored(lab):
    """Yield what only VMs are told."""
    for name, block in _brought(lab):
        if lab.classes[block.class_].cloud:
            yield f"lab:blocks:{name}:class {block.class_} has `cloud`, which VMs alone are told: choose another class"


def ranges(lab):
    """Yield numbered machines in a range of addresses that are given to machines which the lab does not name."""
    taken = list(_ranges(lab))
    for one in (*blocks.numbered(lab, "machine"), *blocks.numbered(lab, "vm")):
        for path, text, first, last in taken:
            if first <= _ip(lab, one.place) <= last:
                yield f"{one.path} has {one.place}, which is in {path} {text}: choose other numbers"


def _brought(lab):
    return [(name, block) for name, block in lab.blocks.items() if block.ids and block.kind == "machine"]


def _ranges(lab):
    for path, network, text in netboot_facts.ranges(lab):
        try:
            yield path, text, *netboot_facts.numbers(lab, network, text)
        except IndexError:
            continue  # another rule tells of it


def _ip(lab, place):
    """Return the address at *place*; beyond its network, which another rule tells of, one that is in no range."""
    try:
        return derive.address(lab.networks, place)[1].ip
    except IndexError:
        return ipaddress.IPv4Address(0)


RULES = (patterns, groups, names, cards, ignored, ranges)
