"""Hosts of a lab as network namespaces: real switches of Open vSwitch in each, on one dumb bridge."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

from pyroute2 import netns

from saltext.lab.outcome import Things, converge
from saltext.lab.ovs import db
from saltext.lab.ovs.model import Bridges
from saltext.lab.prove import probe
from saltext.lab.spec import switches
from tests.support import daemons

JOBS = {"lab_probe.run": probe.run, "lab_probe.explain": probe.explain}


class Host:
    """One host in the namespace *space*; its OVSDB listens at *address*, and *thread* runs calls inside."""

    def __init__(self, space, address, wish, thread):
        self.space, self.address, self.wish, self.thread = space, address, wish, thread

    def call(self, fun, *args):
        """Return the future of ``fun(*args)``, which runs in the namespace of this host."""
        return self.thread.submit(fun, *args)

    def vsctl(self, *words):
        """Run ovs-vsctl."""
        subprocess.run(["ovs-vsctl", "--timeout=10", f"--db={self.address}", *words], check=True)

    def converge(self):
        """Return what bringing the bridges to the wish of the spec did, as the state would."""
        with db.connect(self.address) as session:
            things = Things("lab:ovs:bridges", Bridges, partial(db.read, session), partial(db.write, session))
            return converge(things, self.wish["ovs"]["bridges"], False)

    def bridges(self):
        """Return what is in OVSDB."""
        with db.connect(self.address) as session:
            return db.read(session)


class Fabric:
    """The *hosts* of a lab by name; what a proof needs of a fleet, without Salt."""

    def __init__(self, hosts, wires):
        self.hosts, self.wires = hosts, wires

    def call_all(self, minions, fun, asked, *more, timeout=None):
        """Return what *fun* of lab_probe returned on each host, all at once."""
        words = [bytes.fromhex(word) if isinstance(word, str) else word for word in more]
        switch = {name: probe.Switch(self.hosts[name].address) for name in minions}
        jobs = {name: self.hosts[name].call(JOBS[fun], switch[name], asked[name], *words) for name in minions}
        return {name: job.result(timeout=timeout) for name, job in jobs.items()}


@contextmanager
def fabric(lab, home):
    """Yield the ``Fabric`` of a checked *lab*, converged, with daemons in directory *home*."""
    with ExitStack() as stack:
        wires = stack.enter_context(_space("sw"))
        ip(wires, "link add sw0 mtu 1600 type bridge", *_up("sw0"))
        hosts = {name: stack.enter_context(_host(lab, name, wires, home / name)) for name in lab.hosts}
        yield Fabric(hosts, wires)


@contextmanager
def _host(lab, name, wires, home):
    home.mkdir()
    wish = switches.of(lab, name)
    with _space(name) as space, daemons.ovsdb(home) as address:
        _cards(space, wires, name, lab.hosts[name].mac)
        with (
            daemons.vswitchd(home, before=("ip", "netns", "exec", space)),
            ThreadPoolExecutor(1, initializer=netns.setns, initargs=(space,)) as thread,
        ):
            (home / "ovs-vswitchd.pid").symlink_to("sw.pid")  # where ovs-appctl looks for it
            host = Host(space, address, wish, thread)
            assert host.converge()["result"] is True
            for link, part in wish["links"].items():
                if "address" in part:
                    ip(space, *_up(link), f"address add {part['address']} dev {link}")
            yield host


def _cards(space, wires, host, mac):
    for card, address in (("eth0", f"address {mac}"), ("trunk0", "")):
        end = f"{host}-{card}"
        ip(wires, f"link add {end} mtu 1600 type veth peer name {card} mtu 1600 {address} netns {space}", *_up(end))
        ip(wires, f"link set {end} master sw0")
        ip(space, *_up(card))


def _up(link):
    return f"link set {link} addrgenmode none", f"link set {link} up"


@contextmanager
def _space(name):
    space = f"tp{os.getpid()}-{name}"
    netns.create(space)
    try:
        yield space
    finally:
        netns.remove(space)


def ip(space, *lines):
    """Run lines of ``ip`` in the namespace *space*."""
    text = "\n".join(lines)
    subprocess.run(["ip", "-n", space, "-batch", "-"], input=text, text=True, check=True, timeout=20)
