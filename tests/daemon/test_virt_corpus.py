"""
libvirt's own XML through the table: what it does not know stays, and each field touches what it owns and no more.

The documents are those that libvirt's own tests define, and what libvirt prints of them here.
"""

import re
from collections import Counter
from contextlib import suppress
from xml.etree import ElementTree as ET

import libvirt
import pytest

from saltext.lab.plan import diff
from saltext.lab.virt import document, element, mark, network_xml, pool_xml, seen, table, volume_xml, xml
from tests.support import corpus
from tests.support.domain_values import VALUES
from tests.support.domains import ALL_XML, MAC, OTHER_MAC

#: Where libvirt's tests keep domains, and how many there are at least.
FOLDERS = {"qemuxml2argvdata": 1000, "qemuxml2xmloutdata": 600, "genericxml2xmlindata": 50, "domainschemadata": 10}
OTHERS = {
    "network": ("networkxml2xmlin", network_xml.NETWORK),
    "pool": ("storagepoolxml2xmlin", pool_xml.POOL),
    "volume": ("storagevolxml2xmlin", volume_xml.VOLUME),
}


@pytest.fixture(scope="module")
def documents():
    """All domains that libvirt's tests have, by folder and name."""
    its = {folder: corpus.documents(folder, "domain") for folder in FOLDERS}
    found = {f"{folder}/{name}": text for folder in FOLDERS for name, text in its[folder].items()}
    assert Counter(name.split("/")[0] for name in found) >= Counter(FOLDERS)
    return found


def canonical(text):
    return ET.canonicalize(text, strip_text=True, rewrite_prefixes=True)


def test_what_is_read_and_not_wished_otherwise_is_written_as_it_was(documents):
    for name, text in documents.items():
        xml.read(text)
        assert canonical(xml.write(text, [])) == canonical(text), name


@pytest.mark.parametrize("kind", OTHERS)
def test_so_is_all_else_that_libvirt_has(kind):
    folder, its = OTHERS[kind]
    texts = corpus.documents(folder, kind)

    assert len(texts) > 20
    for name, text in texts.items():
        document.read(text, its)
        assert canonical(document.write(text, its, [])) == canonical(text), name


#: For fields of a domain the paths that each owns, where they are not the one in the table; keys are in brackets.
OWNS = {
    **dict.fromkeys(("adopt", "spec", "spec_hash", "start_order"), "metadata/{.*}domain"),
    **dict.fromkeys(("memory_mib", "memory_max_mib"), "memory|currentMemory"),
    **dict.fromkeys(("vcpus", "vcpus_max", "cpuset"), "vcpu|vcpus"),
    "cpu_model": "cpu|cpu/model",
    "cpu_features": r"cpu|cpu/feature\[(svm|vmx)\]",
    "firmware": "os|os/loader|os/firmware|os/nvram|features/smm",
    "tpm": "devices/tpm",
    "boot": r"os/boot|devices/[^/]+/boot",
    "shared_memory": "memoryBacking/access|memoryBacking/source",
    "pcie_ports": r"devices/controller\[pcie-root(-port)?\]",
    "nics": rf"devices/interface\[({MAC}|{OTHER_MAC})\]",
    "disks": r"devices/disk\[vd[ab]\]",
    "filesystems": r"devices/filesystem\[share\]",
    "hostdevs": r"devices/hostdev\[(usb|pci)\]",
    "smbios": r"sysinfo\[smbios\]/(bios|system|chassis)|os/smbios",
    "oem_strings": r"sysinfo\[smbios\]/oemStrings|os/smbios",
    "fw_cfg": r"sysinfo\[fwcfg\]/entry\[opt/[ab]\]",
    "serial": r"devices/serial|devices/console\[(serial)?\]",
    "serial_log": "devices/serial|devices/serial/log",
    "agent": r"devices/channel\[org.qemu.guest_agent.0\]",
    "tune": "cputune/(shares|period|quota)|memtune/(hard_limit|soft_limit)|blkiotune/weight",
    "xml": "metadata/{.*}domain|devices/sound|features/hap",
}
#: What follows when a field is written: the CPUs there are, what is tried first, what the mark holds.
FOLLOWS = {
    "memory_mib": {"memory_max_mib"},
    "memory_max_mib": {"memory_mib"},
    "vcpus": {"vcpus_max"},
    "vcpus_max": {"vcpus"},
    "cpuset": {"vcpus", "vcpus_max"},
    "firmware": {"nvram"},
    "boot": {"nics", "disks", "hostdevs"},
    "adopt": {"spec", "spec_hash", "start_order", "xml"},
    **dict.fromkeys(("spec", "spec_hash", "start_order", "xml"), {"adopt"}),
    "serial": {"serial_log"},
    "serial_log": {"serial"},
}
#: How a document tells elements of one tag apart.
KEYS = {
    **{"interface": "mac/@address", "disk": "target/@dev", "filesystem": "target/@dir", "hostdev": "@type"},
    **{"channel": "target/@name", "console": "target/@type", "controller": "@model", "sysinfo": "@type"},
    **{"entry": "@name", "feature": "@name"},
}


