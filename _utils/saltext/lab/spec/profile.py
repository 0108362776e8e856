"""What runs in the active profile, and what rests.  Pure."""

from saltext.lab.schema import nearest
from saltext.lab.spec import netboot_facts


def active(lab, standing):
    """Return the name of the active profile: the one that was chosen, else the spec's; None for a lab without any."""
    return (standing.profile or lab.profile) if lab.profiles else None


def mistakes(lab, standing):
    """Yield what is wrong with the profiles of *lab*, whose names all refer to something."""
    if lab.profiles and not lab.profile:
        yield f"lab:profile is missing: which of {', '.join(lab.profiles)} is active until lab.profile chooses another"
    if (chosen := active(lab, standing)) and chosen not in lab.profiles:
        yield (
            f"lab:profiles has no {chosen}{nearest(chosen, lab.profiles)}, which lab.profile has chosen:"
            " put it back, or choose another by lab.profile"
        )
    for name, profile in lab.profiles.items():
        for host in profile.hosts:
            if why := _needed(lab, host):
                yield f"lab:profiles:{name}:hosts has {host}, which {why}: leave it out"
        for path, need in _needs(lab, resting := _resting(lab, profile)):
            if need in resting:
                yield f"{path} {need} rests in profile {name}: name it in lab:profiles:{name} too"


def references(lab):
    """Yield ``(pillar path, name, part of the lab, what it has)`` for each name that has to be there."""
    if lab.profile:
        yield "lab:profile", lab.profile, "profiles", lab.profiles
    for name, profile in lab.profiles.items():
        at = f"lab:profiles:{name}"
        yield from ((f"{at}:vms", vm, "vms", lab.vms) for vm in profile.vms)
        yield from ((f"{at}:hosts", host, "hosts", lab.hosts) for host in profile.hosts)
        for vm, host in profile.place.items():
            yield f"{at}:place", vm, "vms", lab.vms
            yield f"{at}:place:{vm}", host, "hosts", lab.hosts


def applied(lab, standing):
    """Return ``(Lab, names)``: *lab* without the VMs that rest, and the names of the VMs and hosts that do."""
    profile = lab.profiles.get(active(lab, standing))
    if profile is None:
        return lab, frozenset()
    resting = _resting(lab, profile)
    vms = {
        name: vm.model_copy(update={"host": profile.place[name]}) if name in profile.place else vm
        for name, vm in lab.vms.items()
        if name not in resting
    }
    return lab.model_copy(update={"vms": vms}), resting


def _resting(lab, profile):
    named = {name for one in lab.profiles.values() for name in (*one.vms, *one.hosts)}
    return frozenset(named - {*profile.vms, *profile.hosts})


def _needs(lab, resting):
    """Yield ``(pillar path, name)`` of all that is needed by hosts and VMs that are not *resting*."""
    for name, host in lab.hosts.items():
        if name not in resting:
            yield from ((f"lab:hosts:{name}:needs:{service}", of) for service, of in host.needs.items())
    for name, vm in lab.vms.items():
        if name not in resting:
            of_class = [] if vm.adopt else lab.classes[vm.class_].needs
            yield from ((f"lab:vms:{name}:needs", of) for of in (*of_class, *vm.needs))


def listed(lab):
    """Return ``{name, active, vms, hosts, place}`` of each profile of the ``Settled`` *lab*."""
    now = active(lab, lab.standing)
    return [{"name": name, "active": name == now, **one.model_dump()} for name, one in lab.profiles.items()]


def _needed(lab, host):
    """Return why *host* is never switched off, or None."""
    if host in dict(lab.masters).values():
        return "is a master"
    if host in netboot_facts.servers(lab).values():
        return "serves netboot"
    return "is always_on" if lab.hosts[host].always_on else None
