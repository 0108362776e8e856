"""``lab_virt`` on a real libvirtd with its QEMU driver.  V1 … H3 are rows of what older modules got wrong."""

import threading
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt
import pytest
import salt.crypt

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.outcome import Things, converge
from saltext.lab.plan import Change, diff
from saltext.lab.virt import console, host, identity, rules, seen, table
from saltext.lab.virt.devices import Disk, FwCfg, Nic
from saltext.lab.virt.model import Domain, Domains
from saltext.lab.wait import until
from tests.support.libvirtd import libvirtd

MAC, OTHER_MAC = "52:54:00:00:00:01", "52:54:00:00:00:02"
BASE = {"type": "qemu", "memory_mib": 64, "machine": "q35"}
NIC = {"bridge": "br-lab", "model": "virtio"}
OVS = {"bridge": "br-int", "virtualport": "openvswitch", "tag": 10, "model": "virtio"}
ALL_XML = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
DISK = {"file": "/srv/a.img", "bus": "virtio", "format": "raw"}
SOUND = "<domain><devices><sound model='ich9'/></devices></domain>"
#: What a guest that runs needs a file, a device or a cgroup for that is not here.
NOT_HERE = {"kernel", "initrd", "cmdline", "nvram", "hugepages", "disks", "filesystems", "hostdevs", "fw_cfg", "tune"}
#: What a look may call in libvirtd; everything else is a write.
LOOKS = {
    "virConnectListAllDomains",
    "virDomainGetXMLDesc",
    "virDomainGetID",
    "virDomainLookupByUUID",
    "virDomainIsActive",
}
#: For each field a value, another, and None where null takes it away.
VALUES = {
    "adopt": (True, False),
    "type": ("qemu",),
    "uuid": ("5a17ab1e-0000-4000-8000-000000000101",),
    "title": ("first", "second & <last>", None),
    "memory_mib": (64, 96),
    "vcpus": (1, 2),
    "machine": ("q35", "pc-q35-7.1"),
    "spec": ("attic", "other", None),
    "spec_hash": ("a1", "b2", None),
    "start_order": (1, 2, None),
    "on_change": ("live",),
    "memory_max_mib": (128, 96),
    "vcpus_max": (4, 2),
    "cpuset": ("0", "0-1", None),
    "cpu_features": ({"svm": "require"}, {"svm": "disable", "vmx": "optional"}, {"svm": None}),
    "firmware": ("uefi", "secure", "bios"),
    "nvram": ("/var/lib/libvirt/qemu/nvram/a.fd", "/var/lib/libvirt/qemu/nvram/b.fd", None),
    "tpm": ("2.0", "1.2", None),
    "boot": (["network", "hd"], ["hd"]),
    "on_poweroff": ("destroy", "restart"),
    "on_crash": ("restart", "preserve"),
    "clock": ("utc", "localtime"),
    "hugepages": (True, False),
    "shared_memory": (True, False),
    "iothreads": (1, 2, None),
    "pcie_ports": (4, 8),
    "disks": ({"vda": DISK}, {"vda": None, "vdb": DISK}),
    "filesystems": ({"share": {"source": "/srv/a", "driver": "path"}}, {"share": None}),
    "hostdevs": ({"usb:046d:c52b": {}}, {"usb:046d:c52b": None, "pci:0000:06:00.0": {}}),
    "smbios": (
        {"system": {"serial": "a", "sku": "b"}},
        {"system": {"serial": "c", "sku": None}, "bios": {"vendor": "d"}},
    ),
    "oem_strings": (["role=web"], ["role=db", "zone=a"], None),
    "serial": (True, False),
    "agent": (True, False),
    "watchdog": ("reset", "poweroff", None),
    "tune": ({"cpu_shares": 512}, {"cpu_shares": 2048, "blkio_weight": 200}, {"cpu_shares": None}),
    "xml": (SOUND, "<domain><features><hap state='off'/></features></domain>", None),
    "cpu_model": ("qemu64", "maximum", "EPYC"),
    "kernel": ("/srv/a", "/srv/b", None),
    "initrd": ("/srv/a", "/srv/b", None),
    "cmdline": ("quiet", "quiet a=\"b\"  c='d'", None),
    "on_reboot": ("destroy", "restart"),
    "autostart": (True, False),
    "running": (True, False),
    "tb_cache_mib": (32, 64, None),
    "nics": ({MAC: NIC}, {MAC: None, OTHER_MAC: NIC}),
    "fw_cfg": ({"opt/a": {"value": "1"}}, {"opt/a": None, "opt/b": {"file": "/srv/b"}}),
    "serial_log": ("/var/log/libvirt/qemu/a.log", "/var/log/libvirt/qemu/b.log", None),
    "rng": (True, False),
    "balloon": (False, True),
}
NIC_VALUES = {
    "bridge": ("br-lab", "br-other"),
    "virtualport": ("openvswitch", None),
    "tag": (1, 4094, None),
    "model": ("virtio", "e1000"),
    "mtu": (1400, 9000, None),
    "offloads": (False, True),
    "network": ("default", "other"),
    "portgroup": ("a", "b", None),
    "direct": ("eth0", "eth1"),
    "direct_mode": ("bridge", "vepa"),
    "trunks": ([10, 20], [20], None),
    "target": ("lan1", "lan2", None),
    "link": ("down", "up", None),
    "inbound": (1000, 2000, None),
    "outbound": (1000, 2000, None),
    "queues": (2, 4, None),
    "boot_order": (1, 2, None),
}
#: What such a field needs beside it, where that is not what the others have.
NIC_BASE = {
    "network": {"model": "virtio"},
    "portgroup": {"network": "default", "model": "virtio"},
    "direct": {"direct_mode": "bridge", "model": "virtio"},
    "direct_mode": {"direct": "eth0", "model": "virtio"},
    "trunks": {"bridge": "br-int", "virtualport": "openvswitch", "model": "virtio"},
}
DOMAIN_BASE = {"cpu_features": {"cpu_model": "EPYC"}, "nvram": {"firmware": "uefi"}}
DISK_VALUES = {
    "device": ("disk", "cdrom"),
    "file": ("/srv/a.img", "/srv/b.img"),
    "block": ("/dev/a", "/dev/b"),
    "pool": ("a", "b"),
    "volume": ("a", "b"),
    "protocol": ("nbd",),
    "name": ("vms/a", "vms/b"),
    "hosts": (["10.0.0.1:6789"], ["10.0.0.1:6789", "[fd00::1]:6789"], None),
    "auth_user": ("libvirt", "other", None),
    "auth_secret": ("5a17ab1e-0000-4000-8000-0000000000c0", "5a17ab1e-0000-4000-8000-0000000000c1"),
    "bus": ("virtio", "sata", "scsi"),
    "format": ("raw", "qcow2"),
    "backing": ("/srv/base.img", "/srv/base2.img", None),
    "backing_format": ("raw", "qcow2"),
    "cache": ("none", "writeback", None),
    "io": ("threads", "native", None),
    "discard": ("unmap", "ignore", None),
    "detect_zeroes": ("unmap", "off", None),
    "serial": ("WD-1", "WD-2", None),
    "readonly": (True, False),
    "shareable": (True, False),
    "boot_order": (1, 2, None),
    "iops": (100, 200, None),
    "bytes_per_s": (1000000, 2000000, None),
}
RBD = {"protocol": "rbd", "name": "vms/vm1", "hosts": ["10.0.0.1:6789"], "bus": "virtio", "format": "raw"}
VOLUME = {"pool": "vms", "volume": "vm1", "bus": "virtio", "format": "raw"}
AUTH = {"auth_user": "libvirt", "auth_secret": "5a17ab1e-0000-4000-8000-0000000000c0"}
DISK_BASE = {
    "block": {"bus": "virtio", "format": "raw"},
    **dict.fromkeys(("pool", "volume"), VOLUME),
    "protocol": {"name": "a", "hosts": ["10.0.0.1:10809"], "bus": "virtio"},
    **dict.fromkeys(("name", "hosts"), RBD),
    **dict.fromkeys(("auth_user", "auth_secret"), RBD | AUTH),
    "device": DISK | {"bus": "sata"},
    "io": DISK | {"cache": "none"},
    "discard": DISK | {"detect_zeroes": "off"},
    **dict.fromkeys(("backing", "backing_format"), DISK | {"format": "qcow2", "backing": "/srv/base.img"}),
}
FW_CFG_VALUES = {"file": ("/srv/a", "/srv/b"), "value": ("a", "b")}


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        yield daemon


