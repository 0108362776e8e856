"""What a host gets to know of the lab's Ceph cluster, and of its own disks: what it needs for its part.  Pure."""

from saltext.lab.plan import plain
from saltext.lab.spec import facts

#: What the monitors keep for all, and nobody else has to know.
KEPT = ("size", "min_size", "failure_domain", "pools", "keys", "config", "flags")


def of(lab, host):
    """
    Return the parts ``ceph`` and ``raids`` of *host*'s slice; none of them that would be empty.

    ``ceph`` is of a host that has a monitor, a manager or OSDs: ``fsid``, ``serves``, ``mons`` (``{host: address}``),
    ``public`` and ``cluster`` (subnets); with OSDs its own ``osds`` and ``zone``; with a monitor ``wish``, what the
    spec says of the whole cluster.
    """
    parts = {"ceph": _cluster(lab, host), "raids": {name: _told(raid) for name, raid in lab.hosts[host].raids.items()}}
    return {name: part for name, part in parts.items() if part}


def serves(lab, host):
    """Return what *host* has of the cluster: ``mon``, ``mgr``, ``osd``."""
    if not lab.ceph:
        return []
    its = {"mon": host in lab.ceph.mons, "mgr": host in (lab.ceph.mgrs or lab.ceph.mons), "osd": lab.hosts[host].osds}
    return [kind for kind, there in its.items() if there]


def _cluster(lab, host):
    if not (kinds := serves(lab, host)):
        return {}
    wish, own = lab.ceph, lab.hosts[host]
    networks = {"public": wish.public, "cluster": wish.cluster or wish.public}
    part = {
        "fsid": wish.fsid,
        "serves": kinds,
        "mons": {mon: str(facts.address_in(lab, mon, wish.public).ip) for mon in sorted(wish.mons)},
        **{key: lab.networks[network].subnet for key, network in networks.items()},
    }
    if "osd" in kinds:
        part |= {"osds": [_told(disk) for disk in own.osds]} | ({"zone": own.zone} if own.zone else {})
    return part | ({"wish": {key: _told(wish)[key] for key in KEPT}} if "mon" in kinds else {})


def _told(model):
    return plain(model.model_dump(exclude_none=True))
