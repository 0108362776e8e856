"""``lab_virt`` changes guests while they run; what a real guest sees of it is on its serial port."""

from pathlib import Path

import pytest

from saltext.lab.errors import Refused
from saltext.lab.virt import host, restart
from saltext.lab.wait import until
from tests.support import domains, guest
from tests.support.domains import DEAF, MAC, NIC, OTHER_MAC, SHORT, impacts

VLAN_MAC, SHARED_MAC = "52:54:00:00:00:03", "52:54:00:00:00:04"
LOG = "/var/log/libvirt/qemu/vm1-console.log"


@pytest.fixture
def done(done):
    """A function that brings the domains to a wish, as told under test and only once; it returns the impacts."""
    return lambda wish: impacts(done(wish))


@pytest.fixture(autouse=True)
def clean(conn):
    yield
    domains.clean(conn, but=("vm1",))


@pytest.fixture(scope="module")
def files(daemon):
    """Kernel, initrd and disks of real guests."""
    return guest.furnished(daemon.home / "guest")


@pytest.fixture
def sees(daemon, files, done, conn):
    """A function that waits until the guest vm1, started if need be, sees what it is told."""
    log = Path(f"{daemon.home}{LOG}")
    if not [one for one in conn.listAllDomains() if one.name() == "vm1" and one.isActive()]:
        done({"vm1": _guest(files)})

    def sees(**wanted):
        until(lambda: guest.seen(log).items() >= wanted.items(), 60, f"{wanted} in {log}")

    until(lambda: ",1," in guest.seen(log).get("eth0", ""), 60, f"a guest that is up, in {log}")
    return sees


def _guest(files):
    return {
        "type": "qemu",
        "memory_mib": 128,
        "memory_max_mib": 256,
        "vcpus": 1,
        "vcpus_max": 2,
        "machine": "q35",
        "pcie_ports": 8,
        "kernel": str(files / "vmlinuz"),
        "initrd": str(files / "initrd.img"),
        "cmdline": "console=ttyS0 quiet",
        "serial_log": LOG,
        "balloon": True,
        "agent": True,
        "running": True,
        "disks": {"vda": {"file": str(files / "vda"), "bus": "virtio", "format": "raw"}},
        "nics": {MAC: NIC},
    }


def test_more_memory_is_there_without_a_reboot(sees, done, conn, daemon):
    before = int(guest.seen(f"{daemon.home}{LOG}")["mem"])
    assert done({"vm1": {"memory_mib": 192}}) == {"vm1.memory_mib": "live"}

    sees(mem=str(before + 64))
    assert "<currentMemory unit='KiB'>196608<" in conn.lookupByName("vm1").XMLDesc(2)
    assert "live" not in host.read(conn)["vm1"]


def test_another_cpu_is_there_without_a_reboot(sees, done, conn):
    assert done({"vm1": {"vcpus": 2}}) == {"vm1.vcpus": "live"}

    sees(cpus="2")
    assert "<vcpu placement='static'>2<" in conn.lookupByName("vm1").XMLDesc(2)


def test_a_disk_grows_under_the_guest_and_never_shrinks(sees, done, bring):
    assert done({"vm1": {"disks": {"vda": {"size_mib": 16}}}}) == {"vm1.disks.vda.size_mib": "live"}
    sees(vda="16")
    refused = bring({"vm1": {"disks": {"vda": {"size_mib": 8}}}})

    assert (refused["result"], refused["changes"]) == (False, {})
    assert "vm1.disks.vda.size_mib cannot change" in refused["comment"]


def test_a_card_comes_loses_its_link_and_goes(sees, done, conn, daemon):
    plugged = done({"vm1": {"nics": {OTHER_MAC: NIC}}})
    sees(eth1=f"{OTHER_MAC},1,frames")  # what the first card sends reaches the second one by the bridge
    turned = done({"vm1": {"nics": {OTHER_MAC: {"link": "down"}}}})
    sees(eth1=f"{OTHER_MAC},0,frames")
    pulled = done({"vm1": {"nics": {OTHER_MAC: None}}})
    until(lambda: "eth1" not in guest.seen(f"{daemon.home}{LOG}"), 30, "the end of eth1")

    assert {*plugged.values(), *turned.values(), *pulled.values()} == {"live"}
    for flags in (0, 2):
        assert OTHER_MAC not in conn.lookupByName("vm1").XMLDesc(flags)