@pytest.fixture
def conn(daemon):
    with host.connect(daemon.uri) as conn:
        yield conn
        for domain in conn.listAllDomains():
            if domain.isActive():
                domain.destroy()
            domain.undefineFlags(host.UNDEFINE)


@pytest.fixture
def bring(conn):
    """A function that brings the domains to a wish and returns what a state would."""

    def bring(wish, test=False):
        read, write = (lambda: seen.as_asked(host.read(conn), wish)), partial(host.write, conn)
        return converge(
            Things("lab:domains", Domains, read, write, rules.impact, partial(seen.pending, wish=wish)), wish, test
        )

    return bring


@pytest.fixture
def done(bring, conn):
    """A function that brings the domains to a wish: as told under test, which touched nothing, and only once."""

    def done(wish):
        before = everything(conn)
        told = bring(wish, test=True)
        assert everything(conn) == before
        made, again = bring(wish), bring(wish)
        assert (made["result"], made["changes"]) == (True, told["changes"]), made["comment"]
        assert (again["result"], again["changes"]) == (True, {}), again["comment"]
        assert told["result"] is (None if told["changes"] else True)
        return made["changes"]

    return done


def everything(conn):
    """All that libvirt knows: definitions with passwords, running ones, power, autostart."""
    return {
        one.name(): (one.XMLDesc(ALL_XML), one.XMLDesc(0) if one.isActive() else None, one.ID(), one.autostart())
        for one in conn.listAllDomains()
    }


