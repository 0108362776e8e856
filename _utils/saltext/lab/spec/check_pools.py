"""More promised than there is, in pools, quotas and reserves.  Pure."""

from saltext.lab.spec import facts


def quotas(lab):
    """Yield pools of the lab's own Ceph whose disks together are larger than their quota."""
    if not lab.ceph:
        return
    for name, size in _sizes(lab).items():
        pool = lab.pools[name]
        own = lab.ceph.pools.get(pool.source.name) if pool.type == "rbd" and pool.source else None
        if own and own.quota_gib and size > own.quota_gib:
            more = f"{size - own.quota_gib} GiB less than the disks in lab:pools:{name} have together"
            yield f"lab:ceph:pools:{pool.source.name}:quota_gib {own.quota_gib} is {more}: make it {size}, or them less"


def reserves(lab):
    """Yield clusters that reserve more than all hypervisors have for VMs, where each says what it has."""
    its = [lab.hosts[name].capacity for name in facts.hypervisors(lab)]
    wanted = {name: of.reserve_mib for name, of in lab.clusters.items() if of.reserve_mib}
    if (
        wanted
        and all(its)
        and (have := sum(int(one.memory_mib * one.memory_ratio) for one in its)) < sum(wanted.values())
    ):
        *_, last = wanted
        promised = f"{sum(wanted.values())} MiB for {' and '.join(wanted)}"
        yield f"lab:clusters:{last}:reserve_mib makes {promised}, and all hypervisors have {have}: reserve less"


def groups(lab):
    """Yield VMs that are in two clusters, and lists that name one twice."""
    seen: dict = {}
    for name, cluster in lab.clusters.items():
        for number, vm in enumerate(cluster.vms):
            path = f"lab:clusters:{name}:vms:{number}"
            if seen.setdefault(vm, path) != path:
                yield f"{path} {vm} is in {seen[vm]} already: leave one of them out"


def _sizes(lab):
    """Return the size of all disks of VMs in each pool, in GiB."""
    found: dict = {}
    for name in lab.vms:
        for disk in facts.disks(lab, name).values():
            found[disk.pool] = found.get(disk.pool, 0) + disk.size_gib
    return found


RULES = (quotas, reserves, groups)
WHOLE = (reserves,)
