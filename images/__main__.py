"""Images, overlays and sticks: ``python -m images build|path|list|check|prune|overlay|stick``."""

import argparse
import signal
import sys
from pathlib import Path

from images import cache, packages
from images.build import build
from images.check import check
from images.versions import remove, versions
from saltext.lab.errors import LabError, NotConverged
from saltext.lab.images import bring
from saltext.lab.spec import source
from saltext.lab.stick.write import write

CHECKOUT = Path(__file__).parents[1]


def main(argv=None):
    """Return the exit code of one command: 0, or 1 with one line that says what, why and how to go on."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as with Ctrl-C, the workshop is cleared away
    command = _parser().parse_args(argv)
    try:
        command.run(command)
    except LabError as err:
        print(err, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("build", help="build what is missing and print where it is")
    one.add_argument("names", nargs="+", choices=[*cache.NAMES, "all"], metavar="NAME")
    one.set_defaults(run=_build)
    one = commands.add_parser("path", help="print where an image is; never builds")
    one.add_argument("name", choices=cache.NAMES)
    one.set_defaults(run=lambda command: print(cache.path(command.name)))
    one = commands.add_parser("list", help="show every image in the cache, and the disks of racks that use it")
    one.set_defaults(run=_list)
    one = commands.add_parser("check", help="build once more and compare; nothing is kept")
    one.add_argument("name", choices=cache.NAMES)
    one.set_defaults(run=_check)
    one = commands.add_parser("prune", help="remove old versions by their names; without names, say which could go")
    one.add_argument("versions", nargs="*", metavar="VERSION", help="such as ram-0123456789ab")
    one.set_defaults(run=_prune)
    one = commands.add_parser("overlay", help="make an overlay of Debian packages, for machines that boot image ram")
    one.add_argument("name", help="of the overlay: a class's, a machine's, or one that the spec names")
    one.add_argument("--packages", required=True, type=lambda text: text.split(","), metavar="A,B")
    one.add_argument("--to", default=bring.HOME, help="directory of overlays; %(default)s")
    one.set_defaults(run=_overlay)
    one = commands.add_parser("stick", help="write the first seed of a lab to a new file; bring it onto a stick by dd")
    one.add_argument("lab", metavar="LAB", help="its SLS in pillar/, such as stick")
    one.add_argument("file", metavar="FILE", type=Path)
    one.set_defaults(run=_stick)
    return parser


def _build(command):
    for name in cache.NAMES if "all" in command.names else command.names:
        print(build(name), flush=True)


def _list(_):
    for version in versions():
        _show(version)


def _show(version):
    when = version.built.isoformat(" ", "minutes")
    users = f"  used by {', '.join(version.users)}" if version.users else ""
    print(f"{version.where.name:18} {version.size >> 20:5} MiB  {when}  {version.role}{users}")


def _check(command):
    if different := check(command.name):
        what = f"two builds of {command.name} differ in {len(different)} files"
        raise NotConverged(what, ", ".join(different[:20]), "build anew if packages became newer meanwhile")
    print(f"two builds of {command.name} are the same")


def _overlay(command):
    made = packages.make(command.name, command.packages, command.to)
    what = ", ".join(f"{package} {version}" for package, version in made["packages"].items())
    print(f"{command.to}/{command.name}.tar.gz: {made['size']} bytes, {what}")


def _prune(command):
    for name in command.versions:
        remove(name)
    if not command.versions:
        for version in versions():
            if version.role == "old" and not version.users:
                _show(version)


def _stick(command):
    size = write(command.file, source.load(CHECKOUT / "pillar", command.lab), command.lab, CHECKOUT, build)
    print(f"{command.file}  {size >> 20} MiB")


if __name__ == "__main__":
    sys.exit(main())
