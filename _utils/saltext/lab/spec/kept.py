"""Where the master keeps how its lab stands: one small file, read by all who compile the spec."""

from pathlib import Path

from saltext.lab.errors import Refused
from saltext.lab.files import replace
from saltext.lab.spec import standing

FILE = "/var/lib/saltext-lab/standing.json"  #: unless `lab: {standing: …}` of the master's configuration says otherwise


def file(opts):
    """Return its ``Path`` on the master with the configuration *opts*."""
    return Path(opts["lab"].get("standing", FILE))


def read(opts):
    """Return the ``Standing`` that is kept there, the empty one where none is; raises ``Refused`` for a torn one."""
    try:
        text = file(opts).read_text(encoding="utf-8")
    except FileNotFoundError:
        return standing.NOTHING
    except (OSError, UnicodeDecodeError) as err:
        raise Refused(f"{file(opts)} cannot be read", str(err), "bring back a copy") from err
    return standing.parse(text, file(opts))


def write(opts, now):
    """Keep the ``Standing`` *now* in its place."""
    text = standing.text(now)
    if not file(opts).exists() or standing.text(read(opts)) != text:
        replace(file(opts), text)
