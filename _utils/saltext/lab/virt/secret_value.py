"""The value of a secret, from the place where it is kept."""

import base64
import binascii
import stat
from collections.abc import Mapping
from pathlib import Path

from saltext.lab.errors import BadWish, NotSafe, Refused

SOURCES = ("value_file", "value_pillar")


def value(source, at, usage, pillar):
    """
    Return the bytes that *source*, ``value_file`` or ``value_pillar``, has at *at*.

    Raises ``Refused``, ``NotSafe`` or ``BadWish`` naming the place, never the content.
    """
    text = _from_file(at) if source == "value_file" else _from_pillar(at, pillar)
    try:
        return base64.b64decode(text, validate=True) if usage == "ceph" else text.encode()
    except binascii.Error:
        raise BadWish(f"{source} {at} has no key of Ceph", "it is not base64", "see `ceph auth print-key`") from None


def _from_file(at):
    path = Path(at)
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise NotSafe(f"{at} holds a secret and is open to others than its owner", "", f"chmod 600 {at}")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise Refused(f"the value of a secret cannot be read from {at}", type(err).__name__) from None


def _from_pillar(at, pillar):
    found = pillar
    for key in at.split(":"):
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, str) or not found:
        raise BadWish(f"the pillar has no text at {at}", "", "state value_pillar as a:b:c")
    return found.strip()