def text(conn, name="vm1"):
    return conn.lookupByName(name).XMLDesc(ALL_XML)


def elements(text):
    """Each element of an XML *text* by itself."""
    return {(one.tag, *sorted(one.items()), (one.text or "").strip()) for one in ET.fromstring(text).iter()}


def by_hand(conn, name="vm1", devices="", more=""):
    machine = "<memory>65536</memory><os><type machine='q35'>hvm</type></os>"
    return conn.defineXML(
        f"<domain type='qemu'><name>{name}</name>{machine}{more}<devices>{devices}</devices></domain>"
    )


def test_no_field_of_the_models_is_left_out():
    assert set(VALUES) == set(Domain.model_fields)
    assert set(NIC_VALUES) == set(Nic.model_fields)
    assert set(DISK_VALUES) == set(Disk.model_fields) - {"size_mib"}  # of a guest that runs: see test_virt_live
    assert set(FW_CFG_VALUES) == set(FwCfg.model_fields)


@pytest.mark.parametrize("field", Domain.model_fields)
def test_a_field_is_set_changed_and_taken_away(field, done, conn):
    first, *others = VALUES[field]
    done({"vm1": BASE | DOMAIN_BASE.get(field, {}) | {field: first}})
    for value in others:
        changes = done({"vm1": {field: value, "adopt": True} if field != "adopt" else {field: value}})
        assert changes
        assert all(path.startswith(f"vm1.{field}") for path in changes)
    if others and others[-1] is None:
        assert field not in host.read(conn)["vm1"]


@pytest.mark.parametrize("field", Domain.model_fields)
def test_a_domain_is_created_with_any_value_of_a_field(field, done):
    stated = [value for value in VALUES[field] if value is not None]
    done({f"vm{n}": BASE | DOMAIN_BASE.get(field, {}) | {field: value} for n, value in enumerate(stated)})


@pytest.mark.parametrize("field", Nic.model_fields)
def test_a_field_of_a_nic_is_set_changed_and_taken_away(field, done):
    first, *others = NIC_VALUES[field]
    done({"vm1": BASE | {"nics": {MAC: NIC_BASE.get(field, OVS) | {field: first}, OTHER_MAC: NIC}}})
    for value in others:
        assert set(done({"vm1": {"nics": {MAC: {field: value}}}})) == {f"vm1.nics.{MAC}.{field}"}


