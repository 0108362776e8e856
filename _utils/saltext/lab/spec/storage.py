"""The storage of one hypervisor: pools, secrets, images, volumes, and the disks that domains make of them.  Pure."""

from saltext.lab.spec import facts
from saltext.lab.virt import secret_id

BUSES = {"s": "sata", "v": "virtio"}
LEVELS = {1: "s", 2: "v"}
MONITOR = 6789  #: port of a Ceph monitor where none is stated (msgr v1, which librados and QEMU speak everywhere)
PASSED_ON = ("cache", "discard", "serial")


def of(lab, host):
    """
    Return the parts ``pools``, ``secrets``, ``keys``, ``disk_images`` and ``volumes`` of *host*'s ``virt``.

    Only what the disks of its own VMs need is there, and nothing that would be empty.  ``keys`` holds the values of
    secrets; all others are wishes of the states of their names.
    """
    disks = {name: facts.disks(lab, name) for name, vm in lab.vms.items() if vm.host == host}
    own = {pool: wish.model_dump(exclude_unset=True) for pool, wish in lab.hosts[host].pools.items()}
    used = sorted({disk.pool for its in disks.values() for disk in its.values()})
    secrets = sorted({auth.secret for pool in used if (auth := facts.pool_login(lab, pool))})
    parts = {
        "pools": {pool: _pool(lab.pools[pool]) for pool in used} | own,
        "secrets": {name: _secret(name, lab.secrets[name]) for name in secrets},
        "keys": {name: lab.secrets[name].value for name in secrets if lab.secrets[name].value},
        "disk_images": _images(lab, [disk for its in disks.values() for disk in its.values()]),
        "volumes": _volumes(lab, disks),
    }
    return {part: wish for part, wish in parts.items() if wish}


def devices(lab, vm):
    """Return the wish of the field ``disks`` of *vm*'s domain."""
    level = facts.level(lab, vm)
    return {_device(level, name): _disk(lab, vm, level, name, disk) for name, disk in facts.disks(lab, vm).items()}


def volume(vm, name):
    """Return the name of the volume behind disk *name* of *vm*; it stays when the machine changes its level."""
    return f"{vm}-{name}"


def _pool(pool):
    return {"autostart": True, "running": True} | pool.model_dump(exclude_unset=True)


def _secret(name, secret):
    place = {"value_file": secret.value_file} if secret.value_file else {"value_pillar": f"lab:virt:keys:{name}"}
    return {"usage": "ceph", "cluster": secret.cluster} | place


def _images(lab, disks):
    """Each image once in each pool that has a disk made of it."""
    wishes: dict = {}
    for disk in disks:
        if disk.image:
            image = lab.images[disk.image]
            wish = {"source": image.source, "sha256": image.sha256, "source_format": image.format}
            wishes.setdefault(disk.pool, {})[disk.image] = wish | {"format": _format(lab, disk)}
    return wishes


def _volumes(lab, disks):
    wishes: dict = {}
    for vm, its in disks.items():
        for name, disk in its.items():
            wishes.setdefault(disk.pool, {})[volume(vm, name)] = _volume(lab, disk)
    return wishes


def _volume(lab, disk):
    form = _format(lab, disk)
    begins = {"backing": {"volume": disk.image}} if form == "qcow2" else {"clone_of": disk.image}
    return {"size_mib": disk.size_gib * 1024, "format": form} | (begins if disk.image else {})


def _format(lab, disk):
    files = lab.pools[disk.pool].type in (None, "dir", "netfs")
    return disk.format or ("qcow2" if files else "raw")


def _device(level, name):
    return LEVELS.get(level, name[0]) + name[1:]


def _disk(lab, vm, level, name, disk):  # noqa: PLR0913, PLR0917
    stated = {key: value for key in PASSED_ON if (value := getattr(disk, key)) is not None}
    form = {"format": _format(lab, disk), "bus": BUSES[_device(level, name)[0]]}
    return _where(lab, disk.pool, volume(vm, name)) | form | stated


def _where(lab, pool, name):
    """Return where the bytes of volume *name* are; libvirt 9 takes no disk that names a volume of an rbd pool."""
    source = lab.pools[pool].source
    if lab.pools[pool].type != "rbd":
        return {"pool": pool, "volume": name}
    monitors = [host if ":" in host else f"{host}:{MONITOR}" for host in source.hosts or []]
    where = {"protocol": "rbd", "name": f"{source.name}/{name}", "hosts": monitors}
    if source.auth:
        known_as = secret_id.uuid(lab.secrets[source.auth.secret].cluster, "ceph", source.auth.secret)
        where |= {"auth_user": source.auth.user, "auth_secret": known_as}
    return where
