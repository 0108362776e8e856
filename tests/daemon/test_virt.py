"""``lab_virt`` on a real libvirtd with its QEMU driver.  V1 … H3 are rows of what older modules got wrong."""

import threading
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt
import pytest
import salt.crypt

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.plan import Change, diff
from saltext.lab.virt import console, host, identity, power, table
from saltext.lab.wait import until
from tests.support import domains
from tests.support.domains import BASE, MAC, NIC, OTHER_MAC, OVS, bring_by, everything, text
from tests.support.libvirtd import libvirtd, pids_in

#: What a look may call in libvirtd; everything else is a write.
LOOKS = {
    "virConnectListAllDomains",
    "virDomainGetXMLDesc",
    "virDomainGetID",
    "virDomainLookupByUUID",
    "virDomainIsActive",
}


@pytest.fixture(autouse=True)
def clean(conn):
    yield
    domains.clean(conn)


def elements(text):
    """Each element of an XML *text* by itself."""
    return {(one.tag, *sorted(one.items()), (one.text or "").strip()) for one in ET.fromstring(text).iter()}


def by_hand(conn, name="vm1", devices="", more=""):
    machine = "<memory>65536</memory><os><type machine='q35'>hvm</type></os>"
    return conn.defineXML(
        f"<domain type='qemu'><name>{name}</name>{machine}{more}<devices>{devices}</devices></domain>"
    )


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


def test_v3_autostart_is_set_at_creation_and_the_second_run_is_empty(done, conn):
    done({"vm1": BASE | {"autostart": True}})

    assert conn.lookupByName("vm1").autostart() == 1


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
    done({"vm1": {"adopt": True, "title": "x", "fw_cfg": {"opt/a": {"value": "1"}}, "nics": {MAC: NIC}}})
    done({"vm1": {"title": None, "fw_cfg": {"opt/a": None}, "nics": {MAC: None}}})
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


def test_v10_a_domain_takes_its_uefi_variables_with_it(done, daemon):
    done({"vm1": BASE | {"firmware": "uefi", "running": True}})
    variables = daemon.home / "var/lib/libvirt/qemu/nvram/vm1_VARS.fd"
    assert variables.exists()
    done({"vm1": None})

    assert not variables.exists()


def test_v10_a_domain_without_a_definition_is_gone_with_its_guest(done, conn):
    done({"vm1": BASE | {"running": True}})
    conn.lookupByName("vm1").undefine()  # from now on there is only the guest
    host.write(conn, [Change(("vm1",), {}, None)])

    assert conn.listAllDomains() == []


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
    assert now[1] == before[1]
    assert now[0]["vm2"] == before[0]["vm2"]


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


@pytest.fixture
def born(done, daemon):
    """A function that defines vm1, which boots *boot*, with a fresh key; it returns the file of that key."""

    def born(boot):
        directory = daemon.home / "identities"
        identity.make("vm1", salt.crypt.gen_keys(2048)[1], directory)
        pem = directory / "vm1/minion.pem"
        done({"vm1": BASE | {"boot": boot, "fw_cfg": {"opt/lab/minion.pem": {"file": str(pem)}}}})
        return pem

    return born


def test_the_key_of_a_guest_that_keeps_nothing_goes_when_it_runs_and_is_in_its_memory(born, conn, daemon):
    pem = born(["network"])
    secret = pem.read_bytes()
    assert power.start(conn, "vm1", daemon.home / "identities")["started"] is True

    assert not pem.exists()
    until(lambda: secret in memory_of(daemon, "vm1"), 10, "the key in its memory")
    conn.lookupByName("vm1").reset()
    until(lambda: secret in memory_of(daemon, "vm1"), 10, "the key in its memory after a reset")
    assert host.stop(conn, "vm1")["stopped"] is True
    with pytest.raises(Refused, match=r"minion\.pem"):  # it would come with a key that was used
        power.start(conn, "vm1", daemon.home / "identities")
    identity.make("vm1", salt.crypt.gen_keys(2048)[1], daemon.home / "identities")
    assert power.start(conn, "vm1", daemon.home / "identities")["started"] is True


def test_the_key_of_a_guest_with_a_disk_stays_for_its_next_start(born, conn, daemon):
    pem = born(["network", "hd"])
    for _ in range(2):
        assert power.start(conn, "vm1", daemon.home / "identities")["started"] is True
        host.stop(conn, "vm1")

    assert pem.exists()


def test_a_libvirt_that_is_killed_finds_a_guest_again_whose_key_is_gone():
    with libvirtd() as own:
        identity.make("vm1", salt.crypt.gen_keys(2048)[1], own.home / "ids")
        told = {"opt/lab/minion.pem": {"file": str(own.home / "ids/vm1/minion.pem")}}
        with host.connect(own.uri) as conn:
            bring_by(conn)({"vm1": BASE | {"boot": ["network"], "fw_cfg": told}})
            power.start(conn, "vm1", own.home / "ids")
        own.crash()
        own.start()
        until(lambda: _answers(own.uri), 60, "libvirtd")
        with host.connect(own.uri) as conn:
            assert host.read(conn)["vm1"]["running"] is True
            assert host.stop(conn, "vm1")["stopped"] is True


def memory_of(daemon, name):
    """Return what QEMU of domain *name* has in its heap."""
    [pid] = [pid for pid in pids_in(daemon.home) if f"guest={name}," in Path(f"/proc/{pid}/cmdline").read_text()]
    heap = next(line for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if line.endswith("[heap]"))
    begin, end = (int(word, 16) for word in heap.split()[0].split("-"))
    with open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(begin)
        try:
            return memory.read(end - begin)
        except OSError:  # the heap has become smaller meanwhile
            return b""


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
        with host.connect(own.uri) as conn:
            host.write(conn, list(diff({}, {"vm0": BASE | {"title": "old", "running": True}})))
            ident = conn.lookupByName("vm0").UUIDString()
            told = threading.Thread(target=_killed_in_between, args=(own,))
            told.start()
            failed = bring_by(conn)(wish)
            told.join()
        own.start()
        until(lambda: _answers(own.uri), 60, "libvirtd")
        with host.connect(own.uri) as conn:
            half = len(conn.listAllDomains())
            made, again = (bring_by(conn)(wish) for _ in range(2))
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
