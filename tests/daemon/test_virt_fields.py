"""Each field of a domain and its devices is defined, changed and taken away on a real libvirtd."""

import pytest

from saltext.lab.virt import host
from saltext.lab.virt.devices import Disk, FwCfg, Nic
from saltext.lab.virt.model import Domain
from tests.support import domains
from tests.support.domain_values import (
    DISK,
    DISK_BASE,
    DISK_VALUES,
    DOMAIN_BASE,
    FW_CFG_VALUES,
    NIC_BASE,
    NIC_VALUES,
    VALUES,
)
from tests.support.domains import BASE, MAC, NIC, OTHER_MAC, OVS

#: What a guest that runs needs a file, a device or a cgroup for that is not here.
NOT_HERE = {"kernel", "initrd", "cmdline", "nvram", "hugepages", "disks", "filesystems", "hostdevs", "fw_cfg", "tune"}


@pytest.fixture(autouse=True)
def clean(conn):
    yield
    domains.clean(conn)


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
