"""Read and write the domains of a libvirt host.  No decisions are made here."""

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import xml
from saltext.lab.virt.link import URI, connect, doing, ours

__all__ = ["URI", "connect", "read", "read_one", "start", "stop", "write"]

#: What goes with a domain that is removed; its disks do not.
UNDEFINE = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)


def read(conn):
    """
    Return all domains by name, each as its next start would find it.

    Each has the fields of ``model.Domain`` that it has a value for; ``adopt`` is whether it
    carries our mark.  Passwords in the XML are not read.
    """
    with doing(conn, "list the domains"):
        found = conn.listAllDomains()
        autostarted = {one.name() for one in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART)}
    return {one.name(): known for one in found if (known := _read(conn, one, autostarted))}


def write(conn, changes):
    """
    Make *changes*: for each domain one definition with all of them, then autostart and power.

    A domain that libvirt refuses does not stop the others; all refusals come in one error.
    """
    with doing(conn, "list the domains"):
        found = {one.name(): one for one in conn.listAllDomains()}
    refusals = []
    for name, its in _by_domain(changes).items():
        try:
            if its[0].path == () and its[0].new is None:
                _remove(conn, name, found.get(name))
            else:
                _write(conn, name, found.get(name), its)
        except Refused as err:
            refusals.append(err)
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise Refused(f"{len(refusals)} domains could not be changed", "; ".join(map(str, refusals)))


def read_one(conn, name):
    """Return domain *name* by the fields that its XML has.  Raises ``Refused`` if there is none."""
    with doing(conn, f"read domain {name}"):
        return xml.read(conn.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def start(conn, name):
    """Return ``{"started": bool, "uuid": str}``; a domain that runs is left running.  Raises ``Refused``."""
    with doing(conn, f"start domain {name}"):
        domain = conn.lookupByName(name)
        if started := not domain.isActive():
            domain.create()
        return {"started": started, "uuid": domain.UUIDString()}


def stop(conn, name):
    """Return ``{"stopped": bool, "uuid": str}`` after the plug was pulled.  Raises ``Refused``."""
    with doing(conn, f"stop domain {name}"):
        domain = conn.lookupByName(name)
        if stopped := bool(domain.isActive()):
            domain.destroy()  # bounded: SIGTERM, then SIGKILL, then an error (libvirt, virProcessKillPainfully)
        return {"stopped": stopped, "uuid": domain.UUIDString()}


def _read(conn, domain, autostarted):
    try:
        text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    except libvirt.libvirtError as err:
        if err.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None  # gone since the listing
        raise ours(conn, f"read domain {domain.name()}", err) from err
    return xml.read(text) | {"running": domain.ID() != -1, "autostart": domain.name() in autostarted}


def _by_domain(changes):
    """Return *changes* by domain, their paths from there on."""
    grouped: dict[str, list] = {}
    for change in changes:
        grouped.setdefault(change.path[0], []).append(change._replace(path=change.path[1:]))
    return grouped


def _write(conn, name, domain, changes):
    wish = {change.path[0]: change.new for change in changes if change.path}
    if domain is None or set(wish) & set(xml.DOMAIN):
        domain = _define(conn, name, domain, changes)
    _power(conn, name, domain, wish)


def _define(conn, name, domain, changes):
    with doing(conn, f"define domain {name}"):
        # SECURE: a definition read without it has lost its passwords, and would lose them for good when written.
        flags = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
        old = domain.XMLDesc(flags) if domain else xml.blank(_kind(conn, changes), name)
        return conn.defineXML(xml.write(old, changes))


def _power(conn, name, domain, wish):
    if "autostart" in wish:
        with doing(conn, f"set autostart of domain {name}"):
            domain.setAutostart(wish["autostart"])
    if "running" in wish:
        with doing(conn, f"{'start' if wish['running'] else 'stop'} domain {name}"):
            if wish["running"] != bool(domain.isActive()):
                domain.create() if wish["running"] else domain.destroy()


def _remove(conn, name, domain):
    if domain is None:  # gone since it was read
        return
    with doing(conn, f"remove domain {name}"):
        persistent = domain.isPersistent()  # one that is not is gone for good with its QEMU
        if domain.isActive():
            domain.destroy()
        if persistent:
            domain.undefineFlags(UNDEFINE)


def _kind(conn, changes):
    """Return the type of a new domain; where none is stated, kvm if the host has it."""
    if stated := [change.new for change in changes if change.path == ("type",)]:
        return stated[0]
    return "kvm" if "<domain type='kvm'" in conn.getCapabilities() else "qemu"
