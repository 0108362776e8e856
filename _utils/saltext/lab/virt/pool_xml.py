"""What the XML of a pool is called in a wish, and what a change of it means.  Pure."""

import re
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from saltext.lab.plan import LIVE, RECREATE, diff
from saltext.lab.virt.document import Group, Texts
from saltext.lab.virt.element import Value


def _host(node):
    name, port = node.get("name", ""), node.get("port")
    return name if port is None else f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def host_attributes(text):
    """Return name and port, if it has one, of a host as ``pool_model.Host`` has it."""
    name, port = text, None
    if found := re.fullmatch(r"\[(.+)\](?::(\d+))?|([^:]+):(\d+)", text):
        name, port = found[1] or found[3], found[2] or found[4]
    return {"name": name} | ({"port": port} if port else {})


AUTH = {
    "user": Value("source/auth", "username", new={"auth": {"type": "ceph"}}),
    "secret": Value("source/auth/secret", "usage", new={"auth": {"type": "ceph"}}, clear="source/auth/secret/@uuid"),
}
SOURCE = {
    "hosts": Texts("source", "host", _host, host_attributes),
    "dir": Value("source/dir", "path"),
    "name": Value("source/name"),
    "format": Value("source/format", "type"),
    "devices": Texts("source", "device", lambda node: node.get("path"), lambda path: {"path": path}),
    "auth": Group(AUTH),
}
POOL: dict[str, Any] = {"type": Value(".", "type"), "path": Value("target/path"), "source": Group(SOURCE)}


def blank(kind, name):
    """Return the XML of a pool *name* of type *kind* and nothing that nobody asked for."""
    root = ET.Element("pool", type=kind)
    ET.SubElement(root, "name").text = name
    ET.SubElement(root, "uuid").text = uuid(name)
    return ET.tostring(root, encoding="unicode")


def uuid(name):
    """Return the UUID that a pool *name* of ours is made with; known before it is there, so it can be marked first."""
    return str(uuid5(NAMESPACE_URL, f"https://saltext-lab/pool/{name}"))


def as_asked(actual, wish):
    """Return *actual*; of a pool that runs as in *wish* and would not when it is started again, what is defined."""
    return {name: _seen(known, wish.get(name)) for name, known in actual.items()}


def _seen(known, wish):
    if wish is None or "defined" not in known or any(diff(known, wish)):
        return known
    return {key: value for key, value in known.items() if key not in POOL} | known["defined"]


def impact(change, actual):
    """Return ``recreate`` for the type of a pool that is there, else ``live``: a pool that runs is started anew."""
    name, *rest = change.path
    return RECREATE if rest == ["type"] and name in actual else LIVE
