"""From one spec to what each minion gets of it.  Pure."""

from saltext.lab.netboot.versions import Stock
from saltext.lab.plan import merge, plain
from saltext.lab.spec import blocks, ceph, derive, domains, facts, members, netboot, standing, switches

NOTHING = Stock()
#: Formulas that follow from what is in the slice.
IMPLIED = (("openvswitch", "ovs"), ("salt-master", "master"), ("netboot", "netboot"))


def compile(lab, stock=NOTHING):
    """
    Return ``{minion id: slice}`` for a checked ``Lab``; *stock* is what the master has for machines that boot.

    A slice is what stands under ``lab`` in that minion's pillar: only what that minion
    needs, with every address, MAC and UUID worked out.
    """
    hosts = {name: _host(lab, name, stock) for name in lab.hosts}
    known = members.known(lab)
    brought = {name: _brought(lab, one, known) for name, one in blocks.machines(lab).items()}
    return hosts | {name: _vm(lab, name, known) for name in facts.guests(lab)} | brought


def _host(lab, name, stock):
    host = lab.hosts[name]
    part = switches.of(lab, name)
    if "hypervisor" in host.roles:
        part |= domains.of(lab, name)
    if masters := facts.serves(lab, name):
        part |= {"master": {"serves": masters} | _told(lab, masters)}
    part |= netboot.of(lab, name, stock) | ceph.of(lab, name)
    minion = {"of": "physical", "master": lab.masters.physical}
    return _slice(lab, name, _roles(part, host.roles), minion) | {"hosts": _names(lab, name)} | part


def _told(lab, serves):
    """Return what a master is told that does not bootstrap itself: by how the lab stands it places VMs alike."""
    told = lab.standing._replace(former={}, off=())  # which changes within a run; who is somewhere stays there
    return {"standing": standing.text(told)} if told != standing.NOTHING and "physical" not in serves else {}


def _vm(lab, name, known):
    vm = lab.vms[name]
    about = {"host": vm.host} | _of_class(lab, name, vm, facts.vm_place(lab, name), known)
    return about | merge(plain(lab.classes[vm.class_].data), plain(vm.data))


def _brought(lab, one, known):
    """The slice of a numbered machine, which is there before the machine is."""
    block = lab.blocks[one.block]
    about = {"block": one.block, "number": one.id} | _of_class(lab, one.name, block, one.place, known)
    return about | plain(lab.classes[block.class_].data)


def _of_class(lab, name, wish, place, known):  # noqa: PLR0913, PLR0917
    """What follows from the class of *wish*, a VM or a block, for its machine *name* at *place*."""
    network, address = derive.address(lab.networks, place)
    minion = {"of": "virtual", "master": str(facts.address_in(lab, lab.masters.virtual, network).ip)}
    kind = lab.classes[wish.class_]
    netbooted = ["netbooted"] if (wish.boot or kind.boot) == "ram" else []
    about = {"class": wish.class_, "address": str(address.ip)}
    about |= {"members": {group: known[group] for group in kind.knows}} if kind.knows else {}
    return _slice(lab, name, [*kind.roles, *netbooted], minion) | about


def _slice(lab, name, roles, minion):
    return {"name": lab.name, "domain": lab.domain, "id": name, "roles": list(roles), "minion": minion}


def _roles(part, stated):
    """Return the formulas of a host, what others rest on first."""
    implied = [role for role, key in IMPLIED if key in part]
    return list(dict.fromkeys([*implied, *stated, "salt-minion"]))


def _names(lab, name):
    """Return the names that *name* has to resolve by itself: its own and its masters'."""
    wanted = [name, lab.masters.physical]
    return {host: str(derive.address(lab.networks, lab.hosts[host].address)[1].ip) for host in dict.fromkeys(wanted)}