@pytest.mark.parametrize("field", DISK_VALUES)
def test_a_field_of_a_disk_is_set_changed_and_taken_away(field, done):
    first, *others = DISK_VALUES[field]
    done({"vm1": BASE | {"disks": {"vda": DISK_BASE.get(field, DISK) | {field: first}, "vdb": DISK}}})
    for value in others:
        assert set(done({"vm1": {"disks": {"vda": {field: value}}}})) == {f"vm1.disks.vda.{field}"}


@pytest.mark.parametrize("field", FwCfg.model_fields)
def test_a_field_of_fw_cfg_is_set_and_changed_also_for_the_other_one(field, done):
    one, two = FW_CFG_VALUES[field]
    done({"vm1": BASE | {"fw_cfg": {"opt/a": {field: one}}}})
    done({"vm1": {"fw_cfg": {"opt/a": {field: two}}}})
    other = ({"file", "value"} - {field}).pop()
    done({"vm1": {"fw_cfg": {"opt/a": {other: FW_CFG_VALUES[other][0]}}}})


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_all_at_once_and_only_once(machine, done, conn):
    wish = BASE | {field: values[0] for field, values in VALUES.items() if field not in NOT_HERE}
    wish |= {"machine": machine, "fw_cfg": {}, "firmware": "bios"}
    if machine == "pc":
        del wish["pcie_ports"]
    done({"vm1": wish})

    assert host.read(conn)["vm1"].get("live", {}) == {}  # nothing that libvirt worked out is taken for a change


@pytest.mark.parametrize(("field", "value"), [("uuid", "5a17ab1e-0000-4000-8000-000000000102"), ("type", "kvm")])
def test_what_is_fixed_at_creation_is_refused_and_the_rest_done(field, value, bring, conn):
    bring({"vm1": BASE | {"uuid": VALUES["uuid"][0]}})
    wish = {"vm1": {field: value, "title": "x"}}

    told, done = bring(wish, test=True), bring(wish)

    assert (told["result"], done["result"]) == (False, False)
    assert told["changes"][f"vm1.{field}"]["impact"] == "recreate"
    assert set(done["changes"]) == {"vm1.title"}
    for outcome in (told, done):
        assert f"vm1.{field} cannot change" in outcome["comment"]


def test_v1_a_plan_makes_no_call_that_writes(bring, daemon):
    wish = {"vm1": BASE | {"running": True, "autostart": True, "nics": {MAC: NIC}}, "vm2": BASE}
    bring({"vm2": BASE | {"running": True}})
    seen = len(daemon.calls())
    bring(wish, test=True)
    calls = daemon.calls()[seen:]

    assert calls
    assert set(calls) <= LOOKS
    bring(wish)
    assert "virDomainDefineXML" in daemon.calls()[seen:]


def test_v2_what_is_not_wished_is_not_touched(done, conn):
    done({"vm1": BASE | {"autostart": True, "running": True}})
    done({"vm1": {"title": "x"}})

    assert host.read(conn)["vm1"].items() >= {"autostart": True, "running": True, "memory_mib": 64}.items()


def test_v5_a_vlan_on_open_vswitch_is_in_the_xml_and_drift_of_it_is_seen(done, bring, conn):
    done({"vm1": BASE | {"nics": {MAC: OVS | {"mtu": 1400, "offloads": False}}}})
    drifted = text(conn).replace("<tag id='10'/>", "<tag id='11'/>")
    assert "<virtualport type='openvswitch'>" in drifted
    assert "<driver name='qemu'>" in drifted
    assert "<guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/>" in drifted
    conn.defineXML(drifted)

    assert done({"vm1": {"nics": {MAC: OVS}}}) == {f"vm1.nics.{MAC}.tag": {"old": 11, "new": 10}}


def test_v8_nothing_is_there_that_nobody_asked_for(done, conn):
    done({"vm1": BASE})

    assert "<acpi/>" in text(conn)
    for device in ("<interface", "<disk", "<graphics", "<video", "<serial", "<rng", "<channel"):
        assert device not in text(conn)


