"""Run something on a host of the rack, as if logged in there."""

import os
import subprocess

from saltext.lab.errors import LabError, Refused, Unreachable
from saltext.lab.power.rack import ask

SPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--wdns=/root")
ENVIRONMENT = {
    "PATH": "/opt/salt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


def status(place):
    """Return ``{host: {"power", "since", "pid", "booted"}}``; raises ``Unreachable`` when the rack is not up."""
    try:
        return ask({"op": "status"}, place.socket)["hosts"]
    except Unreachable as err:
        raise Unreachable(f"rack {place.instance} is not up", err.why, ".venv/bin/rack up") from err


def pid(place, host):
    """Return the pid of the first process of *host*; raises a ``LabError`` when there is none."""
    hosts = status(place)
    if host not in hosts:
        raise Refused(f"there is no host {host}", f"rack {place.instance} has {', '.join(hosts)}")
    if not hosts[host]["pid"]:
        why, fix = f"its power is {hosts[host]['power']}", f".venv/bin/rack power on {host}"
        raise Refused(f"{host} is not on", why, fix)
    return hosts[host]["pid"]


def become(place, host, argv):
    """Replace this process by *argv* on *host*, so that its exit code and its signals are ours."""
    command = entering(place, host, argv)
    os.execvpe(command[0], command, environment())


def failed_units(place, host):
    """Return the names of the systemd units that have failed on *host*."""
    query = ["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--full"]
    argv = entering(place, host, query)
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        raise LabError(f"systemd on {host} does not answer", done.stderr.strip(), f".venv/bin/rack shell {host}")
    return [line.split()[0] for line in done.stdout.splitlines()]


def entering(place, host, argv):
    """Return the command that runs *argv* in all namespaces of *host*; raises as ``pid`` does."""
    return ["nsenter", f"--target={pid(place, host)}", *SPACES, "--", *argv]


def environment():
    """Return what a login has: none of this machine's variables."""
    return ENVIRONMENT | {"TERM": os.environ.get("TERM", "dumb")}
