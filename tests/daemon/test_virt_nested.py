"""Fields inside fields, what follows from others, and overlays: written, changed and taken away on a real libvirtd."""

import typing
from xml.etree import ElementTree as ET

import libvirt
import pytest

from saltext.lab.plan import diff, merge
from saltext.lab.virt import host
from saltext.lab.virt.devices import Filesystem, Hostdev, Tune
from saltext.lab.virt.model import BIOS, CHASSIS, SYSTEM, Policy
from tests.support import domains
from tests.support.domains import BASE, MAC, NIC, OTHER_MAC, text

STICK, CARD = "usb:046d:c52b", "pci:0000:06:00.0"
SHARE = {"source": "/srv/a", "driver": "path"}
TUNES = {
    "cpu_shares": (512, 2048),
    "cpu_period_us": (50000, 100000),
    "cpu_quota_us": (50000, 25000),
    "memory_hard_mib": (256, 512),
    "memory_soft_mib": (128, 256),
    "blkio_weight": (200, 500),
}
FILESYSTEMS = {"source": ("/srv/a", "/srv/b"), "driver": ("path", "virtiofs"), "readonly": (True, False)}
HOSTDEVS = {"managed": (True, False), "boot_order": (1, 2)}
BIOS_VALUES = {"date": ("01/02/2003", "02/03/2004"), "release": ("1.2", "2.3")}
#: Where each of them is, what else is there, and its values; None takes away what may be taken away.
FIELDS = {
    **{("tune", key): ({}, (*values, None)) for key, values in TUNES.items()},
    **{("filesystems", "share", key): (SHARE, values) for key, values in FILESYSTEMS.items()},
    ("hostdevs", CARD, "managed"): ({}, HOSTDEVS["managed"]),
    ("hostdevs", STICK, "boot_order"): ({}, (*HOSTDEVS["boot_order"], None)),
    **{
        ("smbios", block, key): ({}, (*BIOS_VALUES.get(key, ("a", "b & c")), None))
        for block, keys in (("bios", BIOS), ("system", SYSTEM), ("chassis", CHASSIS))
        for key in typing.get_args(keys)
    },
    ("cpu_features", "svm"): ({}, (*typing.get_args(Policy), None)),
}


@pytest.fixture(autouse=True)
def clean(conn):
    yield
    domains.clean(conn)


def at(path, value):
    for key in reversed(path):
        value = {key: value}
    return value


def test_no_field_of_the_models_is_left_out():
    assert set(TUNES) == set(Tune.model_fields)
    assert set(FILESYSTEMS) == set(Filesystem.model_fields)
    assert set(HOSTDEVS) == set(Hostdev.model_fields)


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
def test_a_field_inside_a_field_is_set_changed_and_taken_away(path, done):
    beside, (first, *others) = FIELDS[path]
    *above, last = path
    done({"vm1": BASE | {"cpu_model": "EPYC", "shared_memory": True} | at(above, beside | {last: first})})
    for value in others:
        assert set(done({"vm1": at(path, value)})) == {f"vm1.{'.'.join(path)}"}


def test_no_two_of_them_are_in_one_place(done, conn):
    wish = BASE | {"cpu_model": "EPYC", "shared_memory": True}
    for path, (beside, values) in FIELDS.items():
        wish = merge(wish, at(path[:-1], beside | {path[-1]: values[0]}))
    done({"vm1": wish})

    del wish["machine"]
    assert list(diff(host.read(conn)["vm1"], wish)) == []


@pytest.mark.parametrize(
    ("now", "most"), [("vcpus", "vcpus_max"), ("memory_mib", "memory_max_mib")], ids=["vcpus", "memory"]
)
def test_what_a_guest_has_now_goes_down_and_up_below_the_most_that_is_stated(now, most, done, conn):
    done({"vm1": BASE | {now: 128, most: 128}})
    assert set(done({"vm1": {now: 64, most: 128}})) == {f"vm1.{now}"}
    assert set(done({"vm1": {now: 128, most: 128}})) == {f"vm1.{now}"}
    assert set(done({"vm1": {most: 64}})) == {f"vm1.{most}"}
    assert host.read(conn)["vm1"][now] == 64
    assert set(done({"vm1": {now: 96}})) == {f"vm1.{now}"}
    assert host.read(conn)["vm1"][most] == 96