def test_v9_what_the_model_does_not_know_stays(done, conn):
    namespace = "http://libvirt.org/schemas/domain/qemu/1.0"
    devices = "<watchdog model='i6300esb'/><graphics type='vnc' passwd='s3cret'/>"
    more = (
        "<metadata><them:thing xmlns:them='http://them.example' a='1'>kept</them:thing></metadata>"
        "<sysinfo type='smbios'><oemStrings><entry>role=web</entry></oemStrings></sysinfo>"
        f"<commandline xmlns='{namespace}'><arg value='-no-user-config'/></commandline>"
    )
    by_hand(conn, devices=devices, more=more)
    before = elements(text(conn))
    done({"vm1": {"adopt": True, "memory_mib": 96, "fw_cfg": {"opt/a": {"value": "1"}}, "nics": {MAC: NIC}}})
    done({"vm1": {"memory_mib": 64, "fw_cfg": {"opt/a": None}, "nics": {MAC: None}}})
    now = elements(text(conn))

    for kept in ("i6300esb", "s3cret", "kept", "role=web", "-no-user-config"):
        assert kept in str(now)
    assert before - now == set()
    assert "s3cret" not in str(host.read(conn))


def test_v10_absent_takes_a_running_domain_away_and_only_ours(done, bring, conn):
    by_hand(conn, "theirs")
    done({"vm1": BASE | {"running": True, "autostart": True}})
    done({"vm1": None, "never": None})
    refused = bring({"theirs": None})

    assert list(host.read(conn)) == ["theirs"]
    assert "theirs was not made by this suite" in refused["comment"]


def test_v12_many_domains_are_read_and_written_in_few_calls(bring, daemon):
    wish = {f"vm{n}": BASE for n in range(20)}
    seen = len(daemon.calls())
    assert bring(wish)["result"] is True
    calls = daemon.calls()[seen:]

    assert calls.count("virDomainDefineXML") == 20
    assert calls.count("virDomainGetXMLDesc") == 20  # of the second look; there was nothing at the first
    assert len(calls) < 20 * 2 + 10


def test_h1_a_change_of_one_domain_leaves_the_others_and_its_own_guest_alone(done, conn):
    done({name: BASE | {"running": True} for name in ("vm1", "vm2")})
    before = everything(conn)
    changes = done({"vm1": {"memory_mib": 96}, "vm2": {"memory_mib": 64}})
    now = everything(conn)

    assert changes == {"vm1.memory_mib": {"old": 64, "new": 96, "impact": "next-boot"}}
    assert now["vm2"] == before["vm2"]
    assert now["vm1"][1:] == before["vm1"][1:]


def test_h1_what_failed_is_tried_again(bring, done, daemon):
    wish = {"vm1": BASE | {"kernel": str(daemon.home / "kernel"), "running": True}}
    failed = bring(wish)
    (daemon.home / "kernel").write_bytes(b"\0" * 8192)

    assert (failed["result"], "vm1.running" in failed["changes"]) == (False, False)
    assert "libvirt refused to start domain vm1" in failed["comment"]
    assert done(wish) == {"vm1.running": {"old": False, "new": True}}


def test_h3_an_empty_wish_changes_nothing(done, conn):
    done({"vm1": BASE})
    before = everything(conn)
    assert done({}) == {}

    assert everything(conn) == before


def test_a_domain_that_somebody_else_made_is_left_alone_until_it_is_adopted(bring, done, conn):
    by_hand(conn)
    before = everything(conn)
    refused = bring({"vm1": {"memory_mib": 96}})

    assert (refused["result"], refused["changes"], everything(conn)) == (False, {}, before)
    assert "adopt: true" in refused["comment"]
    assert bring({"vm1": {"memory_mib": 64, "machine": "q35"}})["changes"] == {}
    assert done({"vm1": {"adopt": True, "memory_mib": 64, "machine": "q35"}}) == {
        "vm1.adopt": {"old": False, "new": True}
    }
    assert conn.lookupByName("vm1").metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, table.MARK[1:].split("}")[0])
    done({"vm1": {"memory_mib": 96}})


