"""What a change of a domain means.  Pure."""

from saltext.lab.plan import LIVE, NEXT_BOOT, RECREATE, RESTART, merge

#: Not in the XML that a guest was started with, or of no meaning to it.
AT_ONCE = {"adopt", "autostart", "running", "spec", "spec_hash", "start_order"}
FIXED = {"type", "uuid"}
#: What a running guest gets at once of a device it has.
LIVE_DETAILS = {
    "nics": {"bridge", "portgroup", "tag", "trunks", "native", "link", "inbound", "outbound"},
    "disks": {"iops", "bytes_per_s", "size_mib"},
    "hostdevs": set(),
}
#: Without one of these a guest starts with what its kernel has; which that is, libvirt does not say.
WEIGHTS = {"cpu_shares", "blkio_weight"}
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
        case ["title"] | ["tune"]:
            return True
        case ["tune", field]:
            return new is not None or field not in WEIGHTS
        case ["memory_mib"]:
            return bool(guest.get("balloon")) and new <= guest["memory_max_mib"]
        case ["vcpus"]:
            return guest["vcpus"] <= new <= guest["vcpus_max"]  # those it was started with stay plugged in
        case ["nics" | "disks" | "hostdevs" as kind, item, *detail]:
            there = guest.get(kind, {}).get(item)
            if not detail or there is None or domain[kind].get(item) is None:
                return item not in domain.get("cold", ())
            if detail[0] == "file" and there.get("device") == "cdrom":  # another disc, or none
                return True
            return detail[0] in LIVE_DETAILS[kind] and not _stuck(item, detail[0], there, domain)
    return False


def _stuck(item, field, there, domain):
    """Return whether libvirt 9.0 has *field* of cards for some, but not for this one."""
    match field:
        case "bridge":
            return item in domain.get("moored", ())
        case "portgroup":  # it is made of the group's VLAN; nothing else of a group is looked at
            return "virtualport" not in there
    return False


def _shrinks(path, change):
    return path[0] == "disks" and path[-1] == "size_mib" and isinstance(change.old, int) and change.new < change.old