def test_a_disk_comes_and_goes(sees, done, files, daemon):
    disk = {"file": str(files / "vdb"), "bus": "virtio", "format": "raw", "serial": "WD-1"}
    assert set(done({"vm1": {"disks": {"vdb": disk}}}).values()) == {"live"}
    sees(vdb="8")
    assert set(done({"vm1": {"disks": {"vdb": {"iops": 1000}}}}).values()) == {"live"}
    assert set(done({"vm1": {"disks": {"vdb": None}}}).values()) == {"live"}
    until(lambda: "vdb" not in guest.seen(f"{daemon.home}{LOG}"), 30, "the end of vdb")


def test_v5_another_vlan_is_heard_without_a_reboot(sees, done, conn, daemon):
    daemon.openvswitch()
    card = {"bridge": "br-int", "virtualport": "openvswitch", "model": "virtio", "offloads": False}
    done({"vm1": {"nics": {VLAN_MAC: card | {"tag": 20}}}})
    sees(eth1=f"{VLAN_MAC},1,silence")
    assert not _called(daemon)
    changed = done({"vm1": {"nics": {VLAN_MAC: {"tag": 10}}}})
    assert not _called(daemon)  # there is nobody of that address, but all in the VLAN hear the call
    sees(eth1=f"{VLAN_MAC},1,frames")

    assert changed == {f"vm1.nics.{VLAN_MAC}.tag": "live"}
    done({"vm1": {"nics": {VLAN_MAC: None}}})


def test_a_card_that_shares_an_interface_of_the_host_comes_and_goes(sees, done, conn, daemon):
    daemon.run("sh", "-c", "ip link add low0 type veth peer low1; ip link set low0 up; ip link set low1 up")
    shared = {"direct": "low0", "direct_mode": "bridge", "model": "virtio"}
    plugged = done({"vm1": {"nics": {SHARED_MAC: shared}}})
    until(lambda: f"{SHARED_MAC},1" in str(guest.seen(f"{daemon.home}{LOG}")), 30, "a card in the guest")
    assert "macvtap" in daemon.out("ip", "-d", "link", "show", "type", "macvtap")
    pulled = done({"vm1": {"nics": {SHARED_MAC: None}}})

    assert {*plugged.values(), *pulled.values()} == {"live"}
    assert daemon.out("ip", "-d", "link", "show", "type", "macvtap") == ""


def _called(daemon):
    return daemon.run("ping", "-c", "1", "-W", "1", "10.9.8.9")


def _answers(conn):
    """Wait for the agent in the guest; before it is up, nobody there hears that it shall shut down."""
    until(lambda: "state='connected'" in conn.lookupByName("vm1").XMLDesc(0), 60, "an agent in the guest")


def test_what_cannot_be_done_live_is_pending_until_the_guest_has_booted_into_it(sees, done, bring, conn):
    assert done({"vm1": {"memory_max_mib": 512, "title": "x"}}) == {
        "vm1.memory_max_mib": "next-boot",
        "vm1.title": "live",
    }
    _answers(conn)
    comment = bring({"vm1": {}})["comment"]
    uuid = conn.lookupByName("vm1").UUIDString()
    told = bring({"vm1": {"on_change": "restart"}}, test=True)["changes"]
    restarted = done({"vm1": {"on_change": "restart"}})

    assert comment == "as wished; vm1 gets memory_max_mib at its next start"
    assert told == {"vm1.on_change": {"old": "pending", "new": "restart", "impact": "restart"}}
    assert restarted == {"vm1.on_change": "restart"}
    assert bring({"vm1": {}})["comment"] == "as wished"
    assert conn.lookupByName("vm1").UUIDString() == uuid
    _answers(conn)
    assert done({"vm1": {"on_change": "restart", "memory_max_mib": 256}}) == {"vm1.memory_max_mib": "restart"}


def test_a_guest_that_refuses_an_unplug_gives_false_and_the_next_run_tries_again(done, bring, conn):
    done({"deaf": DEAF | {"nics": {MAC: NIC}}})
    refused, again = (bring({"deaf": {"nics": {MAC: None}}}, patience=SHORT) for _ in range(2))

    for one in (refused, again):
        assert (one["result"], one["changes"]) == (False, {})
    assert f"removal of nics.{MAC} from the guest of domain deaf within 1 s" in refused["comment"]
    assert MAC not in conn.lookupByName("deaf").XMLDesc(2)
    plugged = done({"deaf": {"nics": {OTHER_MAC: NIC}}})  # the definition has the slot free, the guest has not
    assert set(plugged.values()) == {"live"}
    host.stop(conn, "deaf")
    assert bring({"deaf": {"nics": {MAC: None}}})["changes"] == {}


