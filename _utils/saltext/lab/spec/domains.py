"""The domains of one hypervisor.  Pure."""

from saltext.lab.spec import derive, facts, storage, wires

IMAGES = "/var/lib/libvirt/images"
IDENTITIES = "/var/lib/saltext-lab/identities"
CONSOLES = "/var/log/libvirt/qemu"
TB_CACHE_MIB = 128  #: of translated code; 32 costs a Salt minion 3 CPU-s in each boot, more than 64 next to nothing
KEYS = ("minion.pem", "minion.pub", "master.pub")


def of(lab, host):
    """Return the part ``virt`` of *host*'s slice: its VMs, the files of images that they boot, and their storage."""
    mine = {name: vm for name, vm in lab.vms.items() if vm.host == host}
    images = sorted({image for vm in mine.values() if lab.images[image := lab.classes[vm.class_].image].kind == "ram"})
    domains = {name: _domain(lab, name, vm) for name, vm in mine.items()}
    return {"virt": {"ram_images": images, **storage.of(lab, host), "domains": domains}}


def _domain(lab, name, vm):
    kind, host = lab.classes[vm.class_], lab.hosts[vm.host]
    disks = storage.devices(lab, name)
    return {
        "type": {"kvm": "kvm", "tcg": "qemu"}[host.accel],
        "uuid": derive.vm_uuid(lab.name, name),
        "title": f"{name}.{lab.domain}",
        "memory_mib": kind.memory_mib,
        "vcpus": kind.vcpus,
        **_boots(lab, name, vm, kind),
        **({"disks": disks} if disks else {}),
        "nics": {
            derive.mac(lab.name, name, network): _nic(lab, vm.host, network) for network in facts.vm_nics(lab, vm)
        },
        "fw_cfg": {f"opt/saltext-lab/{key}": {"file": f"{IDENTITIES}/{name}/{key}"} for key in KEYS},
        "serial_log": f"{CONSOLES}/{name}-console.log",
        "rng": True,  # else the guest spins for entropy: 0.9 s under emulation (docs/boot-time.md)
        **({"tb_cache_mib": TB_CACHE_MIB} if host.accel == "tcg" else {}),
        "autostart": False,  # it gets a new key at each power-on, and that key has to be enrolled first
    }


def _boots(lab, name, vm, kind):
    """Return what it boots: what the netboot server gives it, its disk, or a kernel that is a file on its host."""
    if boot := vm.boot or kind.boot:
        return {"boot": ["network" if boot == "ram" else "hd"]}
    return _kernel(lab, name, kind.image) if lab.images[kind.image].kind == "ram" else {}


def _kernel(lab, name, image):
    files = {"kernel": f"{IMAGES}/{image}/vmlinuz", "initrd": f"{IMAGES}/{image}/initrd.img"}
    return files | {"cmdline": _cmdline(lab, name)}


def _cmdline(lab, name):
    network, address = derive.address(lab.networks, facts.vm_place(lab, name))
    master = facts.address_in(lab, lab.masters.virtual, network).ip
    told = {"id": name, "ip": address, "master": master, "domain": lab.domain}
    return " ".join(["console=ttyS0", "quiet", *(f"lab.{key}={value}" for key, value in told.items())])


def _nic(lab, host, network):
    plug, mtu = wires.plug(lab, host, network), facts.mtu(lab, network)
    nic = {"model": "virtio"} | ({"mtu": mtu} if mtu != 1500 else {})
    if plug.card:
        return nic | {"direct": plug.card, "direct_mode": "bridge"}
    nic |= {"bridge": plug.bridge, "virtualport": "openvswitch"} | ({"tag": plug.tag} if plug.tag else {})
    # The switch in user space passes frames on with their checksums unfinished: ping works and TCP hangs.
    return nic | ({"offloads": False} if lab.hosts[host].datapath == "netdev" else {})
