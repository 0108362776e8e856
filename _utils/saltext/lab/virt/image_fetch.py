"""Images from a file or a URL: never used before their hash was seen to be right."""

import hashlib
import http.client
import json
import os
import tempfile
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

from saltext.lab.command import run
from saltext.lab.errors import Refused, Unreachable

CACHE = "/var/cache/saltext-lab/images"
CHUNK = 1 << 20
#: Seconds without a byte; a download may take as long as it moves.
SILENCE = 30
#: Seconds for qemu-img; a disk of 100 GiB at 30 MB/s.
CONVERSION = 3600


class _NoOtherSchemes(urllib.request.HTTPRedirectHandler):
    """A server may send us on, but not to ftp: nor from https: down to http:."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # noqa: PLR0913, PLR0917 (urllib's)
        if not newurl.startswith("https:" if req.full_url.startswith("https:") else ("http:", "https:")):
            raise urllib.error.URLError(f"it sends us on to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(source, sha256, cache=CACHE):
    """
    Return the path of a file in *cache* whose SHA-256 is *sha256*, fetched from *source* if it is not there.

    What is there is hashed again before it is used.  Raises ``Refused`` for another hash, and leaves nothing of it
    behind; ``Unreachable`` when *source* cannot be read.
    """
    kept = Path(cache, sha256)
    if kept.exists():
        with kept.open("rb") as file:
            if _copy(file, None) == sha256:
                return kept
        kept.unlink()
    kept.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, prefix=".") as work:
        with _reaching(source), _open(source) as file:
            seen = _copy(file, work)
        if seen != sha256:
            raise Refused(
                f"{source} is not what was asked for", f"its SHA-256 is {seen}, not {sha256}", "correct sha256"
            )
        work.flush()
        os.fsync(work.fileno())
        with suppress(FileExistsError):  # somebody else fetched the same meanwhile
            os.link(work.name, kept)  # the temporary name goes with the block
    return kept


@contextmanager
def converted(path, source_format, target_format):
    """
    Yield the path of a file with the image at *path* in *target_format*, gone afterwards if it had to be made.

    Formats are stated, never guessed: a raw image may begin like a qcow2 one that names any file of this host as its
    backing.  Raises ``Refused`` for an image that needs another file.
    """
    told = json.loads(run("qemu-img", "info", "--output=json", "-f", source_format, path))
    if below := told.get("full-backing-filename") or told.get("backing-filename"):
        raise Refused(f"image {path.name} needs another file", f"it is a difference to {below}", "flatten it first")
    if source_format == target_format:
        yield path
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as work:
        target = Path(work, "image")
        run("qemu-img", "convert", "-f", source_format, "-O", target_format, path, target, timeout=CONVERSION)
        yield target


def size(path, image_format):
    """Return the size in bytes of the disk that the image at *path* holds."""
    return json.loads(run("qemu-img", "info", "--output=json", "-f", image_format, path))["virtual-size"]


def _copy(file, work):
    """Return the SHA-256 of *file*, copied to *work* on the way; nothing but zeros becomes a hole."""
    seen = hashlib.sha256()
    while chunk := file.read(CHUNK):
        seen.update(chunk)
        if work and chunk.count(0) < len(chunk):
            work.write(chunk)
        elif work:
            work.seek(len(chunk), os.SEEK_CUR)
    if work:
        work.truncate()
    if left := getattr(file, "length", 0):  # what an HTTP response still owes; read(n) keeps silent about it
        raise OSError(f"it broke off {left} bytes before its end")
    return seen.hexdigest()


def _open(source):
    if source.startswith("/"):
        return open(source, "rb")
    return urllib.request.build_opener(_NoOtherSchemes).open(source, timeout=SILENCE)


@contextmanager
def _reaching(source):
    try:
        yield
    except (OSError, http.client.HTTPException) as err:  # an URLError is an OSError
        raise Unreachable(
            f"{source} cannot be read", getattr(err, "reason", None) or err, "look at the source"
        ) from err
