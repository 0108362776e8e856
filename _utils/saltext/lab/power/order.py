"""What a person asks of the power of hosts: look, or switch them, in an order that harms nobody."""

from saltext.lab import power
from saltext.lab.errors import BadWish
from saltext.lab.power.guard import beside, cut
from saltext.lab.schema import nearest

ACTS = ("status", "on", "off", "cycle")
YAML = {True: "on", False: "off"}  #: what salt-run makes of its arguments


def order(lab, hosts, act="status", force=False):
    """
    Return ``{host: on, off or unknown}`` after *act*, one of ``ACTS``, on *hosts* of the checked *lab*.

    Raises ``BadWish`` for what is not there, ``NotSafe`` as ``guard.cut`` does unless *force* is true, and what the
    drivers raise.
    """
    act = YAML.get(act, act)
    _known(lab, hosts, act)
    going = cut(lab, hosts, force or act in ("status", "on"))
    cleared = {*hosts, *(beside(lab, hosts) if force else ())}
    drivers = {host: power.of(lab, host, cleared) for host in going}
    if act in ("off", "cycle"):
        _each(drivers, "off")
    if act == "cycle":
        _each(drivers, "rest")
    if act in ("on", "cycle"):
        _each(dict(reversed(drivers.items())), "on")
    return {host: drivers[host].status() for host in hosts}


def _each(drivers, act):
    for driver in drivers.values():
        getattr(driver, act)()


def _known(lab, hosts, act):
    if act not in ACTS:
        raise BadWish(f"{act} is nothing that power can do{nearest(act, ACTS)}", f"there are {', '.join(ACTS)}")
    for host in hosts:
        if host not in lab.hosts:
            raise BadWish(f"there is no host {host} in lab {lab.name}{nearest(host, lab.hosts)}")
        if lab.hosts[host].power is None:
            raise BadWish(f"nobody can switch {host}", "it has no power in the spec", f"state lab:hosts:{host}:power")
