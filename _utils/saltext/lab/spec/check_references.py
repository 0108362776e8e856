"""Names in a spec that refer to nothing.  Pure."""

import re

from saltext.lab.mistake import Mistake
from saltext.lab.schema import nearest
from saltext.lab.spec import blocks, check_adopt, check_blocks, check_netboot, check_power, check_storage, profile


def dangling(lab, besides=(), spec=None):
    """
    Return a mistake for each name in *lab* that refers to nothing.

    None is at the paths of the mistakes *besides*, and none refers to what has mistakes itself: *lab* may lack entries
    that *spec* has.
    """
    known, made = {mistake.path for mistake in besides}, blocks.expanded(lab)
    own = (*_core(lab), *_needs(lab, made.vms), *_groups(lab, made.vms), *check_storage.references(lab))
    every = (*own, *check_netboot.references(made), *check_blocks.references(lab), *check_power.references(lab))
    every = (*every, *check_adopt.references(lab), *profile.references(made))
    found = ((tuple(path.split(":")), *rest) for path, *rest in every)
    lost = [one for one in found if one[1] not in one[3] and not _within(one[0], known)]
    return [_mistake(*one) for one in lost if not _stated(spec or {}, *one[1:3])]


def _stated(spec, name, where):
    parts = [spec[part] for part in re.findall("[a-z]+", where) if part in spec]
    return any(not isinstance(part, dict) or name in part for part in parts)


def _within(path, known):
    return any(path[:length] in known for length in range(2, len(path) + 1))


def _mistake(path, name, where, has):
    have = ", ".join(has) or "none"
    return Mistake(path, f" names {name!r}{nearest(name, has)}, which is not in lab:{where}; there are {have}", name)


def _core(lab):
    for role, host in lab.masters:
        yield f"lab:masters:{role}", host, "hosts", lab.hosts
    for name, network in lab.networks.items():
        if network.over is not None:
            yield f"lab:networks:{name}:over", network.over, "networks", lab.networks
    for name, host in lab.hosts.items():
        at = f"lab:hosts:{name}"
        yield f"{at}:address", host.address.split("+")[0], "networks", lab.networks
        yield from _each(f"{at}:joins", [place.split("+")[0] for place in host.joins], "networks", lab.networks)
        for card, carried in host.uplinks.items():
            yield from _each(f"{at}:uplinks:{card}", carried, "networks", lab.networks)
    for name, kind in lab.classes.items():
        yield f"lab:classes:{name}:image", kind.image, "images", lab.images
        yield from _each(f"lab:classes:{name}:nics", kind.nics, "networks", lab.networks)
    for name, vm in lab.vms.items():
        at = f"lab:vms:{name}"
        yield f"{at}:class", vm.class_, "classes", lab.classes
        if vm.host:
            yield f"{at}:host", vm.host, "hosts", lab.hosts
        yield from _each(f"{at}:nics", vm.nics or (), "networks", lab.networks)
        if vm.address:
            yield f"{at}:address", vm.address.split("+")[0], "networks", lab.networks


def _needs(lab, vms):
    zones = {host.zone: None for host in lab.hosts.values() if host.zone}
    for name, host in lab.hosts.items():
        for service, of in host.needs.items():
            yield f"lab:hosts:{name}:needs:{service}", of, "hosts or lab:vms", {**lab.hosts, **vms}
    for kind, part in (("classes", lab.classes), ("vms", lab.vms)):
        for name, one in part.items():
            yield from _each(f"lab:{kind}:{name}:needs", one.needs, "vms", vms)
            yield from _each(f"lab:{kind}:{name}:zones", one.zones or (), "hosts:…:zone", zones)


def _groups(lab, vms):
    for name, cluster in lab.clusters.items():
        yield from _each(f"lab:clusters:{name}:vms", cluster.vms, "vms", vms)
        yield from _each(f"lab:clusters:{name}:blocks", cluster.blocks, "blocks", lab.blocks)
    if lab.ceph:
        yield from _each("lab:ceph:mons", lab.ceph.mons, "hosts", lab.hosts)
        yield from _each("lab:ceph:mgrs", lab.ceph.mgrs, "hosts", lab.hosts)
        for key in ("public", "cluster"):
            if (network := getattr(lab.ceph, key)) is not None:
                yield f"lab:ceph:{key}", network, "networks", lab.networks


def _each(path, names, where, has):
    return [(f"{path}:{number}", name, where, has) for number, name in enumerate(names)]
