"""Read and write the domains of a libvirt host.  No decisions are made here."""

import libvirt

from saltext.lab.plan import LIVE, RESTART
from saltext.lab.virt import batch, live, order, restart, seen, sizes, xml
from saltext.lab.virt.link import URI, connect, doing, ours
from saltext.lab.virt.patience import USUAL, Patience

__all__ = ["URI", "Patience", "connect", "read", "read_one", "start", "stop", "write"]

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

    Each has the fields of ``model.Domain`` that it has a value for; ``adopt`` is whether it carries our mark,
    ``live`` what a guest that runs has otherwise, as a merge patch.  Passwords in the XML are not read.
    """
    with doing(conn, "list the domains"):
        found = conn.listAllDomains()
        autostarted = {one.name() for one in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART)}
    return sizes.added(conn, {one.name(): known for one in found if (known := _read(conn, one, autostarted))})


def write(conn, changes, patience=USUAL):
    """
    Make *changes*: for each domain one definition with all of them, then the guest that runs, autostart and power.

    A guest gets at once the changes whose impact is ``live``, and is restarted for those whose impact is ``restart``.
    What is started is started by its ``start_order``; a guest that is asked for something has *patience* seconds.  A
    domain that libvirt refuses does not stop the others; all
    refusals come in one error.
    """
    with doing(conn, "list the domains"):
        found = {one.name(): one for one in conn.listAllDomains()}

    def bring(name, its):
        if batch.removed(its):
            _remove(conn, name, found.get(name))
        else:
            _write(conn, name, found.get(name), its, patience)

    batch.each("domains", order.by_start(changes, found), bring)


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
            _destroy(domain)
        return {"stopped": stopped, "uuid": domain.UUIDString()}


def _destroy(domain):
    """Pull the plug; bounded: SIGTERM, then SIGKILL, then an error (libvirt, virProcessKillPainfully)."""
    try:
        domain.destroy()
    except libvirt.libvirtError:  # of a guest that libvirt, just started, was looking for: "domain is not running"
        if domain.isActive():
            raise


def _read(conn, domain, autostarted):
    try:
        text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        guest = domain.XMLDesc() if domain.ID() != -1 else None
    except libvirt.libvirtError as err:
        if err.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None  # gone since the listing
        raise ours(conn, f"read domain {domain.name()}", err) from err
    found = xml.read(text)
    if guest and (live_patch := seen.otherwise(found, xml.read(guest))):
        found["live"] = live_patch
    return found | {"running": guest is not None, "autostart": domain.name() in autostarted}


def _write(conn, name, domain, changes, patience):
    wish = {change.path[0]: change.new for change in changes if change.path}
    if domain is None or set(wish) & set(xml.DOMAIN):
        domain = _define(conn, name, domain, changes)
    sizes.grow(conn, name, domain, changes)
    if domain.ID() != -1:
        _guest(conn, name, domain, changes, patience)
    _power(conn, name, domain, wish)


def _guest(conn, name, domain, changes, patience):
    """Let the guest that runs have what it can have."""
    if at_once := [change for change in changes if change.path and change.impact == LIVE]:
        live.change(conn, name, domain, at_once, patience.device)
    if any(change.impact == RESTART for change in changes):
        restart.restart(conn, name, domain, patience.shutdown)


def _define(conn, name, domain, changes):
    with doing(conn, f"define domain {name}"):
        # SECURE: a definition read without it has lost its passwords, and would lose them for good when written.
        flags = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
        old = domain.XMLDesc(flags) if domain else xml.blank(_kind(conn, changes), name)
        return conn.defineXML(xml.write(old, [change for change in changes if change.path]))


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
        runs = domain.ID() != -1
        persistent = not runs or domain.isPersistent()  # one that is not is gone for good with its QEMU
        if runs:
            domain.destroy()
        if persistent:
            domain.undefineFlags(UNDEFINE)


def _kind(conn, changes):
    """Return the type of a new domain; where none is stated, kvm if the host has it."""
    if stated := [change.new for change in changes if change.path == ("type",)]:
        return stated[0]
    return "kvm" if "<domain type='kvm'" in conn.getCapabilities() else "qemu"
