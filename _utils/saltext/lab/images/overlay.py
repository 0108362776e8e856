"""
An overlay: a gz tar of files that the initramfs of the image ``ram`` lays over its root before init runs.

The same files make the same archive, so its sha256, which goes on the kernel command line, says what is in it.
"""

import gzip
import hashlib
import tarfile

from saltext.lab.errors import NotSafe
from saltext.lab.images import secret

WHEN = 1748736000  # the time of everything in an archive, which is that of the images


def pack(root, names, file, public=()):
    """
    Write the files, links and directories *names* below directory *root* into the new archive *file*.

    Returns ``{"sha256", "size"}`` of it.  A directory is itself only: what is in it has to be named too.  Raises
    ``NotSafe``, before anything is written, when a secret is among them; *public* are names that are known to be none.
    """
    if found := secret.among(root, set(names).difference(public)):
        why = ", ".join(f"/{name} ({what})" for name, what in found.items())
        raise NotSafe("an overlay is no place for secrets", why, "name paths that do without; see docs/images.md")
    _write(root, sorted(set(names)), file)
    data = file.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def _write(root, names, file):
    with (
        file.open("wb") as out,
        gzip.GzipFile("", "wb", fileobj=out, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name in names:
            _add(archive, root / name, name)


def _add(archive, path, name):
    entry = archive.gettarinfo(path, name)
    entry.mtime, entry.uname, entry.gname = WHEN, "", ""
    if not entry.isreg():
        archive.addfile(entry)
        return
    with path.open("rb") as data:
        archive.addfile(entry, data)
