"""What the tests of domains share: wishes, and functions that bring the domains of a libvirtd to one."""

from functools import partial

import libvirt

from saltext.lab.outcome import Things, converge
from saltext.lab.virt import host, rules, seen
from saltext.lab.virt.model import Domains
from saltext.lab.virt.patience import Patience

MAC, OTHER_MAC = "52:54:00:00:00:01", "52:54:00:00:00:02"
NIC = {"bridge": "br-lab", "model": "virtio"}
OVS = {"bridge": "br-int", "virtualport": "openvswitch", "tag": 10, "model": "virtio"}
BASE = {"type": "qemu", "memory_mib": 64, "machine": "q35"}
#: A machine that runs without anything to boot: nobody in it answers.
DEAF = BASE | {"pcie_ports": 8, "running": True}
ALL_XML = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
LONG, SHORT = Patience(), Patience(device=1, shutdown=1)


def bring_by(conn):
    """Return a function that brings the domains to a wish and returns what a state would."""

    def bring(wish, test=False, patience=LONG):
        read, write = (lambda: seen.as_asked(host.read(conn), wish)), partial(host.write, conn, patience=patience)
        told = partial(seen.pending, wish=wish)
        return converge(Things("lab:domains", Domains, read, write, rules.impact, told), wish, test)

    return bring


def done_by(bring, conn):
    """Return a function that brings the domains to a wish: as told under test, which touched nothing, and only once."""

    def done(wish):
        before = defined(conn)
        told = bring(wish, test=True)
        assert defined(conn) == before
        made, again = bring(wish), bring(wish)
        assert (made["result"], made["changes"]) == (True, told["changes"]), made["comment"]
        assert (again["result"], again["changes"]) == (True, {}), again["comment"]
        assert told["result"] is (None if told["changes"] else True)
        return made["changes"]

    return done


def impacts(changes):
    """Return ``{path: impact}`` of the *changes* of a state."""
    return {path: change.get("impact", "live") for path, change in changes.items()}


def clean(conn, but=()):
    """Remove all domains *but* those of these names."""
    for domain in conn.listAllDomains():
        if domain.name() not in but:
            if domain.isActive():
                domain.destroy()
            domain.undefineFlags(host.UNDEFINE)


def defined(conn):
    """All that libvirt keeps: definitions with passwords, power, autostart."""
    return {one.name(): (one.XMLDesc(ALL_XML), one.ID(), one.autostart()) for one in conn.listAllDomains()}


def everything(conn):
    """That, and what the guests run with."""
    return defined(conn), {one.name(): one.XMLDesc(0) for one in conn.listAllDomains() if one.isActive()}


def text(conn, name="vm1"):
    return conn.lookupByName(name).XMLDesc(ALL_XML)
