"""
Read and write the secrets of libvirt.  No decisions are made here.

A value goes from its source into libvirt and nowhere else: what is returned, told or raised has only where it is kept.
"""

from typing import Any
from xml.etree import ElementTree as ET

import libvirt

from saltext.lab.errors import LabError
from saltext.lab.plan import LIVE, RECREATE
from saltext.lab.virt import batch, document
from saltext.lab.virt.element import Value
from saltext.lab.virt.link import doing
from saltext.lab.virt.secret_id import uuid
from saltext.lab.virt.secret_value import SOURCES, value

#: Where each usage has its name (libvirt, docs/formatsecret).
NAMED = {"ceph": "name", "volume": "volume"}
USAGES = {libvirt.VIR_SECRET_USAGE_TYPE_CEPH: "ceph", libvirt.VIR_SECRET_USAGE_TYPE_VOLUME: "volume"}
FIXED = {"usage", "cluster", "private"}
ANOTHER = "another value"
YES_NO: dict[str, Any] = {"load": lambda text: text == "yes", "dump": lambda value: "yes" if value else "no"}
SECRET = {"description": Value("description"), "private": Value(".", "private", **YES_NO)}


def read(here, wish=None):
    """
    Return all secrets of usage ceph or volume by name, without their values.

    *wish* is ``{name: {cluster, value_file, value_pillar}}``: ``cluster`` comes back where the UUID is the one derived
    from it, and the source of a value where libvirt has the value that is there, else ``another value`` or nothing.
    """
    ours, found = here.marks.all("secret"), {}
    with doing(here.conn, "list the secrets"):
        for name, secret in _all(here.conn).items():
            known = _read(secret, ours)
            found[name] = known | _as_asked(here, secret, known, (wish or {}).get(name) or {})
    return found


def write(here, changes):
    """Make *changes*; one that is refused does not stop the others, all refusals come in one error."""
    with doing(here.conn, "list the secrets"):
        found = _all(here.conn)
    batch.each("secrets", changes, lambda name, its: _change(here, name, found.get(name), its))


def impact(change, actual):
    """Return ``recreate`` for what a secret keeps for life, else ``live``."""
    name, *rest = change.path
    return RECREATE if name in actual and rest and rest[0] in FIXED else LIVE


def _all(conn):
    return {one.usageID(): one for one in conn.listAllSecrets() if one.usageType() in USAGES}


def _read(secret, ours):
    own, known = secret.UUIDString(), document.read(secret.XMLDesc(), SECRET)
    return known | {"usage": USAGES[secret.usageType()], "uuid": own, "adopt": own in ours}


def _as_asked(here, secret, known, asked):
    same = {}
    if "cluster" in asked and uuid(asked["cluster"], known["usage"], secret.usageID()) == known["uuid"]:
        same["cluster"] = asked["cluster"]
    for source in SOURCES:
        if source in asked:
            same[source] = _told(here, secret, known, (source, asked[source]))
    return same


def _told(here, secret, known, kept):
    """Return where the value is *kept* if libvirt has that one, None if it has none, else ``another value``."""
    if known["private"]:
        return kept[1] if (here.marks.get("secret", known["uuid"]) or {}).get("set") else None
    try:
        has = secret.value()
    except libvirt.libvirtError as err:
        if err.get_error_code() == libvirt.VIR_ERR_NO_SECRET:
            return None
        raise
    source, at = kept
    try:
        return at if has == value(source, at, known["usage"], here.pillar) else ANOTHER
    except LabError:
        return ANOTHER  # not there yet, or not usable: writing it says why


def _change(here, name, secret, changes):
    if batch.removed(changes):
        _remove(here, name, secret)
        return
    wish = batch.stated(changes)
    usage = wish.get("usage") or (USAGES[secret.usageType()] if secret else "ceph")
    values = [value(source, wish[source], usage, here.pillar) for source in SOURCES if source in wish]
    if secret is None or wish.keys() & SECRET.keys():
        secret = _define(here, name, secret, changes)
    if "adopt" in wish:
        (here.marks.put if wish["adopt"] else here.marks.drop)("secret", secret.UUIDString())
    for one in values:
        _set(here, name, secret, one)


def _define(here, name, secret, changes):
    with doing(here.conn, f"define secret {name}"):
        old = secret.XMLDesc() if secret else _blank(here, name, batch.stated(changes))
        return here.conn.secretDefineXML(document.write(old, SECRET, changes))


def _blank(here, name, wish):
    usage = wish.get("usage", "ceph")
    root = ET.Element("secret", ephemeral="no", private="no")
    ET.SubElement(root, "uuid").text = own = uuid(wish.get("cluster", ""), usage, name)
    ET.SubElement(ET.SubElement(root, "usage", type=usage), NAMED[usage]).text = name
    here.marks.put("secret", own)
    return ET.tostring(root, encoding="unicode")


def _set(here, name, secret, content):
    with doing(here.conn, f"set the value of secret {name}"):
        secret.setValue(content)
    if here.marks.get("secret", secret.UUIDString()) is not None:
        here.marks.put("secret", secret.UUIDString(), {"set": True})


def _remove(here, name, secret):
    if secret is None:  # gone since it was read
        return
    with doing(here.conn, f"remove secret {name}"):
        own = secret.UUIDString()
        secret.undefine()
    here.marks.drop("secret", own)
