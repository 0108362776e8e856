"""The mistakes in what a spec says of its Ceph cluster.  Pure."""

from saltext.lab.spec import facts


def monitors(lab):
    """Yield monitors that make no majority, stand twice, or are where nobody talks to them."""
    if not lab.ceph:
        return
    mons = lab.ceph.mons
    for number, name in enumerate(mons):
        if name in mons[:number]:
            yield f"lab:ceph:mons:{number} {name} is named before: leave it out"
    if (have := len(dict.fromkeys(mons))) % 2 == 0:
        yield f"lab:ceph:mons has {have}: an even number survives no more than one less, name one, three or five"
    for key, names in (("mons", mons), ("mgrs", lab.ceph.mgrs)):
        for number, name in enumerate(names):
            if name not in names[:number] and facts.address_in(lab, name, lab.ceph.public) is None:
                where = f"lab:ceph:public {lab.ceph.public}"
                yield f"lab:ceph:{key}:{number} {name} is not in {where}: add it to lab:hosts:{name}:joins"


def networks(lab):
    """Yield hosts with OSDs that are not in the cluster's networks."""
    wanted = {key: value for key in ("public", "cluster") if lab.ceph and (value := getattr(lab.ceph, key))}
    for name, host in lab.hosts.items():
        for key, network in wanted.items() if host.osds else ():
            if facts.address_in(lab, name, network) is None:
                yield f"lab:hosts:{name}:osds is not in lab:ceph:{key} {network}: add it to lab:hosts:{name}:joins"


def copies(lab):
    """Yield numbers of copies that cannot be."""
    for path, size, least in _sizes(lab):
        if least > size:
            yield f"{path}:min_size {least} is more than its size {size}, so that nothing is written: make it {size}"


def domains(lab):
    """Yield pools with more copies than there is to keep them apart."""
    have = len(_domains(lab)) if lab.ceph else 0
    for path, size, _ in _sizes(lab):
        if size > have:
            apart = APART[lab.ceph.failure_domain].format(have)
            yield f"{path}:size is {size} copies, {apart}: make it {max(have, 1)} or less, or add OSDs"


def _sizes(lab):
    """Yield ``(pillar path, copies, copies for writing)`` of the cluster, and of pools that state either."""
    if not lab.ceph:
        return
    yield "lab:ceph", lab.ceph.size, lab.ceph.min_size
    for name, pool in lab.ceph.pools.items():
        if pool.size or pool.min_size:
            yield f"lab:ceph:pools:{name}", pool.size or lab.ceph.size, pool.min_size or lab.ceph.min_size


def _domains(lab):
    """Return what keeps copies apart: OSDs, the hosts that have some, or their zones."""
    with_osds = {name: host for name, host in lab.hosts.items() if host.osds}
    if lab.ceph.failure_domain == "osd":
        return [osd for host in with_osds.values() for osd in host.osds]
    zones = {host.zone or name for name, host in with_osds.items()}
    return zones if lab.ceph.failure_domain == "zone" else with_osds


APART = {
    "osd": "each on another OSD, and there are {}",
    "host": "each on another host, and hosts with OSDs are {}",
    "zone": "each in another zone, and zones with OSDs are {}",
}
RULES = (monitors, networks, copies, domains)
WHOLE = (domains,)
