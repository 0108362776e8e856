"""Network namespaces, the switch in one of them, and veth pairs as wires: all by pyroute2, nothing decided."""

from contextlib import contextmanager
from pathlib import Path

from pyroute2 import AsyncIPRoute, config, netns
from pyroute2.ethtool.ioctl import IoctlEthtool

from saltext.lab.command import run

# pyroute2 ends the children it forks with SIGTERM.  With our handlers a child would unwind our stack, or tell our
# event loop, through the wakeup descriptor that it inherits, that SIGTERM came to us.
config.disable_mp_signal = True

BRIDGE = "sw0"
# A veth leaves checksums and segments to whoever is behind it.  OVS in user space passes such frames on as they are:
# ping works and TCP hangs.
OFFLOADS = ("tx-checksum-", "tx-tcp", "tx-generic-segmentation", "rx-gro")


async def switch(name, mtu):
    """Make the namespace *name* with a dumb switch: frames of *mtu* bytes and any VLAN tag pass, nothing filters."""
    netns.create(name)
    with _inside(name):
        for knob in Path("/proc/sys/net/bridge").glob("bridge-nf-call-*"):
            knob.write_text("0")
    async with AsyncIPRoute(netns=name) as ip:
        quiet = {"br_stp_state": 0, "br_forward_delay": 0, "br_mcast_snooping": 0}
        await ip.link("add", ifname=BRIDGE, kind="bridge", mtu=mtu, **quiet)
        await ip.link("set", index=await _index(ip, BRIDGE), state="up")


async def attach(name, nics, to, mtu):
    """Make the namespace *name* with *nics* in it, each wired to the switch in the namespace *to*."""
    netns.create(name)
    async with AsyncIPRoute(netns=to) as ip:
        bridge = await _index(ip, BRIDGE)
        for nic in nics:
            card = {"ifname": nic.name, "address": nic.mac, "net_ns_fd": name}
            await ip.link("add", ifname=nic.port, kind="veth", mtu=mtu, state="up", master=bridge, peer=card)
    with _inside(name):
        for nic in nics:
            _plain(nic.name)


async def detach(name, nics, to):
    """Take *nics* out of the switch in *to*, and remove the namespace *name* with what a host left in it."""
    async with AsyncIPRoute(netns=to) as ip:
        for nic in nics:
            for index in await ip.link_lookup(ifname=nic.port):
                await ip.link("del", index=index)
    remove(name)


def remove(name):
    """Remove the namespace *name* if there is one."""
    if name in netns.listnetns():
        netns.remove(name)


def tidy():
    """Undo what the first namespace on a machine brings with it, once there is none: /run/netns, mounted on itself."""
    where = Path(netns.NETNS_RUN_DIR).resolve()  # /var/run is a link
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    if str(where) in mounted and not netns.listnetns():
        run("umount", where)
        where.rmdir()


async def _index(ip, name):
    return (await ip.link_lookup(ifname=name))[0]


def _plain(nic):
    """Do what ``ethtool -K NIC tx off tso off gso off gro off`` does."""
    tool = IoctlEthtool(nic)
    features = tool.get_features()
    for name, on, available, *_ in features:
        if on and available and name.startswith(OFFLOADS):
            features[name] = False
    tool.set_features(features)
    tool.close()


@contextmanager
def _inside(name):
    netns.pushns(name)
    try:
        yield
    finally:
        netns.popns()
