"""Real daemons in a directory of their own, gone when the test ends."""

import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

from saltext.lab.wait import until

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
COMMON = ("--detach", "--no-chdir", "-vconsole:off", "--log-file")


@contextmanager
def daemon(pidfile, *argv, env=None):
    """Run *argv*, which detaches and writes *pidfile*; yield its pid, and end it on the way out."""
    subprocess.run(argv, env={**os.environ, **(env or {})}, check=True, timeout=20)
    pid = int(Path(pidfile).read_text())
    try:
        yield pid
    finally:
        end(pid)


def end(pid, how=signal.SIGTERM):
    """End process *pid* if it is still there, and wait until it is gone."""
    if is_alive(pid):
        os.kill(pid, how)
        until(lambda: not is_alive(pid), 10, f"the end of process {pid}")


def is_alive(pid):
    """Say whether *pid* runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def ovsdb(home):
    """Yield the address of a private OVSDB in directory *home*."""
    subprocess.run(["ovsdb-tool", "create", home / "conf.db", SCHEMA], env=_ovs_env(home), check=True, timeout=20)
    with ovsdb_server(home) as address:
        subprocess.run(["ovs-vsctl", "--no-wait", f"--db={address}", "init"], check=True, timeout=20)
        yield address


@contextmanager
def ovsdb_server(home):
    """Serve the OVSDB that is in directory *home* already; yield its address."""
    address = f"unix:{home}/db.sock"
    server = ("ovsdb-server", *COMMON, f"--pidfile={home}/db.pid", f"--remote=p{address}", home / "conf.db")
    with daemon(home / "db.pid", *server, env=_ovs_env(home)):
        yield address


@contextmanager
def vswitchd(home, *options, before=()):
    """Run ovs-vswitchd on the OVSDB in *home*; yield its pid.  *before* is a prefix of its command."""
    argv = (*before, "ovs-vswitchd", *COMMON, f"--pidfile={home}/sw.pid", *options, f"unix:{home}/db.sock")
    with daemon(home / "sw.pid", *argv, env=_ovs_env(home)) as pid:
        yield pid


@contextmanager
def ovs(home):
    """Yield the address of a private OVSDB with a vswitchd that needs no kernel module and touches no network."""
    with ovsdb(home) as address, vswitchd(home, "--enable-dummy=override"):
        yield address


def _ovs_env(home):
    return {**os.environ, **{f"OVS_{name}DIR": str(home) for name in ("RUN", "LOG", "DB", "SYSCONF")}}
