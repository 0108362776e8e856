"""What an image says of itself, for those that serve it."""

import hashlib
import json


def write(image, name, kernel, served, **about):
    """Write ``manifest.json`` of image *name* with *kernel* into directory *image*; *served* are files of it."""
    told = {"name": name, **about, "kernel": kernel}
    told |= {"served": served, "files": {file: _file(image / file) for file in served}}
    (image / "manifest.json").write_text(json.dumps(told, indent=2) + "\n")


def versions(tree):
    """Return which Debian and which Salt are in directory *tree*."""
    salt = next(tree.glob("opt/salt/lib/*/*/salt-*.dist-info")).stem.removeprefix("salt-")
    return {"debian": (tree / "etc/debian_version").read_text().strip(), "salt": salt}


def _file(path):
    with path.open("rb") as data:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(data, "sha256").hexdigest()}
