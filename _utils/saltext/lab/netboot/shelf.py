"""The images that a master has: ``NAME/manifest.json`` is the current version, ``NAME.former/`` the one before."""

import json
from pathlib import Path

from saltext.lab.errors import Unreachable
from saltext.lab.netboot.versions import version

ROOT = "/srv/images"
FORMER = ".former"


def read(names, root=ROOT):
    """
    Return ``{image: [Version]}`` of those of *names* that are below directory *root*, the current one first.

    Raises ``Unreachable`` for a manifest that cannot be read.
    """
    found = {name: [_version(Path(root), at) for at in (name, name + FORMER)] for name in names}
    return {name: there for name, of in found.items() if (there := [one for one in of if one])}


def _version(root, at):
    file = root / at / "manifest.json"
    try:
        return version(at, json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as err:
        raise Unreachable(f"{file} is no manifest of an image", str(err), "python -m images build all") from err
