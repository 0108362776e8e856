"""Secrets that stand in a spec as they are, for everybody who reads the file.  Pure."""

import re

from saltext.lab.mistake import Mistake, named

#: The last word of a key whose value is a secret; `key` by itself is as often the name of something.
SECRET = re.compile(
    r"^(.*[_-])?(password|passwd|passphrase|secret|token|(private|secret|api|access|auth)[_-]?key)$", re.I
)
#: A value that is none: where it is, what it is called, or what anybody may see.
PUBLIC = re.compile(r"^(/|salt://|https?://|ssh-|ecdsa-|sk-|-----BEGIN (PUBLIC|CERT)|.{0,3}$)")
SEALED = "-----BEGIN PGP MESSAGE-----"
FIX = "encrypt it with `gpg --armor --encrypt` for the key of the master, and begin the file with #!jinja|yaml|gpg"
MEANT = "or name the path in lab:plain if anybody may know it"


def plain(spec, places):
    """Return a mistake for each secret that stands in a file as it is, and for each that nobody has decrypted."""
    meant = spec.get("plain") if isinstance(spec, dict) else None
    meant = {one for one in meant if isinstance(one, str)} if isinstance(meant, list) else set()
    return [one for path, value in _secrets(spec) if (one := _mistake(path, value, places, meant))]


def _mistake(path, value, places, meant):
    if SEALED in value:
        return Mistake(path, " is encrypted, and nobody decrypts it: begin the file with #!jinja|yaml|gpg")
    if ":".join(path) in meant or PUBLIC.match(value.strip()) or not places.written(path, value):
        return None
    return Mistake(path, f" is a secret in plain text: {FIX}, {MEANT}")


def _secrets(spec):
    """Yield ``(path, text)`` of what its key, or its place, calls a secret."""
    for part, key, into in PLACES:
        entries = spec.get(part) if isinstance(spec, dict) else None
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            value = entry.get(key) if key and isinstance(entry, dict) else entry
            yield from into(("lab", part, named(name), *([key] if key else [])), value)


def _below(path, data):
    if isinstance(data, dict):
        for key, value in data.items():
            its = (*path, named(key))
            yield from _text(its, value) if SECRET.match(named(key)) else _below(its, value)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _below((*path, str(number)), value)


def _text(path, value):
    if isinstance(value, str):
        yield path, value
    else:
        yield from _below(path, value)


#: Part of the lab, the key in each of its entries if it is not all of it, and what looks there.
PLACES = (("secrets", "value", _text), ("logins", None, _below), ("classes", "data", _below), ("vms", "data", _below))
