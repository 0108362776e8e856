"""Which machines are told something at their first boot, and what.  Pure."""

from saltext.lab.netboot import cloud
from saltext.lab.plan import merge, plain
from saltext.lab.spec import derive, facts
from saltext.lab.spec.cloud_model import Cloud
from saltext.lab.spec.netboot_facts import address, servers


def wished(lab, name):
    """Return the ``Cloud`` of VM *name*: its own over its class's; None where neither says anything."""
    vm = lab.vms[name]
    stated = [plain(one.model_dump(exclude_unset=True)) for one in (lab.classes[vm.class_].cloud, vm.cloud) if one]
    return Cloud(**merge(stated[0], stated[-1])) if stated else None


def machines(lab):
    """Return ``{vm: Cloud}`` of those that have any."""
    return {name: wish for name in lab.vms if (wish := wished(lab, name))}


def served(lab):
    """Return ``{vm: {file: text}}``, as the host of HTTP has it below ``/cloud``."""
    return {name: _files(lab, name, wish) for name, wish in machines(lab).items()}


def domain(lab, name):
    """Return what the domain of VM *name* has, that it finds its files: its SMBIOS, or fw_cfg."""
    wish = wished(lab, name)
    if wish is None:
        return {}
    if wish.kind == "cloud-init":
        return {"smbios": {"system": {"serial": cloud.seed(site(lab, name))}}}
    return {"fw_cfg": {"opt/com.coreos/config": {"value": cloud.pointer(site(lab, name))}}}


def site(lab, name):
    """Return the URL of the files of VM *name*, in the network of its first card; it ends with a slash."""
    network = facts.vm_place(lab, name).split("+")[0]
    return f"http://{address(lab, servers(lab)['http'], network)}/cloud/{name}/"


def _files(lab, name, wish):
    machine = _machine(lab, name, wish)
    if wish.kind == "cloud-init":
        return cloud.cloud_init(machine, plain(wish.user_data))
    return cloud.ignition(machine, plain(wish.config), site(lab, name))


def _machine(lab, name, wish):
    cards = tuple(_card(lab, name, network, wish) for network in facts.vm_nics(lab, lab.vms[name]))
    minion = _minion(lab, name) if wish.salt else None
    return cloud.Machine(name, facts.vm_uuid(lab, name), lab.domain, cards, tuple(wish.ssh_keys), minion)


def _card(lab, name, network, wish):
    own, at = derive.address(lab.networks, facts.vm_place(lab, name))
    mac, dhcp, mtu = facts.vm_mac(lab, name, network), lab.networks[network].dhcp, facts.mtu(lab, network)
    if dhcp if wish.network is None else wish.network == "dhcp":
        return cloud.Card(mac, None, None, (), mtu)
    if network != own:
        return cloud.Card(mac, "", None, (), mtu)
    options = dhcp.options if dhcp else None
    router = _ip(lab, options.router) if options and options.router else None
    dns = tuple(_ip(lab, place) for place in options.dns or []) if options else ()
    return cloud.Card(mac, str(at), router, dns, mtu)


def _ip(lab, place):
    return str(derive.address(lab.networks, place)[1].ip)


def _minion(lab, name):
    network = facts.vm_place(lab, name).split("+")[0]
    master = str(facts.address_in(lab, lab.masters.virtual, network).ip)
    # As salt/salt-minion/lab.conf.j2 has it: a key that waits for admission asks again each second.
    return {"master": master, "id": name, "acceptance_wait_time": 1, "rejected_retry": True, "random_reauth_delay": 2}
