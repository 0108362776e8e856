"""
A real Ceph cluster in a directory of its own, gone when the test ends: one monitor, one OSD that is a plain file.

It needs root, util-linux, ceph-mon, ceph-osd and ceph-common.  It is on a loopback address, its ports are those that
Ceph has everywhere.  It has no mgr: pools, clients and images need none.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from saltext.lab.errors import Refused
from saltext.lab.wait import until

CLONE_NEWNET = 0x40000000  # linux/sched.h; os.setns comes with Python 3.12
#: Small, and quick to say what is there; one copy of everything is what it has place for.
CONF = """
[global]
fsid = {fsid}
mon host = {address}
public addr = {address}
cluster addr = {address}
run dir = {home}
admin socket = {home}/$name.asok
log file = {home}/$name.log
log to stderr = false
mon cluster log file = {home}/cluster.log
crash dir = {home}
pid file =
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg autoscale mode = off
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon data avail warn = 2
mon data avail crit = 1
mon election timeout = 1
paxos propose interval = 0.1
[client.admin]
keyring = {home}/admin.keyring
[mon]
mon data = {home}/mon
keyring = {home}/mon.keyring
[osd]
osd data = {home}/osd
keyring = {home}/osd/keyring
osd memory target = 939524096
bluestore cache autotune = false
bluestore cache size = 33554432
bluestore block size = 4294967296
"""
#: What a client may that uses the images of pools; see ceph-authtool(8).
RBD = ("mon", "profile rbd", "osd", "profile rbd")


@dataclass(frozen=True)
class Ceph:
    """A running cluster: where it is reached, and where its files are."""

    home: Path
    address: str  #: of its monitor
    fsid: str
    before: tuple  #: what its commands are run with

    @property
    def conf(self):
        return self.home / "ceph.conf"

    @property
    def keyring(self):
        return self.home / "admin.keyring"

    def run(self, *argv, stdin=None):
        """Return what *argv* prints, a command of Ceph as client.admin.  Raises ``Refused`` in its words."""
        env = {**os.environ, "CEPH_CONF": str(self.conf)}
        words = [*self.before, *map(str, argv)]
        done = subprocess.run(words, input=stdin, env=env, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise Refused(f"{' '.join(words)} failed", done.stderr)
        return done.stdout

    def key(self, client, *caps):
        """Return the key of *client*, such as client.libvirt; one that is new may use all images, or *caps*."""
        return self.run("ceph", "auth", "get-or-create-key", client, *(caps or RBD)).strip()

    def pool(self, name):
        """Make pool *name* for images."""
        self.run("ceph", "osd", "pool", "create", name)
        self.run("rbd", "pool", "init", name)


@contextmanager
def ceph(before=()):
    """
    Yield a ``Ceph`` that answers; end it and everything it started on the way out.

    *before* is what all its programs are run with, such as ``nsenter -t PID -n`` for another network.
    """
    home, number = Path(tempfile.mkdtemp(prefix="lab-ceph-", dir="/tmp")), os.getpid() & 0xFFFF
    cluster = Ceph(home, f"127.77.{number >> 8}.{number & 255}", str(uuid4()), tuple(before))
    cluster.conf.write_text(CONF.format(fsid=cluster.fsid, address=cluster.address, home=home))
    try:
        with ExitStack() as daemons:
            _mon(cluster, daemons)
            _osd(cluster, daemons)
            until(lambda: '"num_up_osds": 1' in cluster.run("ceph", "osd", "stat", "-f", "json-pretty"), 60, "an OSD")
            yield cluster
    finally:
        shutil.rmtree(home)


def _mon(cluster, daemons):
    home = cluster.home
    for name, client in (("admin", "client.admin"), ("mon", "mon.")):
        caps = [word for kind in ("mon", "osd", "mgr") for word in ("--cap", kind, "allow *")]
        cluster.run("ceph-authtool", "-C", home / f"{name}.keyring", "--gen-key", "-n", client, *caps)
    cluster.run("ceph-authtool", home / "mon.keyring", "--import-keyring", home / "admin.keyring")
    addresses = ("--addv", "a", f"[v2:{cluster.address}:3300,v1:{cluster.address}:6789]")
    cluster.run("monmaptool", "--create", "--fsid", cluster.fsid, "--enable-all-features", *addresses, home / "monmap")
    cluster.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", home / "monmap")
    daemons.enter_context(_daemon(cluster, "ceph-mon", "-i", "a"))


def _osd(cluster, daemons):
    uuid, home = str(uuid4()), cluster.home / "osd"
    home.mkdir()
    cluster.run("ceph-authtool", "-C", home / "keyring", "--gen-key", "-n", "osd.0")
    key = cluster.run("ceph-authtool", home / "keyring", "-p", "-n", "osd.0").strip()
    cluster.run("ceph", "osd", "new", uuid, "-i", "-", stdin=f'{{"cephx_secret": "{key}"}}')
    cluster.run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", uuid)
    daemons.enter_context(_daemon(cluster, "ceph-osd", "-i", "0"))


@contextmanager
def _daemon(cluster, *argv):
    # setpriv: it dies with the test run even when that is killed.
    words = ["setpriv", "--pdeathsig", "KILL", *cluster.before, *argv, "-f", "-c", str(cluster.conf)]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(words, **quiet)
    try:
        yield
    finally:
        process.kill()  # its data goes too
        process.wait(20)


@contextmanager
def network_of(pid):
    """Have this thread, and what it starts, in the network of process *pid* for a while."""
    libc, mine = ctypes.CDLL(None, use_errno=True), os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    theirs = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        assert libc.setns(theirs, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        yield
    finally:
        assert libc.setns(mine, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        os.close(mine)
        os.close(theirs)
