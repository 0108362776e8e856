"""Build, find and list the images: ``python -m images build|path|list``."""

import argparse
import signal
import sys
from datetime import datetime

from images import cache
from images.build import build
from saltext.lab.errors import LabError


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
    one.add_argument("name", choices=[*cache.NAMES, "all"])
    one.set_defaults(run=_build)
    one = commands.add_parser("path", help="print where an image is; never builds")
    one.add_argument("name", choices=cache.NAMES)
    one.set_defaults(run=lambda command: print(cache.path(command.name)))
    one = commands.add_parser("list", help="show every image in the cache")
    one.set_defaults(run=_list)
    return parser


def _build(command):
    for name in cache.NAMES if command.name == "all" else [command.name]:
        print(build(name), flush=True)


def _list(_):
    current = {cache.place(name).name for name in cache.NAMES}
    for where in sorted(cache.home().glob("[!.]*-*")):
        name, _, hashed = where.name.rpartition("-")
        size = sum(file.lstat().st_blocks for file in where.rglob("*")) * 512 >> 20
        when = datetime.fromtimestamp(where.stat().st_mtime).isoformat(" ", "minutes")
        print(f"{name:6} {hashed} {size:6} MiB  {when}  {'current' if where.name in current else 'old'}")


if __name__ == "__main__":
    sys.exit(main())