def test_a_nic_comes_and_goes(done, conn):
    done({"vm1": BASE | {"nics": {MAC: NIC, OTHER_MAC: OVS}}})
    done({"vm1": {"nics": {MAC: None}}})

    assert host.read(conn)["vm1"]["nics"] == {OTHER_MAC: OVS | {"offloads": True}}


def test_a_nic_on_a_network_is_plugged_into_a_bridge(done, conn):
    by_hand(conn, devices=f"<interface type='network'><mac address='{MAC}'/><source network='default'/></interface>")
    done({"vm1": {"adopt": True, "nics": {MAC: {"bridge": "br-lab"}}}})

    assert "<interface type='bridge'>" in text(conn)
    assert "network='default'" not in text(conn)


def test_a_guest_runs_and_its_definition_changes_for_the_next_boot(done, conn):
    done({"vm1": BASE | {"nics": {MAC: NIC}, "running": True, "serial_log": "/var/log/libvirt/qemu/vm1-console.log"}})
    live = conn.lookupByName("vm1").XMLDesc(0)
    changes = done({"vm1": {"vcpus": 2, "autostart": True, "nics": {MAC: {"model": "e1000"}}}})

    assert {path: change.get("impact") for path, change in changes.items()} == {
        "vm1.vcpus": "next-boot",
        f"vm1.nics.{MAC}.model": "next-boot",
        "vm1.autostart": None,
    }
    assert conn.lookupByName("vm1").XMLDesc(0) == live
    done({"vm1": {"running": False}})
    done({"vm1": {"running": True}})
    assert "<vcpu placement='static'>2</vcpu>" in conn.lookupByName("vm1").XMLDesc(0)


def test_start_and_stop_do_nothing_twice(done, conn):
    done({"vm1": BASE})
    uuid = host.read(conn)["vm1"]["uuid"]

    assert [host.start(conn, "vm1") for _ in range(2)] == [{"started": known, "uuid": uuid} for known in (True, False)]
    assert [host.stop(conn, "vm1") for _ in range(2)] == [{"stopped": known, "uuid": uuid} for known in (True, False)]
    with pytest.raises(Refused, match="start domain never"):
        host.start(conn, "never")


def test_one_bad_domain_of_three_fails_alone(bring, conn):
    wish = {"vm1": BASE, "bad": BASE | {"machine": "abacus"}, "vm3": BASE | {"running": True}}
    made = bring(wish)

    assert made["result"] is False
    assert "libvirt refused to define domain bad" in made["comment"]
    assert {path.split(".")[0] for path in made["changes"]} == {"vm1", "vm3"}
    assert set(host.read(conn)) == {"vm1", "vm3"}
    assert {path.split(".")[0] for path in bring(wish)["changes"]} == set()


def test_all_refusals_come_in_one_error(bring):
    comment = bring({"bad1": BASE | {"machine": "abacus"}, "bad2": BASE | {"nics": {MAC: {}}}, "vm3": BASE})["comment"]

    assert comment.startswith("2 domains could not be changed")
    assert "bad1" in comment
    assert "bad2" in comment


def test_a_domain_that_went_in_the_middle_is_no_error(conn, bring):
    bring({"vm1": BASE})
    domain = conn.lookupByName("vm1")
    domain.undefine()

    assert host._read(conn, domain, set()) is None
    host.write(conn, [Change(("vm1",), {}, None)])


def test_the_identity_is_read_by_qemu_and_never_in_the_xml(done, conn, daemon):
    directory = daemon.home / "identities"
    identity.make("vm1", salt.crypt.gen_keys(2048)[1], directory)
    pem = directory / "vm1/minion.pem"
    secret = pem.read_text()
    done({"vm1": BASE | {"fw_cfg": {"opt/lab/minion.pem": {"file": str(pem)}}, "running": True}})

    owner, mode = pem.stat().st_uid, pem.stat().st_mode & 0o777
    assert (owner != 0, mode) == (True, 0o600)  # libvirt gave it to the user of QEMU, for as long as it runs
    assert secret.splitlines()[3] not in str(everything(conn)) + str(host.read(conn))
    done({"vm1": {"running": False}})
    assert (pem.stat().st_uid, pem.read_text()) == (0, secret)