def nodes(root, at=""):
    """Yield each element below *root* with its path, its attributes and its text."""
    for node in root:
        path = f"{at}{node.tag}{_key(node)}"
        yield path, tuple(sorted(node.items())), (node.text or "").strip()
        yield from nodes(node, f"{path}/")


def _key(node):
    if node.tag not in KEYS:
        return ""
    path, _, attribute = KEYS[node.tag].rpartition("/")
    found = node.find(path or ".")
    return f"[{'' if found is None else found.get(attribute[1:], '')}]"


def touched(before, after):
    """Return the paths at which *before* and *after* differ; what only holds others may come and go with them."""
    one, two = (Counter(nodes(ET.fromstring(text))) for text in (before, after))
    gone, come = ({node[0] for node in those} for those in (one - two, two - one))
    holders = {path for path in gone ^ come if any(other.startswith(f"{path}/") for other in gone | come)}
    return (gone | come) - holders


def owned(entry, paths=None):
    """Return a pattern of the paths that belong to *entry* of the table, with all below them."""
    paths = paths or re.escape(re.sub(r"\[.*?\]", "", entry.path))
    return re.compile(f"({paths})(/.*)?")


def some(documents, has, most=25):
    """Return some of the *documents* that have a thing, and fewer of those that do not."""
    one, other = ([item for item in documents.items() if has(item[1]) is yes] for yes in (True, False))
    return one[:: len(one) // most + 1] + other[:: 2 * len(other) // most + 1]


@pytest.fixture(scope="module")
def read(documents):
    """The documents as text and as what the table reads of them."""
    return {name: (text, xml.read(text)) for name, text in documents.items()}


@pytest.mark.parametrize("field", sorted(set(table.DOMAIN) - {"type"}))
def test_a_field_touches_what_it_owns_and_no_more(field, read):
    own, follows = owned(table.DOMAIN[field], OWNS.get(field)), FOLLOWS.get(field, set())
    for name, (text, before) in some(read, lambda one: bool(one[1].get(field))):
        for value in VALUES[field]:
            wish = {field: value}
            after = xml.write(text, list(diff(before, wish)))
            strange = [path for path in touched(text, after) if not own.fullmatch(path)]
            assert not strange, (name, value)
            here = xml.read(after)
            assert list(diff(seen.as_asked({"vm1": here}, {"vm1": wish})["vm1"], wish)) == [], (name, value)
            others = {key for key in {*here, *before} - follows - {field} if here.get(key) != before.get(key)}
            assert not others, (name, value)


@pytest.fixture
def defined(conn, documents):
    """What libvirt prints of each document that it takes here, by the name of its domain."""
    names = [name for name in documents if name.startswith(("qemuxml2argvdata", "genericxml2xmlindata"))]
    found = {}
    for number, name in enumerate(names):
        with suppress(libvirt.libvirtError):  # another architecture, or one that libvirt's tests want refused
            domain = conn.defineXML(_here(documents[name], f"vm{number}"))
            # Of some, libvirt prints a thing more when it is given what it printed itself.
            found[f"vm{number}"] = conn.defineXML(domain.XMLDesc(ALL_XML)).XMLDesc(ALL_XML)
    assert len(found) > 600
    return found


def _here(text, name):
    """Return a document as a domain of this host: its name, its emulator, and no UUID that another may have."""
    root = ET.fromstring(text)
    root.find("name").text = name
    element.remove(root, "uuid")
    if root.get("type") == "kvm":
        root.set("type", "qemu")
    for emulator in root.iterfind("devices/emulator"):
        emulator.text = "/usr/bin/qemu-system-x86_64"
    return ET.tostring(root, encoding="unicode")


def printed(conn):
    return {one.name(): one.XMLDesc(ALL_XML) for one in conn.listAllDomains()}


def plain(text):
    """Return *text* as it would be without our mark and without a title."""
    root = ET.fromstring(text)
    mark.Mark().set(root, False)
    for path in ("metadata", "title"):
        if (node := root.find(path)) is not None and not len(node):
            root.remove(node)
    return canonical(ET.tostring(root, encoding="unicode"))


def test_libvirts_own_domains_are_adopted_with_nothing_changed_and_one_field_changes_alone(conn, bring, defined):
    """Byte for byte, but for what was wished: our mark in the metadata, and the title."""
    adopted = bring({name: {"adopt": True} for name in defined})
    marked = printed(conn)
    titled = bring({name: {"title": "another"} for name in defined})
    now = printed(conn)

    assert (adopted["result"], titled["result"]) == (True, True), adopted["comment"] + titled["comment"]
    assert set(adopted["changes"]) == {f"{name}.adopt" for name in defined}
    assert set(titled["changes"]) == {f"{name}.title" for name in defined}
    for name, text in defined.items():
        assert (plain(marked[name]), plain(now[name])) == (plain(text), plain(text)), name
