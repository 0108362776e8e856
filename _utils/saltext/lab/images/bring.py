"""Bring an overlay from the machine that it was made on to the directory where the master has its images."""

import base64
import hashlib
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from saltext.lab.errors import BadWish, NotConverged, NotSafe

NAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOME = "/srv/images/overlays"
CHUNK = 256 << 10  #: bytes, as many as ``lab_image.read`` gives at once
LIMIT = 64  #: MiB; an overlay is in the memory of whoever boots it, and a quarter of a second for each MiB to bring


def bring(call, node, paths, name, home=HOME, limit=LIMIT):  # noqa: PLR0913, PLR0917
    """
    Make an overlay of what differs on *node* at or below *paths*, and put it into *home* as ``NAME.tar.gz``.

    ``call(function, *arguments, **options)`` calls an execution function on *node*.  Returns what ``NAME.json`` says
    then: ``sha256``, ``size``, ``from``, ``when``, with ``take`` and ``left``.  What was there before stays until all
    of the new one is there and right.  Raises ``NotSafe`` for more than *limit* MiB, ``NotConverged`` for a wrong hash.
    """
    named(name)
    _sync(call)
    made = call("lab_image.commit", paths)
    try:
        if made["size"] > limit << 20:
            what, fix = (
                f"the overlay of {node} has {made['size'] / (1 << 20):.0f} MiB",
                "name fewer paths, or limit_mib",
            )
            raise NotSafe(what, f"more than {limit}, and whoever boots it has it in memory", fix)
        told = {"sha256": made["sha256"], "size": made["size"], "from": node, "when": _now()}
        keep(Path(home), name, _chunks(call, made["size"]), told)
    finally:
        call("lab_image.drop")
    return told | {"take": made["take"], "left": made["left"]}


def named(name):
    """Raise ``BadWish`` where *name* cannot be that of an overlay."""
    if not re.fullmatch(NAME, name):
        raise BadWish(f"an overlay cannot be called {name}", "", "letters, digits and dashes: a machine's or a class's")


def _sync(call):
    """Have our modules on the machine, for the image ``ram`` has none; once it ends they are loaded."""
    for kind in ("utils", "modules"):
        call(f"saltutil.sync_{kind}", refresh=False)
    call("saltutil.refresh_modules", **{"async": False})  # waits, where a refresh by sync_modules would not


def _chunks(call, size):
    for offset in range(0, size, CHUNK):
        yield base64.b64decode(call("lab_image.read", offset, CHUNK))


def keep(home, name, chunks, told):
    """Put what *chunks* yields, and *told*, in their places; not before they are whole."""
    home.mkdir(parents=True, exist_ok=True)
    new, digest = home / f".{name}.new", hashlib.sha256()
    try:
        with new.open("wb") as out:
            for data in chunks:
                digest.update(data)
                out.write(data)
        if digest.hexdigest() != told["sha256"]:
            what, why = f"{name} did not arrive as it was sent", f"sha256 {digest.hexdigest()}, not {told['sha256']}"
            raise NotConverged(what, why, "call it again: did somebody else commit there meanwhile?")
        os.replace(new, home / f"{name}.tar.gz")
        new.write_text(json.dumps(told, indent=2) + "\n")
        os.replace(new, home / f"{name}.json")
    finally:
        new.unlink(missing_ok=True)


def _now():
    return datetime.now(UTC).isoformat(timespec="seconds")
