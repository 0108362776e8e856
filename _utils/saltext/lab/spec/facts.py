"""Questions about a lab that both its check and its compilation ask.  Pure."""

from saltext.lab.spec import blocks, derive


def serves(lab, master):
    """Return which machines *master* serves: ``physical``, ``virtual`` or both."""
    return [kind for kind, of in lab.masters if of == master]


def minions(lab, serves):
    """Return the ids of the machines whose master *serves* ``physical``, ``virtual`` or both."""
    virtual = guests(lab).keys() | blocks.machines(lab).keys()
    return {*(lab.hosts if "physical" in serves else ()), *(virtual if "virtual" in serves else ())}


def guests(lab):
    """Return the VMs that the suite makes, and that have a minion of it, by name."""
    return {name: vm for name, vm in lab.vms.items() if not vm.adopt}


def addressed(lab):
    """Return the names of the VMs whose address is known: all but those that others made and that state none."""
    return [name for name, vm in lab.vms.items() if vm.address or not vm.adopt]


PRIORITY = 50  #: of a VM where nobody states one


def hypervisors(lab):
    """Return the hosts that run libvirt."""
    return [name for name, host in lab.hosts.items() if "hypervisor" in host.roles]


def vm_nics(lab, vm):
    """Return the networks of *vm*'s cards, in their order."""
    of_class = [] if vm.adopt else lab.classes[vm.class_].nics
    return of_class if vm.nics is None else vm.nics


def vm_uuid(lab, name):
    """Return the UUID of VM *name*, as text."""
    return lab.vms[name].uuid or derive.vm_uuid(lab.name, name)


def vm_place(lab, name):
    """Return where VM *name* has its address, such as ``lan+21``."""
    vm = lab.vms[name]
    return vm.address or derive.vm_place(lab.networks, vm_nics(lab, vm)[0], name)


def vm_mac(lab, name, network):
    """Return the MAC of VM *name*'s card in *network*."""
    return lab.vms[name].macs.get(network) or derive.mac(lab.name, name, network)


def disks(lab, name):
    """Return the disks of VM *name* by their names, in order of their letters: its class's, and its own over those."""
    vm = lab.vms[name]
    kind = lab.classes[vm.class_]
    of_class = {} if vm.adopt else kind.disks
    found = {device: disk for device, disk in (of_class | vm.disks).items() if disk is not None}
    if lab.images[kind.image].kind == "disk":
        found |= {
            of: disk.model_copy(update={"image": disk.image or kind.image})
            for of, disk in found.items()
            if of[2] == "a"
        }
    return dict(sorted(found.items(), key=lambda item: item[0][2]))


def of_vm(lab, name, key):
    """Return what VM *name* states for *key*, such as ``memory_mib``, or else its class; None where neither does."""
    vm = lab.vms[name]
    own = getattr(vm, key)
    return getattr(lab.classes[vm.class_], key) if own is None else own


def needs(lab, name):
    """Return the VMs that have to be up before VM *name* starts, and that are in the lab."""
    vm = lab.vms[name]
    return [one for one in dict.fromkeys([*lab.classes[vm.class_].needs, *vm.needs]) if one in lab.vms and one != name]


def priority(lab, name):
    """Return the priority of VM *name*: those with a smaller number come first."""
    return PRIORITY if (stated := of_vm(lab, name, "priority")) is None else stated


def level(lab, name):
    """Return the level of virtualization that VM *name* is on, or None where nobody says."""
    vm = lab.vms[name]
    return vm.level or lab.classes[vm.class_].level


def pool_login(lab, pool):
    """Return how to log in to *pool*, or None where that is not needed."""
    return (source := lab.pools[pool].source) and source.auth


def places(lab):
    """Yield ``(pillar path, place)`` of every address in the lab."""
    for name, host in lab.hosts.items():
        yield f"lab:hosts:{name}:address", host.address
        for place in host.joins:
            yield f"lab:hosts:{name}:joins", place
    for name in addressed(lab):
        yield f"lab:vms:{name}:address", vm_place(lab, name)
    for one in blocks.numbered(lab, "machine"):
        yield one.path, one.place


def macs(lab):
    """Yield ``(pillar path, MAC)`` of every card whose MAC the lab chooses."""
    for name, host in lab.hosts.items():
        yield f"lab:hosts:{name}:mac", host.mac
    for name, vm in lab.vms.items():
        for network in vm_nics(lab, vm):
            yield f"lab:vms:{name}:nics:{network}", vm_mac(lab, name, network)
    for one in blocks.numbered(lab, "machine"):
        yield one.path, one.mac


def wanted(lab, host):
    """Return the networks that *host* has to reach by its uplinks: those of its VMs and its own, in order."""
    own = [place.split("+")[0] for place in lab.hosts[host].joins]
    its = [network for vm in lab.vms.values() if vm.host == host for network in vm_nics(lab, vm)]
    return [network for network in dict.fromkeys(own + its) if network not in lab.hosts[host].plugs]


def address_in(lab, host, network):
    """Return *host*'s ``IPv4Interface`` in *network*, or None."""
    for place in (lab.hosts[host].address, *lab.hosts[host].joins):
        name, address = derive.address(lab.networks, place)
        if name == network:
            return address
    return None


def mtu(lab, network):
    """Return the largest packet of *network* in bytes: as stated, else 1500, or less where its tunnels have no room."""
    wish = lab.networks[network]
    room = lab.networks[wish.over].mtu or 1500 if wish.over else None
    return wish.mtu or min(1500, room - derive.TUNNEL_OVERHEAD[wish.overlay] if room else 1500)
