"""
The raw loop: the least that keeps such domains with libvirt-python, as short as it can be written.

It reads what it needs to know the difference, and defines.  As a program: ``python -m bench.virt_loop URI N CASE``.
"""

import sys
from xml.etree import ElementTree as ET

import libvirt


def memories(count, changed=False):
    """Return ``{name: MiB}`` of *count* domains, another for every tenth if *changed*."""
    return {f"vm{number}": 128 if changed and number % 10 == 0 else 64 for number in range(count)}


def text(name, mib):
    """Return the XML of such a domain, as short as it can be."""
    machine = "<os><type machine='q35'>hvm</type></os><features><acpi/></features>"
    return f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>{mib}</memory>{machine}</domain>"


def loop(uri, count):
    """Return the raw loop as a contender: a function of the case."""

    def contender(case):
        conn = libvirt.open(uri)
        if case == "delete":
            clear(conn)
        else:
            keep(conn, memories(count, changed=case == "change"))
        conn.close()

    return contender


def keep(conn, wished):
    """Define what differs from *wished*, ``{name: MiB}``."""
    found = {one.name(): ET.fromstring(one.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)) for one in conn.listAllDomains()}
    there = {name: int(domain.findtext("memory")) // 1024 for name, domain in found.items()}
    for name, mib in wished.items():
        if name not in there:
            conn.defineXML(text(name, mib))
        elif there[name] != mib:
            for tag in ("memory", "currentMemory"):
                found[name].find(tag).text = str(mib * 1024)
            conn.defineXML(ET.tostring(found[name], encoding="unicode"))


def clear(conn):
    """Undefine all domains."""
    for one in conn.listAllDomains():
        one.undefine()


if __name__ == "__main__":
    loop(sys.argv[1], int(sys.argv[2]))(sys.argv[3])