def test_a_guest_that_does_not_shut_down_is_not_killed_for_a_restart(done, bring, conn):
    done({"deaf": DEAF})
    ident = conn.lookupByName("deaf").ID()
    refused = bring({"deaf": {"on_change": "restart", "cmdline": "x", "vcpus": 2}}, patience=SHORT)

    assert refused["result"] is False
    assert "asked to shut down within 1 s" in refused["comment"]
    assert conn.lookupByName("deaf").ID() == ident


def test_a_guest_shuts_down_when_it_is_asked_to_and_one_that_does_not_runs_on(sees, done, conn):
    done({"deaf": DEAF})
    _answers(conn)

    assert [restart.shutdown(conn, "vm1", 30)["stopped"] for _ in range(2)] == [True, False]
    with pytest.raises(Refused, match="domain deaf after it was asked to shut down within 1 s"):
        restart.shutdown(conn, "deaf", 1)
    assert [conn.lookupByName(name).isActive() for name in ("vm1", "deaf")] == [0, 1]


def test_with_on_change_pending_a_guest_is_left_alone(done, bring, conn):
    done({"deaf": DEAF})
    before = conn.lookupByName("deaf").XMLDesc(0)
    impacts = done({"deaf": {"on_change": "pending", "nics": {MAC: NIC}, "title": "x"}})

    assert set(impacts.values()) == {"next-boot"}
    assert conn.lookupByName("deaf").XMLDesc(0) == before
    assert set(done({"deaf": {"nics": {MAC: NIC}, "title": "x"}}).values()) == {"live"}  # now it may
    assert MAC in conn.lookupByName("deaf").XMLDesc(0)


def test_v7_what_failed_live_is_not_taken_as_done(done, bring):
    done({"deaf": DEAF})
    disk = {"file": "/srv/none.img", "bus": "virtio", "format": "raw"}
    for _ in range(2):
        failed = bring({"deaf": {"disks": {"vda": disk}}})
        assert failed["result"] is False
        assert "libvirt refused to change disks.vda of domain deaf while it runs" in failed["comment"]


def test_what_is_refused_live_does_not_stop_the_rest_and_is_all_told(done, bring):
    done({"deaf": DEAF})
    disks = {f"vd{letter}": {"file": f"/srv/{letter}.img", "bus": "virtio", "format": "raw"} for letter in "ab"}
    made = bring({"deaf": {"disks": disks, "title": "x"}})

    assert (made["result"], set(made["changes"])) == (False, {"deaf.title"})
    assert "disks.vda of domain deaf" in made["comment"]
    assert "disks.vdb of domain deaf" in made["comment"]


def test_a_disk_on_a_bus_without_hotplug_waits_for_the_next_boot(done, files):
    done({"deaf": DEAF})
    disk = {"file": str(files / "vdb"), "bus": "sata", "format": "raw"}

    assert set(done({"deaf": {"disks": {"sda": disk}}}).values()) == {"next-boot"}


def test_drift_of_a_guest_that_runs_is_seen_and_undone(done, conn):
    done({"deaf": DEAF | {"nics": {MAC: NIC | {"link": "up"}}}})
    domain = conn.lookupByName("deaf")
    text = domain.XMLDesc(0)
    card = text[text.index("<interface") : text.index("</interface>")] + "</interface>"
    domain.updateDeviceFlags(card.replace("state='up'", "state='down'"), 1)

    assert done({"deaf": {"nics": {MAC: {"link": "up"}}}}) == {f"deaf.nics.{MAC}.link": "live"}


def test_guests_start_in_their_order(done, conn):
    wish = {f"vm{n}0": DEAF | {"start_order": 9 - n} for n in (7, 8, 9)}
    done(wish)

    assert _by_start(wish, conn) == ["vm90", "vm80", "vm70"]
    done({name: {"running": False} for name in wish})
    done({name: {"running": True} for name in wish})  # their order is kept with them
    assert _by_start(wish, conn) == ["vm90", "vm80", "vm70"]


def _by_start(names, conn):
    return sorted(names, key=lambda name: conn.lookupByName(name).ID())
