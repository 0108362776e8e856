"""How a host becomes a container: the command, and what nspawn tells while it boots."""

import asyncio
import shutil
import socket
from contextlib import contextmanager, suppress
from pathlib import Path

import images
from rack.place import CHECKOUT
from saltext.lab.errors import Unreachable

REBOOT = 133  # what nspawn --keep-unit exits with when the host reboots itself (EXIT_FORCE_RESTART in its source)
SPOOL = Path("/run/systemd/nspawn/propagate")  # what a killed nspawn leaves here is in nobody's way but ours
#: Joins a control group first: afterwards is too late, nspawn has put its children elsewhere by then.
JOIN = ("sh", "-ec", 'echo $$ >"$0"; exec "$@"')


def command(topology, host, place):
    """Return the command line that boots *host* from its disk."""
    disk = place.disk(host.name)
    image = str((disk / "image").readlink())
    overlay = ":".join(_escaped(part) for part in (image, disk / "upper", "/"))
    shares = [f"--bind-ro={_escaped(here)}:{there}" for here, there in binds(topology, host, place)]
    return [
        *("systemd-nspawn", "--quiet", "--boot", f"--directory={image}", f"--overlay={overlay}"),
        *("--register=no", "--keep-unit", "--notify-ready=yes", "--console=pipe", "--capability=all"),
        *(f"--machine={place.machine(host.name)}", f"--hostname={host.name}", f"--uuid={host.uuid}"),
        *("--resolv-conf=off", "--timezone=off", "--link-journal=no", "--bind=/dev/net/tun"),
        *(f"--network-namespace-path=/run/netns/{place.machine(host.name)}", *shares),
    ]


def binds(topology, host, place):
    """Yield ``(directory here, directory there)`` of what *host* may read of this machine."""
    if host.name in topology.masters:
        yield CHECKOUT, "/srv/lab"
    if host.name == topology.physical:
        yield place.runtime, "/run/rack"
        for name in ("ram", "grub"):
            with suppress(Unreachable):  # it has not been built, and who wants to boot from it will be told so
                yield images.path(name), f"/srv/images/{name}"


def environment(place, host):
    """Return the environment of nspawn."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",  # else, beside cgroup v1: "Failed to create v1 controller cpu"
        "SYSTEMD_NSPAWN_LOCK": "0",  # all hosts share one image, which none of them changes
        "NOTIFY_SOCKET": str(place.notify(host.name)),
    }


@contextmanager
def notified(path, tell):
    """Call *tell* with each ``KEY=value`` that nspawn, and systemd in it, send to the socket *path* (sd_notify(3))."""

    def hear():
        for line in ear.recv(65536).decode().splitlines():
            tell(*line.partition("=")[::2])

    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ear:
        path.unlink(missing_ok=True)
        ear.bind(str(path))
        loop.add_reader(ear, hear)
        try:
            yield
        finally:
            loop.remove_reader(ear)
            path.unlink(missing_ok=True)


def tidy(place, host):
    """Remove what an nspawn that was killed did not: its spool and the overlay's work directory."""
    spool = SPOOL / place.machine(host)
    if spool.exists():
        spool.rmdir()
    for work in place.disk(host).glob(".#upper*"):
        shutil.rmtree(work)


def _escaped(path):
    return str(path).replace("\\", "\\\\").replace(":", "\\:")
