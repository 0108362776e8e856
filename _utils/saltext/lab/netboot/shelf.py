"""
What a master has below its images.

``NAME/manifest.json`` tells of the current version of image NAME, ``NAME.former/manifest.json`` of the one before;
``overlays/NAME.json`` of the overlay ``overlays/NAME.tar.gz``.
"""

import json
from pathlib import Path

from saltext.lab.errors import Unreachable
from saltext.lab.netboot.versions import Stock, version

ROOT = "/srv/images"
FORMER = ".former"


def read(images, overlays, root=ROOT):
    """
    Return the ``Stock`` of those of *images* and *overlays*, names, that are below directory *root*.

    Raises ``Unreachable`` for a manifest that cannot be read.
    """
    found = {name: [_version(Path(root), at) for at in (name, name + FORMER)] for name in images}
    there = {name: [one for one in of if one] for name, of in found.items()}
    tars = {name: _json(Path(root) / "overlays" / f"{name}.json", lambda told: told["sha256"]) for name in overlays}
    return Stock(
        {name: of for name, of in there.items() if of}, {name: sha256 for name, sha256 in tars.items() if sha256}
    )


def _version(root, at):
    return _json(root / at / "manifest.json", lambda manifest: version(at, manifest))


def _json(file, understood):
    """Return ``understood(what file says)``, or None where there is no such file."""
    try:
        return understood(json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise Unreachable(f"{file} cannot be understood", str(err), "build it anew: see docs/images.md") from err