def test_a_guest_that_runs_is_started_again_with_another_identity(done, conn, daemon):
    directory, master = daemon.home / "identities", salt.crypt.gen_keys(2048)[1]
    identity.make("vm1", master, directory)
    pem = directory / "vm1/minion.pem"
    done({"vm1": BASE | {"fw_cfg": {"opt/lab/minion.pem": {"file": str(pem)}}, "running": True}})
    identity.make("vm1", master, directory)
    secret = pem.read_text()
    host.stop(conn, "vm1")

    assert host.start(conn, "vm1")["started"] is True
    assert (pem.stat().st_uid != 0, pem.read_text()) == (True, secret)


def test_the_serial_log_is_kept(done, conn, daemon):
    path = "/var/log/libvirt/qemu/vm1-console.log"
    done({"vm1": BASE | {"serial_log": path, "running": True}})
    outside = Path(f"{daemon.home}{path}")

    assert host.read_one(conn, "vm1")["serial_log"] == path
    assert f"<log file='{path}' append='on'/>" in text(conn)
    assert console.tail(outside) == []
    outside.write_bytes(b"Kernel panic\n")
    assert console.tail(outside) == ["Kernel panic"]


def test_a_dead_libvirt_is_named_with_its_uri_and_nothing_is_printed(tmp_path, capfd):
    uri = f"qemu+unix:///system?socket={tmp_path}/none"
    with pytest.raises(Unreachable) as caught, host.connect(uri):
        pass

    assert uri in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_libvirt_that_dies_meanwhile_is_unreachable():
    with libvirtd() as own, host.connect(own.uri) as conn:
        host.write(conn, list(diff({}, {"vm1": BASE})))
        own.kill()
        for call in (partial(host.read, conn), partial(host.write, conn, list(diff({}, {"vm2": BASE})))):
            with pytest.raises(Unreachable, match="is libvirtd up"):
                call()


def test_without_kvm_a_domain_of_no_stated_type_is_emulated(conn, done):
    done({"vm1": {"memory_mib": 64}})

    assert host.read(conn)["vm1"]["type"] == "qemu"


def test_a_libvirtd_that_is_killed_in_the_middle_of_a_write_is_no_loss():
    wish = {f"vm{n}": BASE | {"title": str(n)} for n in range(150)}
    with libvirtd() as own:
        thing = partial(Things, "lab:domains", Domains, impact=rules.impact)
        with host.connect(own.uri) as conn:
            host.write(conn, list(diff({}, {"vm0": BASE | {"title": "old", "running": True}})))
            ident = conn.lookupByName("vm0").UUIDString()
            told = threading.Thread(target=_killed_in_between, args=(own,))
            told.start()
            failed = converge(thing(read=partial(host.read, conn), write=partial(host.write, conn)), wish, False)
            told.join()
        own.start()
        until(lambda: _answers(own.uri), 60, "libvirtd")
        with host.connect(own.uri) as conn:
            half = len(conn.listAllDomains())
            asked = partial(lambda conn: seen.as_asked(host.read(conn), wish), conn)
            made, again = (converge(thing(read=asked, write=partial(host.write, conn)), wish, False) for _ in range(2))
            names, vm0 = [one.name() for one in conn.listAllDomains()], conn.lookupByName("vm0")

            assert failed["result"] is False
            assert "is libvirtd up" in failed["comment"]
            assert 30 <= half < 150
            assert (made["result"], again["result"], again["changes"]) == (True, True, {}), made["comment"]
            assert sorted(names) == sorted(wish)
            assert (vm0.UUIDString(), vm0.isActive()) == (ident, True)


def _killed_in_between(daemon):
    until(lambda: daemon.calls().count("virDomainDefineXML") > 40, 60, "the middle of the write", longest=0.05)
    daemon.crash()


def _answers(uri):
    with host.connect(uri) as conn:
        return conn.isAlive()
