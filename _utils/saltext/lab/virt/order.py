"""Which domain comes first."""

import libvirt

from saltext.lab.virt import batch, xml


def by_start(changes, found):
    """Return *changes*; those of domains that are started come last, the ones with a lower start_order first."""
    orders = {name: _start_order(found.get(name), its) for name, its in batch.by_name(changes).items()}
    return sorted(changes, key=lambda change: orders[change.path[0]])


def _start_order(domain, changes):
    wish = batch.stated(changes)
    if not wish.get("running"):
        return -1
    if "start_order" in wish or domain is None:
        return wish.get("start_order") or 0
    try:
        text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    except libvirt.libvirtError:
        return 0  # it is gone, or libvirtd is; writing it tells
    return xml.read(text).get("start_order") or 0
