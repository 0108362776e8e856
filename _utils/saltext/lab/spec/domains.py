"""The domains of one hypervisor.  Pure."""

from saltext.lab.spec import cloud, derive, facts, storage, wires

IMAGES = "/var/lib/libvirt/images"
IDENTITIES = "/var/lib/saltext-lab/identities"
CONSOLES = "/var/log/libvirt/qemu"
TB_CACHE_MIB = 128  #: of translated code; 32 costs a Salt minion 3 CPU-s in each boot, more than 64 next to nothing
KEYS = ("minion.pem", "minion.pub", "master.pub")
BOOTS = {"ram": ["network"], "install-once": ["network", "hd"], "local": ["hd"]}
#: What OVMF shall not try, for each takes a minute until it gives up (OvmfPkg, NetworkPkg/…/Ip4ConfigNv.c).
NOT_TRIED = {"bios": (), "uefi": ("IPv6Support",), "uefi-http": ("IPv6Support", "IPv4PXESupport")}


def of(lab, host):
    """Return the part ``virt`` of *host*'s slice: its VMs, the files of images that they boot, and their storage."""
    mine = {name: vm for name, vm in lab.vms.items() if vm.host == host}
    images = sorted({image for vm in mine.values() if not vm.adopt and (image := _on_host(lab, vm))})
    domains = {name: _wish(lab, name, vm) for name, vm in mine.items()}
    return {"virt": {"ram_images": images, **storage.of(lab, host), "domains": domains}}


def plug(lab, host, network):
    """Return where a VM on *host* gets into *network*, as its card has it."""
    if own := lab.hosts[host].plugs.get(network):
        return own.model_dump(exclude_unset=True)
    found = wires.plug(lab, host, network)
    if found.card:
        return {"direct": found.card, "direct_mode": "bridge"}
    return {"bridge": found.bridge, "virtualport": "openvswitch"} | ({"tag": found.tag} if found.tag else {})


def _wish(lab, name, vm):
    """Return the wish for the domain of *vm*; what is stated in the words of libvirt goes over what follows."""
    wish = (_adopted if vm.adopt else _domain)(lab, name, vm)
    return _over(wish, vm.libvirt.model_dump(exclude_unset=True)) if vm.libvirt else wish


def _over(wish, own):
    """Return *wish* with *own* over it; unlike ``plan.merge`` it keeps null, which is a wish too."""
    both = {key: _over(wish[key], part) for key, part in own.items() if isinstance(part, dict) and key in wish}
    return wish | own | both


def _adopted(lab, name, vm):
    """Return the wish for a domain that somebody else made: what its VM states, and nothing that follows from it."""
    nics = {facts.vm_mac(lab, name, network): plug(lab, vm.host, network) for network in facts.vm_nics(lab, vm)}
    parts = {"memory_mib": vm.memory_mib, "vcpus": vm.vcpus, "disks": storage.devices(lab, name), "nics": nics}
    return {"adopt": True, "uuid": facts.vm_uuid(lab, name)} | {key: part for key, part in parts.items() if part}


def _on_host(lab, vm):
    """Return the image whose kernel *vm* boots from a file of its host, or None."""
    kind = lab.classes[vm.class_]
    return kind.image if not (vm.boot or kind.boot) and lab.images[kind.image].kind == "ram" else None


def _from_disk(lab, name):
    """Return whether what VM *name* runs is on its disk."""
    vm = lab.vms[name]
    return not (_on_host(lab, vm) or (vm.boot or lab.classes[vm.class_].boot) == "ram")


def _domain(lab, name, vm):
    kind, host = lab.classes[vm.class_], lab.hosts[vm.host]
    firmware, disks, first = vm.firmware or kind.firmware, storage.devices(lab, name), cloud.domain(lab, name)
    return {
        "type": {"kvm": "kvm", "tcg": "qemu"}[host.accel],
        "uuid": facts.vm_uuid(lab, name),
        "title": f"{name}.{lab.domain}",
        "memory_mib": facts.of_vm(lab, name, "memory_mib"),
        "vcpus": facts.of_vm(lab, name, "vcpus"),
        **({"machine": "q35", "firmware": "uefi"} if firmware != "bios" else {}),
        **_boots(lab, name, vm, kind),
        **({"disks": disks} if disks else {}),
        "nics": {
            facts.vm_mac(lab, name, network): _nic(lab, vm.host, network)
            | ({"rom": False} if firmware != "bios" else {})
            for network in facts.vm_nics(lab, vm)
        },
        "fw_cfg": _told(lab, name, firmware) | first.pop("fw_cfg", {}),
        **first,
        "serial_log": f"{CONSOLES}/{name}-console.log",
        "rng": True,  # else the guest spins for entropy: 0.9 s under emulation (docs/boot-time.md)
        **({"tb_cache_mib": TB_CACHE_MIB} if host.accel == "tcg" else {}),
        "autostart": False,  # it gets a new key at each power-on, and that key has to be enrolled first
    }


def _told(lab, name, firmware):
    """Return what is in its fw_cfg: its keys, who it is where no kernel command line says so, and what UEFI skips."""
    keys = {f"opt/saltext-lab/{key}": {"file": f"{IDENTITIES}/{name}/{key}"} for key in KEYS}
    words = {"opt/saltext-lab/words": {"value": " ".join(_words(lab, name))}} if _from_disk(lab, name) else {}
    return keys | words | {f"opt/org.tianocore/{what}": {"value": "n"} for what in NOT_TRIED[firmware]}


def _boots(lab, name, vm, kind):
    """Return what it boots: what the netboot server gives it, its disk, or a kernel that is a file on its host."""
    if boot := vm.boot or kind.boot:
        return {"boot": BOOTS[boot]}
    return _kernel(lab, name, image) if (image := _on_host(lab, vm)) else {}


def _kernel(lab, name, image):
    files = {"kernel": f"{IMAGES}/{image}/vmlinuz", "initrd": f"{IMAGES}/{image}/initrd.img"}
    return files | {"cmdline": " ".join(["console=ttyS0", "quiet", *_words(lab, name)])}


def _words(lab, name):
    """Return who VM *name* is, by the words that the suite's images read."""
    network, address = derive.address(lab.networks, facts.vm_place(lab, name))
    master = facts.address_in(lab, lab.masters.virtual, network).ip
    told = {"id": name, "ip": address, "master": master, "domain": lab.domain}
    return [f"lab.{key}={value}" for key, value in told.items()]


def _nic(lab, host, network):
    where, mtu = plug(lab, host, network), facts.mtu(lab, network)
    nic = {"model": "virtio"} | ({"mtu": mtu} if mtu != 1500 else {}) | where
    # The switch in user space passes frames on with their checksums unfinished: ping works and TCP hangs.
    slow = "virtualport" in where and lab.hosts[host].datapath == "netdev"
    return nic | ({"offloads": False} if slow else {})
