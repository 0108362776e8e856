"""What people made on a real libvirtd and Open vSwitch is said in the spec, and taken over without a change."""

import json
from functools import partial
from typing import NamedTuple
from uuid import UUID
from xml.etree import ElementTree as ET

import libvirt
import pytest
import yaml

from saltext.lab.outcome import Things
from saltext.lab.ovs import db
from saltext.lab.plan import diff
from saltext.lab.spec.check import checked
from saltext.lab.spec.take import Has, take
from saltext.lab.spec.take_text import text
from saltext.lab.virt import host, link, network, pool, pool_xml, seen, xml
from saltext.lab.virt.here import Here
from saltext.lab.virt.marks import Marks
from saltext.lab.virt.pool_model import Pools
from tests.support import corpus, ovs, storage
from tests.support.domains import ALL_XML
from tests.support.labs import PLAIN
from tests.support.taken import wishes, with_part

OLD = """
<domain type='qemu'><name>old</name><uuid>5a17ab1e-0000-4000-8000-0000000000a1</uuid><title>{{ 7 * 7 }} old</title>
  <memory unit='MiB'>1024</memory><currentMemory unit='KiB'>500001</currentMemory>
  <vcpu placement='static' current='1'>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><bootmenu enable='yes'/></os>
  <features><acpi/><apic/><pae/></features>
  <cpu mode='host-model'><feature policy='disable' name='svm'/></cpu>
  <clock offset='localtime'><timer name='rtc' tickpolicy='catchup'/></clock><on_crash>preserve</on_crash>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/><source file='/srv/old.qcow2'/>
      <target dev='hda' bus='ide'/><boot order='2'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='vmdk'/><source file='/srv/old.vmdk'/>
      <target dev='vdb' bus='virtio'/></disk>
    <disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='vault' volume='old.img'/>
      <target dev='sdc' bus='sata'/></disk>
    <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
    <disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>
    <interface type='network'><mac address='52:54:00:AA:00:01'/><source network='default'/><model type='e1000'/>
      <boot order='1'/></interface>
    <interface type='bridge'><mac address='52:54:00:aa:00:02'/><source bridge='br-lab'/><model type='virtio'/>
      <bandwidth><inbound average='1000' peak='1000'/></bandwidth></interface>
    <interface type='bridge'><mac address='52:54:00:aa:00:03'/><source bridge='br-lab'/><target dev='old-lan2'/>
      <model type='virtio'/></interface>
    <interface type='user'><mac address='52:54:00:aa:00:04'/><model type='rtl8139'/></interface>
    <interface type='bridge'><mac address='52:54:00:aa:00:05'/><source bridge='br0'/>
      <vlan><tag id='30'/></vlan><virtualport type='openvswitch'/><model type='virtio'/></interface>
    <interface type='direct'><mac address='52:54:00:aa:00:06'/><source dev='eth7' mode='vepa'/></interface>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <input type='tablet' bus='usb'/><graphics type='vnc' port='-1' passwd='hush'/><sound model='ich6'/>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0' bus='6' slot='2' function='0'/></source></hostdev>
    <watchdog model='i6300esb' action='reset'/><memballoon model='virtio'><stats period='5'/></memballoon>
  </devices></domain>"""
UEFI = """
<domain type='qemu'><name>uefi</name><uuid>5a17ab1e-0000-4000-8000-0000000000a2</uuid>
  <metadata><own:note xmlns:own='https://example.org/own'>by hand</own:note></metadata>
  <memory unit='GiB'>1</memory><vcpu>3</vcpu><iothreads>2</iothreads>
  <os firmware='efi'><type machine='q35'>hvm</type><firmware><feature enabled='no' name='secure-boot'/></firmware></os>
  <features><acpi/></features><cputune><shares>512</shares></cputune>
  <devices><disk type='file' device='disk'><driver name='qemu' type='raw' discard='unmap'/>
    <source file='/srv/uefi.img'/><target dev='vda' bus='virtio'/><serial>WD-1</serial></disk>
    <serial type='pty'/><memballoon model='none'/>
  </devices></domain>"""
