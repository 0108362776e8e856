"""A guest's share of the host, seen in the kernel's control groups."""

import pytest

from saltext.lab.virt import host, xml
from saltext.lab.virt.devices import Tune
from saltext.lab.virt.rules import WEIGHTS
from tests.support import domains
from tests.support.domains import BASE, DEAF, impacts
from tests.support.libvirtd import libvirtd

MIB = 1 << 20
#: For each field two values, and the file of the kernel that tells it: of v1, else of v2.
TUNES = {
    "cpu_shares": (512, 2048, "cpu.shares", "cpu.weight"),
    "cpu_period_us": (50000, 20000, "vcpu0/cpu.cfs_period_us", "vcpu0/cpu.max"),
    "cpu_quota_us": (25000, 10000, "vcpu0/cpu.cfs_quota_us", "vcpu0/cpu.max"),
    "memory_hard_mib": (512, 640, "memory.limit_in_bytes", "memory.max"),
    "memory_soft_mib": (300, 400, "memory.soft_limit_in_bytes", "memory.high"),
    "blkio_weight": (200, 700, "blkio.bfq.weight", "io.bfq.weight"),
}


@pytest.fixture(autouse=True)
def clean(conn):
    yield
    domains.clean(conn)


def kernel(daemon, field):
    """What the kernel's file for *field* holds for the guest that runs."""
    groups = [guest for group in daemon.groups for guest in group.glob("machine*/*vm1*")]
    found = [group / name for group in groups for name in TUNES[field][2:] if (group / name).exists()]
    return found[0].read_text().strip()


def says(field, value, told):
    """Whether *told* by the kernel is *value* of *field*."""
    scale = MIB if field.startswith("memory") else 1
    return str(value * scale) in told.split()


def test_no_field_is_left_out():
    assert set(TUNES) == set(Tune.model_fields)


def test_each_share_is_in_the_kernel_at_once_when_it_is_stated_changed_and_taken_away(done, conn, daemon):
    done({"vm1": DEAF})
    usual = {field: kernel(daemon, field) for field in TUNES}
    for n in (0, 1):
        changed = done({"vm1": {"tune": {field: of[n] for field, of in TUNES.items()}}})
        assert impacts(changed) == {f"vm1.tune.{field}": "live" for field in TUNES}
        for field, of in TUNES.items():
            assert says(field, of[n], kernel(daemon, field)), field
            for flags in (0, 2):
                assert xml.read(conn.lookupByName("vm1").XMLDesc(flags))["tune"][field] == of[n]
    for field in set(TUNES) - WEIGHTS:
        assert impacts(done({"vm1": {"tune": {field: None}}})) == {f"vm1.tune.{field}": "live"}
        assert kernel(daemon, field) == usual[field]


def test_a_weight_stays_until_the_next_start(done, bring, conn, daemon):
    done({"vm1": DEAF})
    usual = {field: kernel(daemon, field) for field in WEIGHTS}
    done({"vm1": {"tune": {field: TUNES[field][0] for field in WEIGHTS}}})
    gone = impacts(done({"vm1": {"tune": dict.fromkeys(WEIGHTS)}}))

    assert gone == {f"vm1.tune.{field}": "next-boot" for field in WEIGHTS}
    assert bring({"vm1": {}})["comment"] == "as wished; vm1 gets tune.blkio_weight, tune.cpu_shares at its next start"
    host.stop(conn, "vm1")
    host.start(conn, "vm1")
    assert {field: kernel(daemon, field) for field in WEIGHTS} == usual
    assert bring({"vm1": {}})["comment"] == "as wished"


def test_a_guest_starts_with_its_shares(done, daemon):
    # Not with memory_hard_mib: for that libvirt needs CAP_SYS_RESOURCE, to let QEMU lock as much.
    fields = set(TUNES) - {"memory_hard_mib"}
    done({"vm1": DEAF | {"tune": {field: TUNES[field][0] for field in fields}}})

    for field in fields:
        assert says(field, TUNES[field][0], kernel(daemon, field)), field


def test_drift_in_the_kernel_is_seen_and_undone(done, conn, daemon):
    done({"vm1": DEAF | {"tune": {"cpu_shares": 512}}})
    conn.lookupByName("vm1").setSchedulerParametersFlags({"cpu_shares": 2048}, 1)
    assert says("cpu_shares", 2048, kernel(daemon, "cpu_shares"))

    assert impacts(done({"vm1": {"tune": {"cpu_shares": 512}}})) == {"vm1.tune.cpu_shares": "live"}
    assert says("cpu_shares", 512, kernel(daemon, "cpu_shares"))


def test_what_the_kernel_has_no_controller_for_is_refused_by_name_and_tried_again():
    with libvirtd(controllers=False) as bare, host.connect(bare.uri) as conn:
        bring = domains.bring_by(conn)
        bring({"vm1": DEAF, "vm2": BASE})
        for field, (value, *_) in TUNES.items():
            for _ in range(2):
                refused = bring({"vm1": {"tune": {field: value}}})
                assert (refused["result"], refused["changes"]) == (False, {}), field
                assert f"libvirt refused to change tune.{field} of domain vm1 while it runs" in refused["comment"]
            bring({"vm1": {"tune": {field: None}}})
        refused = bring({"vm2": {"tune": {"memory_hard_mib": 256}, "running": True}})
        assert "libvirt refused to start domain vm2" in refused["comment"]
