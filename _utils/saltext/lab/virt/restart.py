"""Start a guest again."""

import libvirt

from saltext.lab.virt import events
from saltext.lab.virt.link import doing


def restart(conn, name, domain, patience):
    """Shut the guest down and start it again.  Raises ``Refused`` if it is not down within *patience* seconds."""
    lifecycle = libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE
    with doing(conn, f"restart domain {name}"), events.of(conn, domain, lifecycle) as heard:
        domain.shutdown()
        stopped = f"end of the guest of domain {name} after it was asked to shut down"
        heard.until(lambda _, event, detail: event == libvirt.VIR_DOMAIN_EVENT_STOPPED, patience, stopped)
        domain.create()
