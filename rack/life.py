"""A rack comes up and goes down, also when it was left half up or half down."""

import asyncio
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import images
from rack import cgroup, daemon, install, nspawn, wires
from rack.undisturbed import undisturbed
from saltext.lab.errors import BadWish, Refused
from saltext.lab.wait import until

PACKAGES = {"systemd-nspawn": "systemd-container", "nsenter": "util-linux"}


def up(topology, place, image=None):
    """
    Return True when the rack is up now, every host off, and False when it was up already: then nothing is done.

    *image* is the root directory that new disks are installed on; without it, the image ``host``.
    """
    _require()
    lock = place.lock()
    if lock is None:
        return False
    had_disks = bool(place.hosts())
    try:
        with lock:  # the daemon holds on to it
            _clear(place)
            _prepare(topology, place, image)
            daemon.start(topology, place, _listen(place))
    except BaseException:
        down(place, keep_disks=had_disks)
        raise
    return True


def down(place, keep_disks=False):
    """Remove all of *place*, whatever is left of it, at once; with *keep_disks* the hosts' disks stay."""
    with until(lambda: _seize(place), 60, f"the end of rack {place.instance}", "look who builds it again and again"):
        _clear(place)
        for directory in [place.runtime] if keep_disks else [place.runtime, place.state]:
            if directory.exists():
                shutil.rmtree(directory)
            _rmdir_if_empty(directory.parent)
        wires.tidy()


def _require():
    for program, package in PACKAGES.items():
        if not shutil.which(program):
            raise Refused("a rack cannot be built", f"{program} is not installed", f"apt install {package}")


def _prepare(topology, place, image):
    for directory in (place.socket.parent, place.log("x").parent, place.enrolment("x").parent, place.state):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(not place.disk(name).exists() for name in topology.hosts):
        image = _root(image)
    with ThreadPoolExecutor() as pool:  # a key takes 0.1 s of a processor
        list(pool.map(lambda host: _install(topology, host, place, image), topology.hosts.values()))
    with undisturbed():
        asyncio.run(wires.switch(place.machine(), topology.mtu))


def _root(image):
    root = Path(image).resolve() if image else images.path("host") / "root"
    if not (root / "etc").is_dir():
        raise BadWish("hosts cannot be installed", f"{root} is no root directory", "python -m images build host")
    return root


def _install(topology, host, place, image):
    install.disk(topology, host, place.disk(host.name), image)
    install.enrol(host, place.disk(host.name), place.enrolment(host.name))


def _listen(place):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    place.socket.unlink(missing_ok=True)
    listener.bind(str(place.socket))
    listener.listen(16)
    return listener


def _seize(place):
    """Return the lock, or kill the daemon that has it; an ``up`` that has it hands it to a daemon."""
    lock = place.lock()
    if lock is None:
        cgroup.kill(cgroup.path(place.instance))
    return lock


def _clear(place):
    """End what runs and remove the wires; disks and files stay."""
    cgroup.end(cgroup.path(place.instance))
    for host in place.hosts():
        nspawn.tidy(place, host)
    with undisturbed():
        for name in [*map(place.machine, place.hosts()), place.machine()]:
            wires.remove(name)


def _rmdir_if_empty(directory):
    if directory.exists() and not any(directory.iterdir()):
        directory.rmdir()
