"""
A real libvirtd with its QEMU driver, in namespaces of its own, gone with the test.

It needs root, util-linux, libvirt-daemon-system and qemu-system-x86.  It has its own /dev, /run, /etc/libvirt,
/var/lib/libvirt and network, so that neither the machine's libvirtd nor another test's sees it.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import libvirt

from saltext.lab.wait import until
from tests.support import cgroups

#: Run by the first process in the namespaces.  $1 is the home of this libvirtd.
INIT = r"""
set -eu
cd "$1"
mount -t proc proc /proc
# libvirt finds control groups in /proc/mounts.  In this namespace they are those of this daemon alone.
umount -lR /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
while read -r at kind options; do
  mkdir -p "$at"
  mount -t "$kind" -o "$options" cgroup "$at"
done <cgroups
mkdir devtmpfs
mount -t devtmpfs devtmpfs devtmpfs
# A /dev/kvm that is there and may not be used makes libvirt probe QEMU again at every look-up (15 s each).
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/net dev/pts dev/shm dev/mqueue
for n in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "net/tun 10 200"; do
  set -- $n
  mknod -m 666 "dev/$1" c "$2" "$3"
done
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
for n in $(seq 100); do ln -s "$PWD/devtmpfs/tap$n" "dev/tap$n"; done  # the kernel names a macvtap by its index
umount -lR /dev
mount --move dev /dev
mount --bind run /run
for at in etc/libvirt var/lib/libvirt var/cache/libvirt var/log/libvirt; do
  mkdir -p "$at" "/$at"
  mount --bind "$at" "/$at"
done
cp etc/libvirtd.conf etc/qemu.conf /etc/libvirt/
ip link set lo up
ip link add br-lab type bridge
ip link set br-lab up
exec >/dev/null 2>&1
virtlogd -d
libvirtd -d
while :; do sleep 3600 & wait $! || :; done  # the first process of a pid namespace reaps what libvirtd leaves
"""
OPENVSWITCH = r"""
set -eu
export OVS_RUNDIR=/run/openvswitch OVS_LOGDIR=/run/openvswitch
mkdir -p /run/openvswitch
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6  # a tap device would send what its guest then hears
ovsdb-tool create /run/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --pidfile --log-file --remote=punix:/run/openvswitch/db.sock /run/openvswitch/conf.db
ovs-vsctl --no-wait init
ovs-vswitchd --detach --pidfile --log-file
ovs-vsctl --timeout=20 add-br br-int -- set bridge br-int datapath_type=netdev \
  -- add-port br-int probe tag=10 -- set interface probe type=internal
ip address add 10.9.8.1/24 dev probe
ip link set probe up
"""
# Every public call about domains is in the log, so a test can prove that none of them writes.
LIBVIRTD_CONF = """
host_uuid = "5a17ab1e-0000-4000-8000-000000000001"
auth_unix_rw = "none"
log_level = 3
log_filters = "1:libvirt.domain"
log_outputs = "1:file:/var/log/libvirt/libvirtd.log"
"""
QEMU_CONF = 'security_driver = "none"\n'


@dataclass(frozen=True)
class Libvirtd:
    """A running libvirtd: where it is reached, and where its files are."""

    home: Path
    pid: int  #: of the process with which everything in its namespaces ends
    groups: list[Path]  #: its control groups

    @property
    def uri(self):
        return _uri(self.home)

    def calls(self):
        """Return the names of all domain calls so far, in order."""
        log = (self.home / "var/log/libvirt/libvirtd.log").read_text(errors="replace")
        return re.findall(r"debug : (vir\w+):\d+ : ", log)

    def crash(self):
        """Kill libvirtd alone; guests and their logs go on."""
        inside = next(pid for pid in pids_in(self.home) if Path(f"/proc/{pid}/comm").read_text() == "libvirtd\n")
        os.kill(inside, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{inside}").exists(), 20, "the end of libvirtd")

    def start(self):
        """Start libvirtd again where it was."""
        self.run("libvirtd", "-d")

    def run(self, *argv):
        """Run *argv* in the namespaces of this libvirtd; return whether it exits with 0."""
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run(self._inside(argv), timeout=30, check=False, **quiet).returncode == 0

    def out(self, *argv):
        """Run *argv* there; return what it prints."""
        return subprocess.run(self._inside(argv), timeout=30, check=True, capture_output=True, text=True).stdout

    def _inside(self, argv):
        init = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0]
        return cgroups.join(self.groups, ["nsenter", "-t", init, "-m", "-n", "-i", "-p", "-C", *argv])

    def openvswitch(self):
        """Start an Open vSwitch in user space beside it, with a bridge br-int and a port ``probe`` in VLAN 10."""
        assert self.run("bash", "-c", OPENVSWITCH)

    def kill(self):
        """End it like a power cut, with all its guests; none of them is left when this returns."""
        inside = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in inside), 20, "the end of libvirtd")


@contextmanager
def libvirtd(controllers=True):
    """Yield a ``Libvirtd`` that answers, which may see no *controllers*; end it and all it started on the way out."""
    home = _home()
    groups = cgroups.make(home.name)
    # setpriv: it dies with the test run even when that is killed; unshare: all its children die with it.
    unshare = ["unshare", "--mount", "--propagation", "private", "--net", "--ipc", "--pid", "--fork", "--kill-child"]
    argv = ["setpriv", "--pdeathsig", "KILL", *cgroups.root(groups, [*unshare, "bash", "-c", INIT, "init", str(home)])]
    (home / "cgroups").write_text("".join(f"{one}\n" for one in cgroups.hierarchies() if controllers))
    with (home / "init.log").open("wb") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(home, process)
        yield Libvirtd(home, process.pid, groups)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        _gone(home)
        cgroups.end(groups)


def _uri(home):
    return f"qemu+unix:///system?socket={home}/run/libvirt/libvirt-sock"


def _home():
    home = Path(tempfile.mkdtemp(prefix="lab-virt-", dir="/tmp"))  # short: a socket's path has 108 bytes
    home.chmod(0o755)  # QEMU runs as libvirt-qemu and has to get through
    for name in ("dev", "run", "etc", "var"):
        (home / name).mkdir()
    (home / "etc/libvirtd.conf").write_text(LIBVIRTD_CONF)
    (home / "etc/qemu.conf").write_text(QEMU_CONF)
    return home


def _wait(home, process, seconds=60):
    until(lambda: process.poll() is not None or _answers(home), seconds, f"libvirtd, see {home}/init.log")
    if process.poll() is not None:
        raise RuntimeError(f"libvirtd did not come up: {(home / 'init.log').read_text()[-500:]}")


def _answers(home):
    """Return whether libvirtd answers; its socket is there before anybody listens."""
    libvirt.registerErrorHandler(lambda *_: None, None)  # errors are raised; do not print them too
    try:
        libvirt.open(_uri(home)).close()
    except libvirt.libvirtError:
        return False
    return True


def _gone(home, seconds=20):
    """Remove *home* when the last process of its namespaces has ended."""
    until(lambda: not pids_in(home), seconds, f"the end of all that runs in {home}")
    shutil.rmtree(home)


def pids_in(home):
    """Return the ids of all processes in the namespaces of the libvirtd with that *home*."""
    pids = []
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and str(home) in Path(entry.path, "mountinfo").read_text():
                pids.append(int(entry.name))
        except OSError:
            continue
    return pids
