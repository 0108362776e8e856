"""Have a guest shut down, and start it again."""

import libvirt

from saltext.lab.virt import events
from saltext.lab.virt.link import doing


def restart(conn, name, domain, patience):
    """Shut the guest down and start it again.  Raises ``Refused`` if it is not down within *patience* seconds."""
    with doing(conn, f"restart domain {name}"):
        _down(conn, name, domain, patience)
        domain.create()


def shutdown(conn, name, patience):
    """Return ``{"stopped": bool, "uuid": str}`` once the guest has shut down by itself; raises as ``restart`` does."""
    with doing(conn, f"shut down domain {name}"):
        domain = conn.lookupByName(name)
        if stopped := bool(domain.isActive()):
            _down(conn, name, domain, patience)
        return {"stopped": stopped, "uuid": domain.UUIDString()}


def _down(conn, name, domain, patience):
    with events.of(conn, domain, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE) as heard:
        domain.shutdown()
        stopped = f"end of the guest of domain {name} after it was asked to shut down"
        heard.until(lambda _, event, detail: event == libvirt.VIR_DOMAIN_EVENT_STOPPED, patience, stopped)