def test_without_a_balloon_less_memory_is_less_at_most(done, conn):
    done({"vm1": BASE | {"balloon": False, "memory_mib": 128}})
    done({"vm1": {"memory_mib": 64}})

    assert host.read(conn)["vm1"]["memory_max_mib"] == 64


def test_cpus_that_are_listed_one_by_one_are_changed_too(done, conn):
    """As virsh setvcpu --config leaves them."""
    done({"vm1": BASE | {"vcpus": 2, "vcpus_max": 4}})
    conn.lookupByName("vm1").setVcpu("1-2", 1, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    assert "<vcpus>" in text(conn)
    done({"vm1": {"vcpus": 4}})
    done({"vm1": {"vcpus_max": 2}})

    assert "<vcpu placement='static'>2</vcpu>" in text(conn)


def test_usb_cards_have_ports_of_their_own(done, conn):
    usb = {"bridge": "br-lab", "model": "usb-net"}
    done({"vm1": BASE | {"nics": {MAC: usb, OTHER_MAC: usb}, "running": True}})
    assert all(f"<address type='usb' bus='0' port='{port}'/>" in text(conn) for port in (2, 3))
    done({"vm1": {"nics": {MAC: {"model": "virtio"}}, "running": False}})
    done({"vm1": {"nics": {MAC: {"model": "usb-net"}}, "running": True}})


OTHER_NAMESPACE = 'xmlns="http://libvirt.org/schemas/domain/qemu/1.0"'
#: Overlays, with what libvirt prints of each; by what is hard about it.
OVERLAYS = {
    "attribute": ("<clock><timer name='hpet' present='no'/></clock>", "<timer name='hpet' present='no'/>"),
    "attribute of what is there": ("<cpu><cache mode='emulate' level='3'/></cpu>", "<cache level='3' mode='emulate'/>"),
    "text": ("<description>a &amp; b</description>", "<description>a &amp; b</description>"),
    "repeated": (
        "<devices><input type='tablet' bus='usb'/><input type='tablet' bus='virtio'/></devices>",
        "bus='virtio'",
    ),
    "namespace": (
        f"<commandline {OTHER_NAMESPACE}><arg value='-name'/><arg value='x'/></commandline>",
        "<qemu:arg value='-name'/>",
    ),
    "inside a device": (
        f"<devices><interface><mac address='{MAC}'/><rom enabled='no'/></interface></devices>",
        "<rom enabled='no'/>",
    ),
}


@pytest.mark.parametrize("kind", OVERLAYS)
def test_an_overlay_is_merged_in_once_and_goes_without_a_trace(kind, done, conn):
    overlay, shown = OVERLAYS[kind]
    done({"vm1": BASE | {"vcpus": 2, "cpu_model": "EPYC", "balloon": False, "nics": {MAC: NIC, OTHER_MAC: NIC}}})
    before = ET.canonicalize(text(conn), strip_text=True)
    assert set(done({"vm1": {"xml": f"<domain>{overlay}</domain>"}})) == {"vm1.xml"}
    assert text(conn).count(shown) == 1
    assert set(done({"vm1": {"title": "x"}})) == {"vm1.title"}
    assert text(conn).count(shown) == 1
    done({"vm1": {"title": None, "xml": None}})

    assert ET.canonicalize(text(conn), strip_text=True) == before


def test_an_overlay_that_somebody_undid_is_merged_in_again(done, conn):
    done({"vm1": BASE | {"xml": "<domain><devices><sound model='ich9'/></devices></domain>"}})
    changed = text(conn).replace("<sound model='ich9'", "<sound model='ac97'")
    conn.defineXML(changed)

    assert set(done({"vm1": {"xml": "<domain><devices><sound model='ich9'/></devices></domain>"}})) == {"vm1.xml"}


def test_an_overlay_adds_to_a_device_that_is_there_or_is_refused(bring, conn):
    overlay = f"<domain><devices><interface><mac address='{MAC}'/><rom enabled='no'/></interface></devices></domain>"
    refused = bring({"vm1": BASE | {"xml": overlay}})

    assert refused["result"] is False
    assert f"the overlay adds to interface {MAC} — the domain has none" in refused["comment"]
    assert bring({"vm1": BASE | {"xml": overlay, "nics": {MAC: NIC}}})["result"] is True
    assert text(conn).count("<interface") == 1
