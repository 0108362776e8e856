"""Ask a host what it has, so that it can be said in the spec."""

import os

from saltext.lab.errors import BadWish, LabError, Refused
from saltext.lab.spec.names import Name
from saltext.lab.spec.take import Has
from saltext.lab.spec.take_fit import fits

PING = 5  #: seconds that a host has to say that it is there


def has(fleet, host):
    """
    Return ``Has`` of *host*, a minion of this master, in the spec or not; the suite's modules are synced to it first.

    Raises ``BadWish`` for what can be no host's name, else ``Unreachable`` and ``Refused`` as the host says.
    """
    if not fits(Name, host):
        raise BadWish(f"{host!r} is no name of a host", "it has small letters, digits and hyphens", "")
    fleet.call(host, "test.ping", timeout=PING)
    fleet.call(host, "saltutil.sync_all", timeout=120)
    domains, pools, networks = (fleet.call(host, f"lab_virt.{of}") for of in ("domains", "pools", "networks"))
    interfaces = fleet.call(host, "network.interfaces")
    managed = _managed(interfaces, fleet.call(host, "network.default_route", "inet"))
    uuid = fleet.call(host, "grains.item", "uuid").get("uuid")
    return Has(domains, pools, networks, _bridges(fleet, host), interfaces, managed, uuid)


def save(path, text):
    """Write *text* to the new file *path*.  Raises ``Refused`` if it is there, or cannot be."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as err:
        raise Refused(f"{path} is not written", err.strerror, "name a new file") from err
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def refuse_existing(path):
    """Raise ``Refused`` if there is something at *path*, before anybody is asked for what would be written there."""
    if path is not None and os.path.lexists(path):
        raise Refused(f"{path} is not written", "there is such a file", "name a new file")


def _managed(interfaces, routes):
    """Return the interface with the route to everywhere, else the first with an address."""
    by_route = [route["interface"] for route in routes if route["interface"] in interfaces]
    with_address = [name for name in sorted(interfaces) if name != "lo" and interfaces[name].get("inet")]
    return next(iter([*by_route, *with_address]), None)


def _bridges(fleet, host):
    try:
        return fleet.call(host, "lab_ovs.bridges")
    except LabError:
        return None
