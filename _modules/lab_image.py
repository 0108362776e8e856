"""
What differs on a machine that runs from RAM, and overlays made of it: archives that lay the same over it at its boot.

The initramfs of the image ``ram`` takes them from the kernel command line, as ``lab.overlay=URL,SHA256``.
"""

from pathlib import Path

from saltext.lab.errors import BadWish
from saltext.lab.images import layers, overlay, secret

FILE = "/run/lab-overlay.tar.gz"  # in memory, as all of such a machine


def differs(paths=("/",)):
    """
    Return ``take``, ``left`` and ``secrets`` at or below *paths*, a list: what ``commit`` of them would take.

    ``left`` is what an overlay cannot carry, ``secrets`` what it must not: both ``{name: why}``.  While there are
    secrets, ``commit`` refuses: name *paths* without.  Writes nothing.

    CLI Example:

    .. code-block:: bash

        salt web1 lab_image.differs '[/etc/motd, /srv/www]'
    """
    take, left = layers.differing(_list(paths))
    found = secret.among(layers.UPPER, take)
    return {"take": [name for name in take if name not in found], "left": left, "secrets": found}


def commit(paths, file=FILE):
    """
    Make an overlay of what differs from the image at or below *paths*, a list, in *file* on this machine.

    Returns its ``sha256`` and ``size``, what it has (``take``) and what it cannot carry (``left``).  The same
    differences make the same archive.  Raises ``NotSafe`` where there are secrets, ``BadWish`` where nothing differs.

    CLI Example:

    .. code-block:: bash

        salt web1 lab_image.commit '[/etc/motd, /srv/www]'
    """
    take, left = layers.differing(_list(paths))
    if not take:
        raise BadWish("there is nothing to commit", "all there is as in the image", "salt-call lab_image.differs")
    return {"file": file, **overlay.pack(layers.UPPER, take, Path(file)), "take": take, "left": left}


def _list(paths):
    return paths.split(",") if isinstance(paths, str) else paths
