"""Read and write the networks of libvirt.  No decisions are made here."""

from xml.etree import ElementTree as ET

import libvirt

from saltext.lab.errors import Refused
from saltext.lab.virt import batch, document, network_element, network_xml
from saltext.lab.virt.link import doing
from saltext.lab.virt.network_xml import NETWORK

INACTIVE = libvirt.VIR_NETWORK_XML_INACTIVE
ADD, MODIFY, DELETE = (
    libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
    libvirt.VIR_NETWORK_UPDATE_COMMAND_MODIFY,
    libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE,
)
GROUP, RANGE = libvirt.VIR_NETWORK_SECTION_PORTGROUP, libvirt.VIR_NETWORK_SECTION_IP_DHCP_RANGE


def read(conn):
    """
    Return all networks by name, each as its next start would find it.

    Each has the fields of ``network_model.Network`` that it has a value for; ``adopt`` is whether it carries our mark,
    ``pending`` in which of them it runs otherwise than its next start would find it.
    """
    with doing(conn, "list the networks"):
        found = conn.listAllNetworks()
        autostarted = _names(conn, libvirt.VIR_CONNECT_LIST_NETWORKS_AUTOSTART)
        active = _names(conn, libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)
    return {
        one.name(): known | {"running": one.name() in active, "autostart": one.name() in autostarted}
        for one in found
        if (known := _read(conn, one, active))
    }


def write(conn, changes):
    """
    Make *changes*: for each network one definition with all of them, then autostart and power.

    Port groups and DHCP ranges of one that runs change at once; guests stay plugged in.
    A network that is refused does not stop the others; all refusals come in one error.
    """
    with doing(conn, "list the networks"):
        found = {one.name(): one for one in conn.listAllNetworks()}
    batch.each("networks", changes, lambda name, its: _change(conn, name, found.get(name), its))


def _names(conn, flag):
    return {one.name() for one in conn.listAllNetworks(flag)}


def _read(conn, network, active):
    try:
        with doing(conn, f"read network {network.name()}"):
            # One that is not persistent has no definition but the one it runs with.
            known = document.read(network.XMLDesc(INACTIVE if network.isPersistent() else 0), NETWORK)
            now = document.read(network.XMLDesc(), NETWORK) if network.name() in active else known
            pending = [key for key in NETWORK if key != "adopt" and known.get(key) != now.get(key)]
            return known | ({"pending": pending} if pending else {})
    except Refused as err:
        if err.__cause__.get_error_code() == libvirt.VIR_ERR_NO_NETWORK:
            return None  # gone since the listing
        raise


def _change(conn, name, network, changes):
    if batch.removed(changes):
        return _remove(conn, name, network)
    wish = batch.stated(changes)
    if network is None or any(change.path and change.path[0] in NETWORK for change in changes):
        network = _define(conn, name, network, changes, wish.get("running", True))
    return _power(conn, name, network, wish)


def _define(conn, name, network, changes, running):
    with doing(conn, f"define network {name}"):
        old = network.XMLDesc(INACTIVE) if network else network_xml.blank(name)
        new = document.write(old, NETWORK, changes)
        if network and running and network.isActive():
            # First what runs: if that is refused, the definition still differs, and the next run tries again.
            _update(network, ET.fromstring(new), {change.path[0] for change in changes if change.path})
        return conn.networkDefineXML(new)


def _update(network, new, fields):
    """Make port groups and DHCP ranges of a network that runs those of *new*."""
    now = ET.fromstring(network.XMLDesc())
    if "portgroups" in fields:
        _turn(
            network,
            GROUP,
            *({one.get("name"): _text(one) for one in root.iterfind("portgroup")} for root in (now, new)),
        )
    if (
        "dhcp" in fields
        and "address" not in fields
        and None not in (network_element.first(now), network_element.first(new))
    ):
        _turn(
            network,
            RANGE,
            *({text: _text(network_element.range_of(text)) for text in _ranges(root)} for root in (now, new)),
        )


def _turn(network, section, now, new):
    for key in now.keys() - new.keys():
        _tell(network, DELETE, section, now[key])
    for key, text in new.items():
        if now.get(key) != text:
            _tell(network, MODIFY if key in now else ADD, section, text)


def _tell(network, command, section, text):
    network.update(command, section, -1, text, libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE)


def _ranges(root):
    return NETWORK["dhcp"].get(root) or ()


def _text(node):
    return ET.tostring(node, encoding="unicode").strip()


def _power(conn, name, network, wish):
    if "autostart" in wish:
        with doing(conn, f"set autostart of network {name}"):
            network.setAutostart(wish["autostart"])
    if "running" in wish:
        with doing(conn, f"{'start' if wish['running'] else 'stop'} network {name}"):
            if wish["running"] != bool(network.isActive()):
                network.create() if wish["running"] else network.destroy()


def _remove(conn, name, network):
    if network is None:  # gone since it was read
        return
    with doing(conn, f"remove network {name}"):
        persistent = network.isPersistent()
        if network.isActive():
            network.destroy()
        if persistent:
            network.undefine()
