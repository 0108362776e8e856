"""What tests need of Debian and this repository does not have: fetched once, and kept beside the images."""

import os
import tempfile
from pathlib import Path


def once(name, fetch):
    """Return the directory *name*; where it is missing, *fetch* is called with an empty one, and returns what it is."""
    home = Path(os.environ.get("LAB_CACHE") or "/var/cache/saltext-lab") / name
    if not home.is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=home.parent) as work:
            fetch(Path(work)).rename(home)
    return home
