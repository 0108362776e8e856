"""What a change of a domain means.  Pure."""

from saltext.lab.plan import LIVE, NEXT_BOOT, RECREATE, RESTART, merge

#: Not in the XML that a guest was started with, or of no meaning to it.
AT_ONCE = {"adopt", "autostart", "running", "spec", "spec_hash", "start_order"}
FIXED = {"type", "uuid"}
#: What a running guest gets at once of a device it has.
LIVE_DETAILS = {
    "nics": {"bridge", "network", "portgroup", "tag", "trunks", "link", "inbound", "outbound"},
    "disks": {"iops", "bytes_per_s", "size_mib"},
    "hostdevs": set(),
}
#: Buses from which no disk is pulled while the guest runs (libvirt, qemuDomainAttachDeviceDiskLiveInternal).
COLD = {"sata", "ide"}


def impact(change, actual):
    """
    Return when *change*, one of ``diff(actual, wish)`` with *actual* from ``as_asked``, takes effect.

    ``recreate`` for what a domain keeps for life and for what would lose data, ``live``, ``restart`` where the
    wish has one for it, or ``next-boot`` for the definition of a guest that runs.
    """
    name, *rest = change.path
    domain = actual.get(name)
    if not rest or domain is None:
        return LIVE
    if rest[0] in FIXED or _shrinks(rest, change):
        return RECREATE
    if not domain.get("running") or rest[0] in AT_ONCE:
        return LIVE
    how = domain.get("on_change", "live")
    if how != "pending" and rest[0] != "on_change" and is_live(rest, change.new, domain):
        return LIVE
    return RESTART if how == "restart" or rest[0] == "on_change" else NEXT_BOOT


def is_live(path, new, domain):
    """Return whether a guest that runs gets *new* at *path* of its *domain* at once."""
    guest = merge(domain, domain.get("live", {}))
    match path:
        case ["title"] | ["tune", *_]:
            return True
        case ["memory_mib"]:
            return bool(guest.get("balloon")) and new <= guest["memory_max_mib"]
        case ["vcpus"]:
            return new <= guest["vcpus_max"]
        case ["nics" | "disks" | "hostdevs" as kind, item, *detail]:
            if item in domain.get("cold", ()):
                return False
            there = guest.get(kind, {}).get(item)
            if not detail or there is None or domain[kind].get(item) is None:
                return True
            # libvirt moves a card between Linux bridges; into or out of Open vSwitch it does not.
            return detail[0] in LIVE_DETAILS[kind] and not (detail[0] == "bridge" and "virtualport" in there)
    return False


def _shrinks(path, change):
    return path[0] == "disks" and path[-1] == "size_mib" and isinstance(change.old, int) and change.new < change.old
