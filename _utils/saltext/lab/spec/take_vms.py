"""The domains of a host as its spec says them.  Pure."""

from saltext.lab.spec.adopt_model import Plug
from saltext.lab.spec.machine_model import Vm
from saltext.lab.spec.take_fit import fitting
from saltext.lab.spec.take_networks import plug
from saltext.lab.virt.devices import PLUGS
from saltext.lab.virt.model import Domain

KEPT = "kept"  #: the class, and the image, of VMs that are taken over
#: What is no part of a definition, or has a word of its own at a VM.
BESIDE = {"running", "live", "adopt", "spec", "spec_hash", "uuid"}
SIZES = ("memory_mib", "vcpus")
#: What can contradict the rest of a domain; the first is left out first.
WHOLE = ("balloon", "memory_max_mib", "vcpus_max", "boot", "nvram", "xml")
#: Without these a disk that is made anew would be another.
VITAL = {("device",), ("bus",), ("format",)}
#: What a domain has of itself.
USUAL = {
    **{"autostart": False, "balloon": True, "clock": "utc", "firmware": "bios", "hugepages": False},
    **{"on_crash": "destroy", "on_poweroff": "destroy", "on_reboot": "restart", "shared_memory": False},
    **{"agent": False, "rng": False, "serial": False, "boot": ["hd"]},
}
#: What its devices have of themselves.
DETAILS = {
    "nics": {"offloads": True},
    "disks": {"device": "disk", "readonly": False, "shareable": False},
    "filesystems": {"readonly": False},
}


def said(domain):
    """Return what the model of a domain has words for, and ``[(path, why)]`` of the rest."""
    fits, lost = fitting(Domain, _defined(domain), WHOLE)
    loose = {mac for mac, nic in fits.get("nics", {}).items() if not set(PLUGS) & set(nic)}
    lost += [(("nics", mac), "it is plugged into what this suite has no word for") for mac in loose]
    loose |= {path[1] for path, _ in lost if path[:1] == ("disks",) and path[2:] in VITAL}
    if domain.get("live"):
        lost.append((("live",), f"it runs with other {', '.join(sorted(domain['live']))} than it is defined with"))
    for kind in DETAILS.keys() & fits.keys():
        fits |= {kind: {one: its for one, its in fits[kind].items() if its and one not in loose}}
    return fits, lost


def macs(fits, names, taken):
    """Return ``{network: MAC}`` of the cards of a domain: the first in each, if its MAC is not *taken*."""
    found: dict = {}
    for mac, nic in fits.get("nics", {}).items():
        if (network := names.get(plug(nic))) and network not in found and mac not in taken:
            found[network] = mac
    return found


def of(host, domain, fits, accel, macs):
    """Return *domain* of *host* as a ``Vm``; what *fits*, and no word of a VM tells, is told in libvirt's words."""
    sizes = {key: fits[key] for key in SIZES if key in fits}
    vm, _ = fitting(Vm, {"class": KEPT, "host": host, "adopt": True, "uuid": domain["uuid"], **sizes})
    own = {key: part for key, part in _libvirt(fits, accel, macs.values()).items() if key not in vm}
    own |= {"on_change": "pending"} if domain.get("live") else {}
    return vm | {"nics": list(macs), **({"macs": macs} if macs else {}), **({"libvirt": own} if own else {})}


def _defined(domain):
    """Return *domain* without what is no part of its definition; the sizes of disks are those of their files."""
    own = {key: part for key, part in domain.items() if key not in BESIDE}
    sizeless = {dev: _without(disk, {"size_mib"}) for dev, disk in own.get("disks", {}).items()}
    return own | ({"disks": sizeless} if sizeless else {})


def _libvirt(domain, accel, macs):
    """Return what *domain* has beside what follows; where its cards *macs* are plugged in is told elsewhere."""
    usual = USUAL | {"type": {"kvm": "kvm", "tcg": "qemu"}[accel]}
    usual |= {"memory_max_mib": domain.get("memory_mib"), "vcpus_max": domain.get("vcpus")}
    own = {key: part for key, part in domain.items() if key not in usual or part != usual[key]}
    for key, known in DETAILS.items():
        own[key] = {one: _unlike(part, known) for one, part in own.get(key, {}).items()}
    cards = {mac: _without(nic, Plug.model_fields) if mac in macs else nic for mac, nic in own["nics"].items()}
    own["nics"] = {mac: nic for mac, nic in cards.items() if nic}
    return {key: part for key, part in (own | {"smbios": _full(own.get("smbios", {}))}).items() if part != {}}


def _full(part):
    """Return *part* without mappings that are empty."""
    its = {key: _full(one) if isinstance(one, dict) else one for key, one in part.items()}
    return {key: one for key, one in its.items() if one != {}}


def _unlike(part, usual):
    return {key: value for key, value in part.items() if key not in usual or usual[key] != value}


def _without(part, keys):
    return {key: value for key, value in part.items() if key not in keys}
