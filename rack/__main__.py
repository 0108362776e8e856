"""Simulate the hosts of a lab on this machine: real systemd in containers, real wires, a power button each."""

import argparse
import os
import signal
import sys

from rack import commands
from saltext.lab.errors import LabError, Refused

CANNOT_RUN = 125  # as docker run: not an exit code of the command itself


def main(argv=None):
    """Return the exit code of one command: 0, or 1 (``run``: 125) with one line of what, why and how to go on."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # like Ctrl-C, it leaves nothing half
    command = _parser().parse_args(argv)
    try:
        if os.geteuid():
            raise Refused("a rack cannot be used", "namespaces and mounts are for root only", "use sudo")
        return command.run(command) or 0
    except LabError as err:
        print(err, file=sys.stderr)
        return CANNOT_RUN if command.run in (commands.run, commands.shell) else 1
    except KeyboardInterrupt:
        return 130


def _parser():
    parser = argparse.ArgumentParser(prog="rack", description=__doc__, epilog="$RACK names the rack, $LAB the lab.")
    parser.add_argument("--spec", metavar="FILE", help="YAML file with the key lab, instead of $LAB in pillar/")
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    up = _add(group, commands.up, "build the rack and boot hosts: by default the physical master")
    up.add_argument("hosts", nargs="*", metavar="HOST")
    up.add_argument("--image", metavar="DIR", help="root directory to install hosts on, instead of images' host")
    down = _add(group, commands.down, "end everything and remove it, disks too")
    down.add_argument("--keep-disks", action="store_true")
    _add(group, commands.status, "show the hosts' power").add_argument("--json", action="store_true")
    power = _add(group, commands.power, "put a host's plug in and switch it on, or pull its plug")
    power.add_argument("switch", choices=["on", "off"])
    power.add_argument("host", metavar="HOST")
    _add(group, commands.shell, "log in to a host, or open the console of a VM").add_argument("host", metavar="HOST")
    run = _add(group, commands.run, "run a command on a host or VM; its exit code is ours")
    run.add_argument("host", metavar="HOST")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD…")
    return parser


def _add(group, run, what):
    one = group.add_parser(run.__name__, help=what, description=what)
    one.set_defaults(run=run)
    return one


if __name__ == "__main__":
    sys.exit(main())
