"""Where a lab is probed, and what has to be heard there.  Pure."""

from collections import defaultdict
from itertools import count
from typing import NamedTuple

from saltext.lab.spec import facts, switches, wires

REACH, APART, ANY = "reach", "apart", "any"
#: bytes of a packet, to find what crosses where the whole MTU does not: IPv6's least, VXLAN in 1500 with and without
#: a VLAN tag, PPPoE, Ethernet, a baby giant, and what VXLAN leaves of 9000
LADDER = (64, 576, 1280, 1400, 1446, 1450, 1492, 1500, 1600, 4000, 8946)


class Cell(NamedTuple):
    """One network on one host: there a probe sends and listens."""

    id: int
    host: str
    network: str
    mtu: int
    bridge: str | None = None  #: Open vSwitch bridge that gets a port for the probe, with ``tag``
    tag: int | None = None  #: 0: packets without a tag
    roads: tuple[str, ...] = ()  #: ports of that bridge by which the network leaves the host
    card: str | None = None  #: network card that the probe uses as it is, by its name
    mac: str | None = None  #: or by its address

    @property
    def name(self):
        """What people call it."""
        return f"{self.host}/{self.network}"


def cells(lab):
    """Return every ``Cell`` of a checked ``Lab``."""
    ids = count()
    return [
        Cell(next(ids), host, network, facts.mtu(lab, network), **_where(lab, host, network))
        for host in facts.awake(lab)
        for network in _carried(lab, host)
    ]


def between(sender, receiver):
    """
    Return what packets of the cell *sender* have to do at the cell *receiver*: ``REACH``, ``APART``, or ``ANY``.

    Two networks without tags may share a wire, and nothing in a spec says whether they do.
    """
    if sender.network == receiver.network:
        return REACH
    return APART if sender.tag or receiver.tag else ANY


def probes(found):
    """Return ``{host: [probe]}`` for the cells *found*, as ``lab_probe.run`` takes it."""
    asked = defaultdict(list)
    for cell in found:
        hear = [one.id for one in found if one.network == cell.network and one.id != cell.id]
        asked[cell.host].append(where(cell) | {"sizes": sizes(cell.mtu), "hear": hear})
    return dict(asked)


def where(cell):
    """Return the part of a probe that says where it is."""
    return {key: getattr(cell, key) for key in ("id", "mtu", "bridge", "tag", "roads", "card", "mac")}


def sizes(mtu):
    """Return the sizes of packets that find out which of them cross a network of *mtu*; the last is *mtu*."""
    return [*(size for size in LADDER if size < mtu), mtu]


def _carried(lab, host):
    """The networks on *host*, each once: where it is managed, those on its wires, those of its own and of its VMs."""
    wired = [network for carried in lab.hosts[host].uplinks.values() for network in carried]
    return dict.fromkeys([lab.hosts[host].address.split("+")[0], *wired, *facts.wanted(lab, host)])


def _where(lab, host, network):
    plug = wires.plug(lab, host, network)
    if plug.card:
        return {"card": plug.card}
    if plug.bridge == wires.INTEGRATION and not (lab.networks[network].overlay or wires.card(lab, host, network)):
        return {"mac": lab.hosts[host].mac}
    return {"bridge": plug.bridge, "tag": plug.tag or 0, "roads": _roads(lab, host, plug)}


def _roads(lab, host, plug):
    ports = switches.of(lab, host)["ovs"]["bridges"][plug.bridge]["ports"]
    if plug.tag is None:
        return tuple(name for name in ports if name in lab.hosts[host].uplinks)
    return tuple(name for name, port in ports.items() if plug.tag in port.get("trunks", ()))
