"""The versions of an image that the suite built, as its ``manifest.json`` tells them.  Pure."""

import hashlib
from typing import NamedTuple

#: What machines fetch of the image ``ram``; its ``initrd.img`` is for those that boot files of their host.
SERVED = ("vmlinuz", "initrd-net.img", "root.sqfs")


class Version(NamedTuple):
    """One version of an image: *id* follows from its files, *at* is where the master has it below its images."""

    id: str
    at: str
    kernel: str
    sha256: dict[str, str]  #: of each file, by name


class Stock(NamedTuple):
    """What a master has for machines that boot: versions of each image, the current one first, and overlays."""

    images: dict[str, list[Version]] = {}
    overlays: dict[str, str] = {}  #: the sha256 of each, by name


def version(at, manifest):
    """Return the ``Version`` that *manifest*, the dict in a ``manifest.json``, tells of the directory *at*."""
    files = manifest["files"]
    sha256 = {name: files[name]["sha256"] for name in manifest["served"]}
    digest = hashlib.sha256("".join(sha256.values()).encode()).hexdigest()
    return Version(digest[:12], at, manifest["kernel"], sha256)