RUNS = """
<domain type='qemu'><name>runs</name><memory unit='MiB'>96</memory><os><type machine='q35'>hvm</type></os>
  <devices><interface type='bridge'><mac address='52:54:00:aa:00:11'/><source bridge='br-lab'/>
    <model type='virtio'/></interface></devices></domain>"""
NAMED = "<domain type='qemu'><name>Win 10</name><memory>65536</memory><os><type>hvm</type></os></domain>"
DEFAULT = (
    "<network><name>default</name><forward mode='nat'/><ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
)
BRIDGES = (
    "add-br br0 -- set bridge br0 fail_mode=secure external_ids:bridge-id=br0 other_config:mac-table-size=4096"
    " -- add-port br0 up0 trunks=30,40 -- set interface up0 type=internal external_ids:note=wire"
    " -- add-port br0 own30 tag=30 -- set interface own30 type=internal"
    " -- add-port br0 vnet7 tag=30 -- set interface vnet7 type=internal external_ids:vm-id=5a17ab1e"
    " -- add-bond br0 bond0 p1 p2 bond_mode=balance-slb -- set interface p1 type=internal"
    " -- set interface p2 type=internal"
)
INTERFACES = {
    "br-lab": {"hwaddr": "52:54:00:00:09:01", "inet": [{"address": "192.0.2.9", "netmask": "255.255.255.0"}]},
    "own30": {"hwaddr": "52:54:00:00:09:02", "inet": [{"address": "10.30.0.9", "netmask": "255.255.255.0"}]},
}


FOLDERS = ("qemuxml2argvdata", "qemuxml2xmloutdata")
AT_REST = {"running": False, "autostart": False, "adopt": False}


class Site(NamedTuple):
    """A hypervisor that people set up by hand."""

    conn: libvirt.virConnect
    session: db.Session
    here: Here

    def has(self):
        """Return what ``lab.import`` is told by it, as it comes over the bus."""
        told = (host.read(self.conn), pool.read(self.here), network.read(self.conn), db.read(self.session, terse=True))
        return Has(*json.loads(json.dumps(told)), INTERFACES, "br-lab")

    def things(self, wish):
        """Return ``{"domains", "pools", "bridges"}``, each the ``Things`` of its state."""
        domains = storage.states(self.here)["domains"](wish["domains"])
        pools = Things(
            "p",
            Pools,
            lambda: pool_xml.as_asked(pool.read(self.here), wish["pools"]),
            partial(pool.write, self.here),
            pool_xml.impact,
        )
        bridges = Things("b", ovs.Bridges, partial(db.read, self.session), partial(db.write, self.session))
        return {"domains": domains, "pools": pools, "bridges": bridges}

    def bring(self, wish, test=False):
        """Return what the three states return."""
        return {
            of: storage.bring_by(lambda _, one=things: one)(wish[of], test) for of, things in self.things(wish).items()
        }

    def xml(self):
        """Return the definition of each domain but for its metadata, and what the guests run with."""
        every = {one.name(): [one.XMLDesc(ALL_XML)] for one in self.conn.listAllDomains()}
        every |= {
            f"{one.name()} runs": [one.ID(), one.XMLDesc()] for one in self.conn.listAllDomains() if one.isActive()
        }
        return {name: [bare(part) if isinstance(part, str) else part for part in of] for name, of in every.items()}


def bare(text):
    root = ET.fromstring(text)
    if (metadata := root.find("metadata")) is not None:
        for mark in metadata.findall("{https://saltext-lab/domain/1}domain"):
            metadata.remove(mark)
        if not len(metadata):
            root.remove(metadata)
    return ET.canonicalize(ET.tostring(root, encoding="unicode"), strip_text=True)


