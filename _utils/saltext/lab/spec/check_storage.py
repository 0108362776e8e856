"""The mistakes in what a spec says of storage.  Pure."""

from saltext.lab.spec import facts, storage


def references(lab):
    """Yield ``(pillar path, name, part of the lab, what it has)`` for each name that has to be there."""
    owners = {f"lab:classes:{name}": kind for name, kind in lab.classes.items()}
    owners |= {f"lab:vms:{name}": vm for name, vm in lab.vms.items()}
    for path, owner in owners.items():
        for device, disk in owner.disks.items():
            if disk is not None:
                yield f"{path}:disks:{device}:pool", disk.pool, "pools", lab.pools
            if disk is not None and disk.image:
                yield f"{path}:disks:{device}:image", disk.image, "images", lab.images
    for name in lab.pools:
        if login := facts.pool_login(lab, name):
            yield f"lab:pools:{name}:source:auth:secret", login.secret, "secrets", lab.secrets


def disks(lab):
    """Yield what is wrong with the disks of VMs."""
    for name, vm in lab.vms.items():
        its, at = facts.disks(lab, name), f"lab:vms:{name}:disks"
        letters = [device[2] for device in its]
        for device, disk in its.items():
            if disk.image and (kind := lab.images[disk.image].kind) != "disk":
                yield f"{at}:{device}:image {disk.image} is of kind {kind}: a disk begins with one of kind disk"
            if facts.level(lab, name) and letters.count(device[2]) > 1:
                yield f"{at}:{device} has the letter of another disk; on one level they would be the same: rename it"
        if lab.images[lab.classes[vm.class_].image].kind == "disk" and "a" not in letters:
            yield f"{at} has no vda or sda, where image {lab.classes[vm.class_].image} of its class would be: state one"


def pools(lab):
    """Yield what is wrong with pools."""
    homes: dict = {}
    for name, pool in lab.pools.items():
        if pool.type in (None, "dir") and not pool.path:
            yield f"lab:pools:{name}:path is missing: a pool of files needs its directory"
        if pool.type not in (None, "dir") and not pool.source:
            yield f"lab:pools:{name}:source is missing: a pool of type {pool.type} is somewhere else: say where"
        if pool.type == "rbd" and pool.source and not (pool.source.name and pool.source.hosts):
            yield f"lab:pools:{name}:source lacks the Ceph pool (`name`), or its monitors (`hosts`): state both"
        if pool.path and homes.setdefault(pool.path, name) != name:
            yield f"lab:pools:{name}:path {pool.path} is that of {homes[pool.path]}: choose another"


def volumes(lab):
    """Yield volumes that would have the name of an image in their pool."""
    for name in lab.vms:
        for device in facts.disks(lab, name):
            if (named := storage.volume(name, device)) in lab.images:
                yield f"lab:images:{named} has the name of the volume of lab:vms:{name}:disks:{device}: rename it"


RULES = (disks, pools, volumes)
