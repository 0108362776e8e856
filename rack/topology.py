"""Which hosts a spec asks for and how they are wired: pure, and stable when other entries come and go."""

import hashlib
import uuid
from dataclasses import dataclass

from saltext.lab.errors import BadWish
from saltext.lab.spec import derive, facts
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.spec.derive import LONGEST

SWITCH = "sw"  #: what the one switch is called where a host would have its name
LEAST_MTU = 1600  #: bytes; room for a tunnel around packets of 1500


@dataclass(frozen=True)
class Nic:
    """A network card of a host; its other end is *port* of the switch."""

    name: str
    mac: str
    mtu: int  #: bytes
    port: str
    address: str = ""  #: with prefix length, or none


@dataclass(frozen=True)
class Host:
    """A physical machine; its first card is the one it is managed by."""

    name: str
    uuid: uuid.UUID
    nics: tuple[Nic, ...]
    slice: dict  #: what its pillar will hold

    @property
    def address(self):
        """Return the address it is managed by, without prefix length."""
        return self.nics[0].address.partition("/")[0]


@dataclass(frozen=True)
class Topology:
    """All hosts of a lab, on one dumb switch."""

    name: str
    domain: str
    mtu: int  #: bytes that every wire passes
    hosts: dict[str, Host]
    physical: str  #: name of the master that manages the hosts
    masters: frozenset[str]
    sls: str  #: of the pillar, that the spec is in

    def host(self, name):
        """Return host *name*; raises ``BadWish`` that names those there are."""
        if name not in self.hosts:
            raise BadWish(f"there is no host {name}", f"lab {self.name} has {', '.join(self.hosts)}")
        return self.hosts[name]


def read(spec, sls="demo"):
    """Return the ``Topology`` for *spec*, what *sls* has under ``lab``; raises ``BadWish`` with every mistake in it."""
    lab = checked(spec)
    slices = compile(lab)
    hosts = {name: _host(lab, name, host, slices[name]) for name, host in lab.hosts.items()}
    return Topology(
        name=lab.name,
        domain=lab.domain,
        mtu=max([LEAST_MTU, *(facts.mtu(lab, network) for network in lab.networks)]),
        hosts=hosts,
        physical=lab.masters.physical,
        masters=frozenset({lab.masters.physical, lab.masters.virtual}),
        sls=sls,
    )


def _host(lab, name, host, part):
    if name == SWITCH:
        raise BadWish(f"lab:hosts:{name} cannot be in a rack", "its switch has that name", "rename the host")
    network, address = derive.address(lab.networks, host.address)
    first = Nic("eth0", host.mac, facts.mtu(lab, network), _port(name, "eth0"), str(address))
    uplinks = [_uplink(lab, name, nic, networks) for nic, networks in host.uplinks.items()]
    return Host(name, uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.host.{lab.name}"), (first, *uplinks), part)


def _uplink(lab, host, nic, networks):
    mtu = max((facts.mtu(lab, network) for network in networks), default=LEAST_MTU)
    mac = "02:" + _digest(lab.name, host, nic)[:5].hex(":")  # 02: locally administered (IEEE 802, section 8.4)
    return Nic(nic, mac, mtu, _port(host, nic))


def _port(host, nic):
    name = f"{host}-{nic}"
    return name if len(name) <= LONGEST else f"{name[:8]}-{_digest(host, nic)[:3].hex()}"


def _digest(*words):
    return hashlib.sha256("/".join(words).encode()).digest()
