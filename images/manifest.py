"""What an image says of itself, for those that serve it."""

import hashlib
import json


def write(image, name, kernel, served):
    """Write ``manifest.json`` of image *name* with *kernel* into directory *image*; *served* are files of it."""
    told = {"name": name, "kernel": kernel, "served": served, "files": {file: _file(image / file) for file in served}}
    (image / "manifest.json").write_text(json.dumps(told, indent=2) + "\n")


def _file(path):
    with path.open("rb") as data:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(data, "sha256").hexdigest()}
