"""The mistakes in what a spec says of things that others made, and of names that do not follow from names.  Pure."""

from saltext.lab.spec import facts


def references(lab):
    """Yield ``(pillar path, name, part of the lab, what it has)`` for each name that has to be there."""
    for name, host in lab.hosts.items():
        for network in host.plugs:
            yield f"lab:hosts:{name}:plugs", network, "networks", lab.networks


def adopted(lab):
    """Yield VMs that others made on a host without libvirt, or whose address is in no network of theirs."""
    for name, vm in lab.vms.items():
        if vm.adopt and "hypervisor" not in lab.hosts[vm.host].roles:
            yield f"lab:vms:{name}:host {vm.host} is no hypervisor: add that role to lab:hosts:{vm.host}:roles"
        if vm.adopt and vm.address and vm.address.split("+")[0] not in facts.vm_nics(lab, vm)[:1]:
            yield f"lab:vms:{name}:address {vm.address} is not in the network of its first card: correct its `nics`"


def macs(lab):
    """Yield MACs of cards that there are not."""
    for name, vm in lab.vms.items():
        for network in vm.macs.keys() - set(facts.vm_nics(lab, vm)):
            yield f"lab:vms:{name}:macs:{network} is of no card of it: add {network} to lab:vms:{name}:nics"


RULES = (adopted, macs)