@pytest.fixture(scope="module")
def site(daemon, address, tmp_path_factory):
    vault = daemon.home / "vault"
    vault.mkdir()
    (vault / "old.img").write_bytes(bytes(1 << 20))
    ovs.vsctl(address, *BRIDGES.split())
    with link.connect(daemon.uri) as conn, db.connect(address) as session:
        conn.networkDefineXML(DEFAULT)
        made = conn.storagePoolDefineXML(
            f"<pool type='dir'><name>vault</name><target><path>{vault}</path></target></pool>"
        )
        made.setAutostart(1)
        made.create()
        for xml in (OLD, UEFI, RUNS, NAMED):
            conn.defineXML(xml)
        runs = conn.lookupByName("runs")
        runs.create()
        runs.setMemoryFlags(64 << 10, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        runs.setAutostart(1)
        yield Site(conn, session, Here(conn, Marks(str(tmp_path_factory.mktemp("marks"))), "", {}))


def taken(site, spec=PLAIN):
    """Return the spec with what ``lab.import`` says of the host, read back from its text, and that text."""
    told = text("hv9", take(checked(spec), "hv9", site.has()))
    return with_part(spec, yaml.safe_load(told)["lab"]), told


def test_every_domain_of_libvirts_own_tests_is_taken_as_it_is():
    texts = [text for folder in FOLDERS for text in corpus.documents(folder, "domain").values()]
    there = {f"vm{number}": xml.read(text) | AT_REST for number, text in enumerate(texts)}
    for number, domain in enumerate(there.values()):
        domain["uuid"] = str(UUID(int=number))
    has = Has(there, {}, {}, {}, INTERFACES, "br-lab")
    wish = wishes(with_part(PLAIN, take(checked(PLAIN), "hv9", has).spec), "hv9")["domains"]
    changes = diff(seen.as_asked(there, wish), wish)

    assert len(wish) == len(there) > 1500
    assert {change.path[1:] for change in changes} == {("adopt",)}


def test_what_was_made_by_hand_is_taken_over_and_nothing_of_it_is_changed(site):
    spec, told = taken(site)
    wish, before = wishes(spec, "hv9"), site.xml()
    planned = site.bring(wish, test=True)
    changed = {path for outcome in planned.values() for path in outcome["changes"]}

    assert {outcome["result"] for outcome in planned.values()} == {None}, planned
    assert changed == {"old.adopt", "uefi.adopt", "runs.adopt", "vault.adopt", "br0.adopt"}
    assert "hush" not in told

    made = site.bring(wish)
    assert {of: (one["result"], one["changes"]) for of, one in made.items()} == {
        of: (True, one["changes"]) for of, one in planned.items()
    }
    assert {of: (one["result"], one["changes"]) for of, one in site.bring(wish).items()} == dict.fromkeys(
        made, (True, {})
    )
    assert site.xml() == before
    assert "by hand" in site.conn.lookupByName("uefi").XMLDesc()
    assert taken(site, spec)[0] == spec  # and asked for again, it is all there


def test_what_is_made_anew_from_the_spec_has_all_but_what_was_told(site):
    wish, before = wishes(taken(site)[0], "hv9"), site.has().domains
    for name in ("old", "uefi"):
        site.conn.lookupByName(name).undefineFlags(host.UNDEFINE)
    made = site.bring(wish)["domains"]
    after = site.has().domains

    assert made["result"] is True, made["comment"]
    assert after["uefi"] == before["uefi"] | {"adopt": True}
    kept = after["old"] | {key: before["old"][key] for key in ("nics", "disks")}
    assert kept == before["old"] | {"adopt": True}
    assert set(before["old"]["nics"]) - set(after["old"]["nics"]) == {"52:54:00:aa:00:04"}  # type='user'
    assert set(before["old"]["disks"]) - set(after["old"]["disks"]) == {"vdb", "fda"}
    for kind in ("nics", "disks"):
        assert {one: before["old"][kind][one] for one in after["old"][kind]} == after["old"][kind]
