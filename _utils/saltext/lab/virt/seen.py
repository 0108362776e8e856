"""What there is of a domain, as a wish would see it.  Pure."""

import re
from collections.abc import Mapping

from saltext.lab.plan import diff, merge
from saltext.lab.virt.rules import AT_ONCE, COLD, is_live

#: What libvirt works out for a guest that runs where nobody stated it.
WORKED_OUT = {"target", "backing", "backing_format", "nvram"}
#: What stands in a guest that runs for a limit that was taken away (libvirt 9.0).
UNLIMITED = {"cpu_period_us": 100000, "cpu_quota_us": -1}
#: What a card has from its network where nobody stated it.
OF_NETWORK = {"direct_mode", "virtualport", "tag", "trunks", "native", "inbound", "outbound", "mtu"}


def as_asked(actual, wish):
    """
    Return *actual*, all domains by name, as *wish* would see them.

    libvirt 9.0 turns the machine ``q35`` into ``pc-q35-7.2`` when it defines a domain, and a guest keeps that version
    when QEMU is upgraded; so both mean the same and are no change.  Of a guest that runs, what it has otherwise than
    its definition, and could have at once, is what there is: so what could not be done is tried again.
    """
    return {name: _seen(domain, wish.get(name)) for name, domain in actual.items()}


def pending(actual, wish):
    """Return what guests of *wish* get only when they are started again, as one phrase, or an empty text."""
    late = {name: _late(actual[name]) for name in wish if wish[name] is not None and actual.get(name, {}).get("live")}
    return "; ".join(f"{name} gets {', '.join(what)} at its next start" for name, what in late.items() if what)


def otherwise(definition, guest):
    """
    Return what *guest*, a domain read from the XML it runs with, has otherwise than *definition*: a merge patch.

    Left out is what libvirt works out for a guest and nobody stated: names on the host, a CPU model, backing images.
    """
    skipped = AT_ONCE | ({"cpu_model", "cpu_features"} if definition.get("cpu_model") == "host-model" else set())
    if guest.get("memory_mib", 0) > definition.get("memory_mib", 0):  # it gives the rest back when its driver is up
        skipped |= {"memory_mib"}
    if "cpu_features" in guest:
        stated = definition.get("cpu_features", {})
        features = {name: policy for name, policy in guest["cpu_features"].items() if name in stated}
        guest = guest | {"cpu_features": features}
    if "tune" in guest:
        guest = guest | {"tune": _limits(guest["tune"], definition.get("tune", {}))}
    return {key: value for key, value in _patch(definition, guest).items() if key not in skipped}


def _limits(tune, stated):
    return {field: value for field, value in tune.items() if field in stated or UNLIMITED.get(field) != value}


def _patch(definition, guest):
    patch = dict.fromkeys(key for key in definition if key not in guest)
    for key, value in guest.items():
        if key not in definition and key in WORKED_OUT:
            continue
        if isinstance(value, Mapping) and isinstance(definition.get(key), Mapping):
            if inner := _patch(definition[key], value):
                patch[key] = inner
        elif definition.get(key) != value:
            patch[key] = value
    return patch


def _seen(domain, wish):
    if wish is None:
        return domain
    seen = domain | {"on_change": wish.get("on_change", "live")} | _names(domain, wish)
    seen |= {"cold": _cold(domain, wish), "moored": _moored(domain, wish)}
    for dev, disk in wish.get("disks", {}).items():
        if "size_mib" in (disk or {}) and _size_is_fine(seen.get("disks", {}).get(dev), disk["size_mib"]):
            seen = _put(seen, ("disks", dev, "size_mib"), disk["size_mib"])
    if not domain.get("live") or seen["on_change"] == "pending":
        return seen
    known = {change.path for change in diff(seen, wish)}
    for change in diff(merge(seen, domain["live"]), wish):
        if change.path in known or not change.path or _of_network(domain, change.path):
            continue
        if is_live(list(change.path), change.new, domain | seen):
            seen = _put(seen, change.path, change.old)
    if seen["on_change"] == "restart" and _late(seen):
        seen["on_change"] = "pending"
    return seen


def _names(domain, wish):
    asked, ports = wish.get("machine"), wish.get("pcie_ports", 0)
    named = {"machine": asked} if asked and _is_of(domain.get("machine", ""), asked) else {}
    return named | ({"pcie_ports": ports} if 0 < ports <= domain.get("pcie_ports", 0) else {})


def _size_is_fine(disk, size):
    """Return whether a disk that is there has at least *size*, or one that nobody can tell: it is a volume's then."""
    return disk is not None and disk.get("size_mib", size) == size


def _cold(domain, wish):
    """Return the disks that are on a bus from which none comes or goes while the guest runs, now or as wished."""
    return sorted(dev for dev, disk in _all(domain, wish, "disks") if disk.get("bus") in COLD)


def _moored(domain, wish):
    """Return the cards that cannot go to another bridge while the guest runs: libvirt moves between Linux bridges."""
    return sorted(mac for mac, nic in _all(domain, wish, "nics") if nic.get("virtualport") or "bridge" not in nic)


def _all(domain, wish, kind):
    """Return each device by name: as the guest has it, as it is defined, and as it is wished."""
    defined = domain.get(kind, {})
    guest = merge(defined, domain.get("live", {}).get(kind, {}))
    wished = merge(defined, wish.get(kind, {}))
    return [*guest.items(), *defined.items(), *wished.items()]


def _late(domain):
    """Return the paths of what the guest of *domain* has otherwise and cannot be given while it runs."""
    changes = diff(merge(domain, domain["live"]), _undone(domain["live"], domain))
    late = [change.path for change in changes if not is_live(list(change.path), change.new, domain)]
    return sorted({".".join(path[:2]) for path in late if not _of_network(domain, path)})


def _undone(patch, of):
    """Return the merge patch that makes *of* again of what *patch* makes of it."""
    return {
        key: _undone(part, of.get(key, {})) if isinstance(part, Mapping) else of.get(key) for key, part in patch.items()
    }


def _of_network(domain, path):
    """Return whether *path* of *domain* is what a card has from its network."""
    card = (domain.get("nics", {}).get(path[1]) or {}) if len(path) == 3 and path[0] == "nics" else {}
    return "network" in card and path[2] in OF_NETWORK - card.keys()


def _put(tree, path, value):
    """Return *tree* with *value* at *path*, None for nothing there; without the parents of it, as it was."""
    key, *rest = path
    if rest:
        return tree | {key: _put(tree[key], rest, value)} if isinstance(tree.get(key), Mapping) else tree
    return {**tree, key: value} if value is not None else {one: of for one, of in tree.items() if one != key}


def _is_of(machine, family):
    family = {"pc": "i440fx"}.get(family, family)
    return re.fullmatch(rf"(pc-)?{re.escape(family)}-\d[\d.]*", machine) is not None
