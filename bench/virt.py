"""
1000 domains on the real QEMU driver, defined and not started: ``lab_virt.domains`` beside a raw loop and ``virsh``.

Each contender does create, no-op, change (the memory of every tenth) and delete, in turn, ``--runs`` times, on a
private libvirtd.  ``ours`` is what a state call does, in this process so that Salt's fixed cost is not in it: checking,
reading, planning, writing, reading again.  ``raw loop`` is the least that does the same with libvirt-python: it reads
what it needs to know the difference, and defines.  ``virsh`` gets all commands in one go.
"""

import argparse
import statistics
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt

from bench.report import measured, row, show
from saltext.lab.outcome import Things, converge
from saltext.lab.virt import host, rules, seen
from saltext.lab.virt.model import Domains
from tests.support.libvirtd import libvirtd

CASES = ("create", "noop", "change", "delete")


def memories(count, changed=False):
    """Return ``{name: MiB}`` of *count* domains, another for every tenth if *changed*."""
    return {f"vm{number}": 128 if changed and number % 10 == 0 else 64 for number in range(count)}


def text(name, mib):
    """Return the XML of such a domain, as short as it can be."""
    machine = "<os><type machine='q35'>hvm</type></os><features><acpi/></features>"
    return f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>{mib}</memory>{machine}</domain>"


class _Ours:
    """What a state call does, a new connection for each look and each write as in ``_modules/lab_virt.py``."""

    def __init__(self, uri, count):
        self.uri, self.count = uri, count

    def read(self, wish):
        with host.connect(self.uri) as conn:
            return seen.as_asked(host.read(conn), wish)

    def write(self, changes):
        with host.connect(self.uri) as conn:
            host.write(conn, changes)

    def bring(self, wish):
        things = Things("lab:virt:domains", Domains, partial(self.read, wish), self.write, rules.impact)
        ret = converge(things, wish, False)
        assert ret["result"] is True, ret["comment"]
        return ret["changes"]

    def wish(self, changed=False):
        base = {"type": "qemu", "machine": "q35"}
        return {name: base | {"memory_mib": mib} for name, mib in memories(self.count, changed).items()}

    def create(self):
        assert self.bring(self.wish())

    def noop(self):
        assert self.bring(self.wish()) == {}

    def change(self):
        assert len(self.bring(self.wish(changed=True))) == len(range(0, self.count, 10))

    def delete(self):
        assert len(self.bring(dict.fromkeys(memories(self.count)))) == self.count


class _Loop:
    """The raw loop on one connection."""

    def __init__(self, uri, count):
        self.uri, self.count = uri, count

    def different(self, conn, wished):
        found = {one.name(): one.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) for one in conn.listAllDomains()}
        there = {name: int(ET.fromstring(text).findtext("memory")) // 1024 for name, text in found.items()}
        return {name: mib for name, mib in wished.items() if there.get(name) != mib}

    def bring(self, wished):
        conn = libvirt.open(self.uri)
        different = self.different(conn, wished)
        for name, mib in different.items():
            conn.defineXML(text(name, mib))
        conn.close()
        return different

    def create(self):
        assert self.bring(memories(self.count))

    def noop(self):
        assert self.bring(memories(self.count)) == {}

    def change(self):
        conn = libvirt.open(self.uri)
        for name, mib in self.different(conn, memories(self.count, changed=True)).items():
            old = ET.fromstring(conn.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            for tag in ("memory", "currentMemory"):
                old.find(tag).text = str(mib * 1024)
            conn.defineXML(ET.tostring(old, encoding="unicode"))
        conn.close()

    def delete(self):
        conn = libvirt.open(self.uri)
        for one in conn.listAllDomains():
            one.undefine()
        conn.close()


class _Virsh:
    """One virsh with all commands; its no-op defines all of them again, for it cannot tell."""

    def __init__(self, uri, count):
        self.uri, self.count = uri, count

    def run(self, commands):
        argv = ["virsh", "--quiet", "--connect", self.uri]
        subprocess.run(argv, input="\n".join(commands), text=True, check=True, capture_output=True)

    def create(self):
        with tempfile.TemporaryDirectory(prefix="virsh-") as home:
            for name, mib in memories(self.count).items():
                Path(home, name).write_text(text(name, mib))
            self.run([f"define {home}/{name}" for name in memories(self.count)])

    def noop(self):
        named = memories(self.count).items()
        self.run([f"setmem {name} {mib * 1024} --config" for name, mib in named])

    def change(self):
        new, old = memories(self.count, changed=True), memories(self.count)
        named = [(name, new[name] * 1024) for name in new if new[name] != old[name]]
        self.run([f"{call} {name} {kib} --config" for name, kib in named for call in ("setmaxmem", "setmem")])

    def delete(self):
        self.run([f"undefine {name}" for name in memories(self.count)])


def race(uri, count, runs):
    """Return ``{(case, contender): [(wall, cpu), ...]}``."""
    times: dict = {}
    for _ in range(runs):
        for name, kind in {"ours": _Ours, "raw loop": _Loop, "virsh, batched": _Virsh}.items():
            for case in CASES:
                times.setdefault((case, name), []).append(measured(getattr(kind(uri, count), case)))
    return times


def main():
    """Run the race, print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--domains", type=int, default=1000)
    options.add_argument("--runs", type=int, default=3)
    options = options.parse_args()
    with libvirtd() as daemon:
        race(daemon.uri, 1, 1)  # libvirt asks QEMU what it can do when the first domain is defined
        times = race(daemon.uri, options.domains, options.runs)
        conn = libvirt.open(daemon.uri)
        versions = {"libvirt": conn.getLibVersion(), "qemu": conn.getVersion()}
    found = sorted(times.items(), key=lambda item: CASES.index(item[0][0]))
    rows = [row(*what, options.domains, *zip(*taken, strict=True)) for what, taken in found]
    median = {what: statistics.median(wall for wall, _ in taken) for what, taken in times.items()}
    show("virt", versions, rows, {case: round(median[case, "ours"] / median[case, "raw loop"], 2) for case in CASES})


if __name__ == "__main__":
    main()
