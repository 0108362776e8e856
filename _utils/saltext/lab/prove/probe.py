"""What the minion of one host does for a proof."""

import os
from contextlib import contextmanager
from typing import NamedTuple

from saltext.lab.command import run as command
from saltext.lab.ovs import db
from saltext.lab.prove import explain as explained
from saltext.lab.prove import wire
from saltext.lab.prove.frame import ETHERTYPE
from saltext.lab.prove.talk import Talk


class Switch(NamedTuple):
    """Open vSwitch on this host; it is connected to only for probes that need it."""

    address: str = db.SOCKET
    timeout: float = 20

    @property
    def environment(self):
        """What ``ovs-appctl`` needs to find ovs-vswitchd: its run directory is that of the database's socket."""
        kind, _, path = self.address.partition(":")
        return {**os.environ, "OVS_RUNDIR": os.path.dirname(path)} if kind == "unix" else None


def run(switch, probes, nonce, window):
    """Return what *probes* heard within *window* seconds, and what is wrong with any of them."""
    with _opened(switch, probes) as (_, devices, faults):
        talk = Talk(nonce, probes)
        faults.update(wire.converse(talk, devices, window))
    return {"heard": talk.rows(), "faults": {str(own): why for own, why in faults.items()}}


def explain(switch, probes):
    """Return ``{probe: {"trouble", "ways", "trace"}}`` for *probes*."""
    with _opened(switch, probes) as (bridges, devices, faults):
        told = {probe["id"]: _told(switch, bridges, probe) for probe in probes if probe["id"] in devices}
    told |= {own: _nothing([why]) for own, why in faults.items()}
    return {str(own): one for own, one in told.items()}


@contextmanager
def _opened(switch, probes):
    """Yield what OVSDB says of the bridges, ``{id: device}``, and ``{id: why}`` for what cannot be opened."""
    devices = wire.cards(probes)
    if not any(probe["bridge"] for probe in probes):
        yield {}, devices, _faults(probes, devices)
        return
    with db.connect(*switch) as session:
        bridges = db.read(session)
        with wire.ports(session, [probe for probe in probes if probe["bridge"] in bridges]) as plugged:
            devices |= plugged
            yield bridges, devices, _faults(probes, devices)


def _faults(probes, devices):
    """Return ``{id: why}``; a bridge that is not there is not made: that is for those whose bridge it is."""
    return {probe["id"]: f"there is no {_place(probe)}" for probe in probes if probe["id"] not in devices}


def _place(probe):
    return f"bridge {probe['bridge']}" if probe["bridge"] else f"card {probe['card'] or probe['mac']}"


def _told(switch, bridges, probe):
    if not probe["bridge"]:
        return _nothing([])
    flow = f"in_port={wire.name(probe)},dl_dst=ff:ff:ff:ff:ff:ff,dl_type={ETHERTYPE:#x}"
    argv = ("ovs-appctl", "--timeout=5", "ofproto/trace", probe["bridge"], flow, "--names")
    trace = command(*argv, env=switch.environment, timeout=10)
    ports = bridges[probe["bridge"]]["ports"]
    return {"trouble": explained.trouble(ports, probe, trace), "ways": explained.ways(trace), "trace": trace}


def _nothing(trouble):
    return {"trouble": trouble, "ways": [], "trace": ""}
