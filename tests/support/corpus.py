"""
libvirt's own XML: what its tests define, read and print.

It comes from Debian's source package once, by apt, which checks its signature; nothing of it is in this repository.
"""

from functools import cache
from xml.etree import ElementTree as ET

from saltext.lab.command import run
from saltext.lab.errors import Refused
from tests.support.fetched import once

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CODENAME = "bookworm"


@cache
def documents(folder, tag):
    """Return ``{name: text}`` of the XML with root *tag* in *folder* of libvirt's ``tests``."""
    files = sorted((_home() / folder).glob("*.xml"))
    texts = {file.stem: file.read_text(encoding="utf-8") for file in files}
    return {name: text for name, text in texts.items() if _tag(text) == tag}


def _tag(text):
    try:
        return ET.fromstring(text).tag
    except ET.ParseError:  # some of them are there to be refused
        return None


@cache
def _home():
    """Return the directory of the tests, fetched if need be; raises ``Refused`` with apt's words."""
    return once("libvirt-tests", _fetch)


def _site():
    """Return where this machine's apt has Debian from."""
    wanted = ("Created-By: Packages", f"Codename: {CODENAME}", "Component: main")
    sites = run("apt-get", "indextargets", "--format", "$(SITE)", *wanted).split()
    if not sites:
        raise Refused("libvirt's tests cannot be fetched", f"apt has no source of {CODENAME}", "add one")
    return sites[0]


def _fetch(work):
    """Return the tests of libvirt's source, unpacked into *work*; the lists of the machine's apt are left alone."""
    for name in ("lists", "cache", "parts"):
        (work / name).mkdir()
    (work / "parts/source.list").write_text(f"deb-src [signed-by={KEYRING}] {_site()} {CODENAME} main\n")
    where = {"sourcelist": "/dev/null", "sourceparts": work / "parts"}
    own = [f"-oDir::Etc::{key}={path}" for key, path in where.items()]
    own += [f"-oDir::State::lists={work}/lists", f"-oDir::Cache={work}/cache", "-oAPT::Sandbox::User=root"]
    run("apt-get", "--quiet", *own, "update", timeout=300)
    run("env", "-C", work, "apt-get", "--quiet", *own, "source", "--download-only", "libvirt", timeout=300)
    (archive,) = work.glob("libvirt_*.orig.tar.*z")
    run("tar", "-xf", archive, "-C", work, "--strip-components=1", "--wildcards", "*/tests/*.xml", timeout=120)
    return work / "tests"
