"""
What differs on a machine that runs from RAM, and overlays made of it: archives that lay the same over it at its boot.

The initramfs of the image ``ram`` takes them from the kernel command line, as ``lab.overlay=URL,SHA256``.

Configuration (minion or pillar): ``lab:image:upper`` and ``lab:image:lower`` are the directories of what was written
since the boot and of the image itself, by default those of the image ``ram``; ``lab:image:file`` is the archive.
"""

import base64
from pathlib import Path

from saltext.lab.errors import BadWish, Unreachable
from saltext.lab.images import layers, overlay, secret

FILE = "/run/lab-overlay.tar.gz"  # in memory, as all of such a machine
MOST = 256 << 10  #: bytes of one ``read``: with what is around them, they fit into an event of Salt's (max_event_size)


def differs(paths=("/",)):
    """
    Return ``take``, ``left`` and ``secrets`` at or below *paths*, a list: what ``commit`` of them would take.

    ``left`` is what an overlay cannot carry, ``secrets`` what it must not: both ``{name: why}``.  While there are
    secrets, ``commit`` refuses: name *paths* without.  Writes nothing.

    CLI Example:

    .. code-block:: bash

        salt web1 lab_image.differs '[/etc/motd, /srv/www]'
    """
    upper, take, left = _differing(paths)
    found = secret.among(upper, take)
    return {"take": [name for name in take if name not in found], "left": left, "secrets": found}


def commit(paths, file=None):
    """
    Make an overlay of what differs from the image at or below *paths*, a list, in *file* (lab:image:file) here.

    Returns its ``sha256`` and ``size``, what it has (``take``) and what it cannot carry (``left``).  The same
    differences make the same archive.  Raises ``NotSafe`` where there are secrets, ``BadWish`` where nothing differs.

    CLI Example:

    .. code-block:: bash

        salt web1 lab_image.commit '[/etc/motd, /srv/www]'
    """
    upper, take, left = _differing(paths)
    if not take:
        raise BadWish("there is nothing to commit", "all there is as in the image", "salt-call lab_image.differs")
    file = file or _at("file", FILE)
    return {"file": file, **overlay.pack(upper, take, Path(file)), "take": take, "left": left}


def read(offset=0, length=MOST):
    """
    Return up to *length* bytes of the overlay that ``commit`` made, from *offset* on, in base64; 256 KiB at the most.

    CLI Example:

    .. code-block:: bash

        salt web1 lab_image.read 0 1000
    """
    if offset < 0 or not 0 < length <= MOST:
        raise BadWish(f"{length} bytes from {offset} cannot be read", "", f"1 to {MOST} of them, from 0 or more")
    try:
        with open(_at("file", FILE), "rb") as file:
            file.seek(offset)
            return base64.b64encode(file.read(length)).decode()
    except FileNotFoundError as err:
        raise Unreachable("there is no overlay here", str(err), "make one: lab_image.commit") from err


def drop():
    """
    Remove the overlay that ``commit`` made, which takes memory here; return whether there was one.

    CLI Example:

    .. code-block:: bash

        salt web1 lab_image.drop
    """
    file = Path(_at("file", FILE))
    there = file.exists()
    file.unlink(missing_ok=True)
    return there


def _differing(paths):
    """Return the layer that has taken the writes, and what ``layers.differing`` says of it."""
    upper = Path(_at("upper", layers.UPPER))
    listed = paths.split(",") if isinstance(paths, str) else paths
    return upper, *layers.differing(listed, upper, Path(_at("lower", layers.LOWER)))


def _at(key, default):
    return __salt__["config.get"](f"lab:image:{key}", str(default))
