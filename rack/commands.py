"""What the commands of ``python -m rack`` do; each takes the parsed command line."""

import json
import os
import time
from pathlib import Path

import yaml

from rack import guest, inside
from rack.place import CHECKOUT, Place
from saltext.lab.errors import BadWish
from saltext.lab.power.rack import ask

BOOT = 120  # seconds; observed: 1 to 5


def up(command):
    from rack import life, topology  # noqa: PLC0415 (their libraries take 0.4 s, and `run` has no use for them)

    wired = topology.read(_spec(command), _sls())
    names = command.hosts or [wired.physical]
    for name in names:
        wired.host(name)
    place = Place(os.environ.get("RACK") or wired.name)
    had_disks = bool(place.hosts())
    if not life.up(wired, place, command.image):
        print(f"rack {place.instance} is up already; switch a host on with: rack power on HOST")
        return
    try:
        _boot(place, names, "on")
    except (KeyboardInterrupt, SystemExit):
        life.down(place, keep_disks=had_disks)
        raise


def down(command):
    from rack import life  # noqa: PLC0415 (see up)

    place = _place(command)
    life.down(place, command.keep_disks)
    print(f"rack {place.instance} is down")


def status(command):
    place = _place(command)
    hosts = inside.status(place)
    if command.json:
        print(json.dumps({"rack": place.instance, "hosts": hosts}))
        return
    for name, host in hosts.items():
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(host["since"]))
        print(f"{name:15} {host['power']:10} since {since}", f" pid {host['pid']}" if host["pid"] else "")


def power(command):
    place = _place(command)
    if command.switch == "on":
        _boot(place, [command.host], "plug")
    else:
        ask({"op": "unplug", "host": command.host}, place.socket)
        print(f"{command.host} is unplugged")


def run(command):
    if not (argv := command.argv[command.argv[:1] == ["--"] :]):
        raise BadWish(f"nothing to run on {command.host}", "", "rack run HOST -- CMD…")
    place = _place(command)
    if (spec := _vm_of(command, place)) is not None:
        return guest.run(place, spec, command.host, argv)
    return inside.become(place, command.host, argv)


def shell(command):
    place = _place(command)
    if (spec := _vm_of(command, place)) is not None:
        return guest.console(place, spec, command.host)
    return inside.become(place, command.host, ["bash", "-l"])


def _vm_of(command, place):
    """Return the spec when the command is for one of its VMs, else None."""
    if command.host in place.hosts():
        return None
    spec = _spec(command)
    return spec if command.host in spec.get("vms", {}) else None


def _boot(place, names, op):
    """Switch hosts on together, then wait for each and say how it went."""
    begin = time.monotonic()
    for name in names:
        ask({"op": op, "host": name}, place.socket)
    for name in names:
        ask({"op": "wait", "host": name, "seconds": BOOT}, place.socket, BOOT + 10)
        failed = inside.failed_units(place, name)
        how = f"degraded: {', '.join(failed)} failed" if failed else "running"
        print(f"{name} is {how}, after {time.monotonic() - begin:.1f} s", flush=True)


def _place(command):
    return Place(os.environ.get("RACK") or _spec(command)["name"])


def _sls():
    return os.environ.get("LAB", "demo")


def _spec(command):
    if not command.spec:
        from saltext.lab.spec import source  # noqa: PLC0415 (see up)

        return source.load(CHECKOUT / "pillar", _sls())
    try:
        return yaml.safe_load(Path(command.spec).read_text())["lab"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as err:
        raise BadWish(f"no spec in {command.spec}", f"{err!r}", "write a YAML file with the key lab") from err
