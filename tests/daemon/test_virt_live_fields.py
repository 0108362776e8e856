"""When a change of each field of a domain and of its disks takes effect in a guest that runs."""

from string import ascii_lowercase

import pytest

from saltext.lab.virt import host, xml
from saltext.lab.virt.devices import Disk
from saltext.lab.virt.model import Domain
from tests.support import domains
from tests.support.domain_values import DISK_BASE, DISK_VALUES, DOMAIN_BASE, VALUES
from tests.support.domains import BASE, DEAF, impacts

#: What a running guest, or libvirt for it, has at once; all else waits for its next start.
AT_ONCE = {"spec", "spec_hash", "start_order", "title", "autostart", "tune", "vcpus"}
#: What has no second value, cannot change, or is tested by itself.
ELSEWHERE = {"adopt", "type", "uuid", "on_change", "running", "disks", "nics", "hostdevs"}
#: The same of a disk.
DISK_AT_ONCE = {"iops", "bytes_per_s", "size_mib"}
#: What has no server, pool or image here: the guest cannot start with it.
NOT_HERE = {"block", "pool", "volume", "protocol", "name", "hosts", "auth_user", "auth_secret"}
NOT_HERE |= {"format", "backing", "backing_format"}


@pytest.fixture(autouse=True)
def clean(conn):
    yield
    domains.clean(conn)


@pytest.fixture(scope="module")
def images(daemon):
    """Empty files that are disks."""
    home = daemon.home / "images"
    home.mkdir(mode=0o755)
    for name in ascii_lowercase:
        with (home / name).open("wb") as file:
            file.truncate(8 << 20)
    return home


def guest(conn, name="vm1"):
    """What the guest runs with."""
    return xml.read(conn.lookupByName(name).XMLDesc())


def test_each_field_of_a_domain_changes_when_it_is_told(done, bring, conn):
    fixed = {"vcpus": 1, "vcpus_max": 8, "pcie_ports": 2, "balloon": False, "spec": "attic", "spec_hash": "a1"}
    done({"vm1": DEAF | fixed})
    before = guest(conn)
    for field in [field for field in Domain.model_fields if field not in ELSEWHERE]:
        value = _another(field, host.read(conn)["vm1"].get(field))
        text = domains.text(conn)
        changed = impacts(done({"vm1": DOMAIN_BASE.get(field, {}) | {field: value}}))
        when = "live" if field in AT_ONCE else "next-boot"
        assert {when} == {its for path, its in changed.items() if path.startswith(f"vm1.{field}")}, field
        if when == "live":
            before = guest(conn)
            continue
        comment = bring({"vm1": {}})["comment"]
        assert comment.startswith("as wished; vm1 gets "), field
        assert field in comment, field
        assert guest(conn) == before, field
        conn.defineXML(text)
        assert bring({"vm1": {}})["comment"] == "as wished", field


def test_a_domain_that_is_off_has_each_change_at_once(done):
    done({"vm1": BASE})
    wish = {"memory_mib": 96, "vcpus": 2, "clock": "localtime", "cmdline": "quiet", "rng": True}

    assert impacts(done({"vm1": wish})) == {f"vm1.{field}": "live" for field in wish}


def test_memory_beyond_what_the_guest_was_started_with_waits_for_the_next_start(done):
    done({"vm1": DEAF | {"balloon": True}})

    assert impacts(done({"vm1": {"memory_mib": 96}})) == {"vm1.memory_mib": "next-boot"}


def _another(field, than):
    if field == "machine":  # q35 means any version of it
        return VALUES[field][1]
    return next(value for value in VALUES[field] if value is not None and value != than)


def test_each_field_of_a_disk_changes_when_it_is_told(done, bring, conn, images):
    disks = dict(zip(Disk.model_fields, (f"vd{letter}" for letter in ascii_lowercase), strict=False))
    before = {dev: {"file": f"{images}/{dev[-1]}", "bus": "virtio", "format": "raw"} for dev in disks.values()}
    before[disks["device"]]["bus"] = "sata"
    done({"vm1": DEAF | {"pcie_ports": len(disks) + 2, "disks": before}})
    wish = {dev: _change(field, images) for field, dev in disks.items()}
    was, changed, now = guest(conn)["disks"], impacts(done({"vm1": {"disks": wish}})), guest(conn)["disks"]
    comment = bring({"vm1": {}})["comment"]

    for field, dev in disks.items():
        at_once = field in DISK_AT_ONCE
        assert changed[f"vm1.disks.{dev}.{field}"] == ("live" if at_once else "next-boot")
        assert (f"disks.{dev}" in comment) is not at_once, field
        assert now[dev] == was[dev] | (wish[dev] if at_once and field != "size_mib" else {}), field
    host.stop(conn, "vm1")
    done({"vm1": {"disks": {disks[field]: None for field in NOT_HERE}, "running": True}})
    now = guest(conn)["disks"]
    for field in disks.keys() - NOT_HERE - {"size_mib"}:
        assert now[disks[field]].items() >= wish[disks[field]].items(), field


def _change(field, images):
    """Another value of *field*, and what it needs beside it."""
    if field == "size_mib":
        return {field: 16}
    needs = {key: value for key, value in DISK_BASE.get(field, {}).items() if key not in {"file", "bus", "serial"}}
    if field not in NOT_HERE:
        needs.pop("format", None)
    values = {"file": f"{images}/z", "bus": "sata", "device": "cdrom", "format": "qcow2"}
    return needs | {field: values.get(field, DISK_VALUES[field][0] if field in DISK_VALUES else None)}
