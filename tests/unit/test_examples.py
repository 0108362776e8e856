"""Every example lab in pillar/: without mistakes, stable, each secret with its owners, each part as it is used."""

import copy
import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltext.lab.boot.graph import steps
from saltext.lab.errors import BadWish
from saltext.lab.netboot.versions import Stock
from saltext.lab.ovs.model import Bridges
from saltext.lab.plan import merge
from saltext.lab.schema import check, example
from saltext.lab.spec import facts, source
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.spec.model import Lab
from saltext.lab.virt import volume_xml
from saltext.lab.virt.model import Domains
from saltext.lab.virt.pool_model import Pools
from saltext.lab.virt.secret_model import Secrets
from saltext.lab.virt.volume_model import Images, Volumes
from tests.support.labs import IMAGES

HERE = Path(__file__).parents[2]
FILES = sorted(path for path in (HERE / "pillar").glob("*.sls") if path.stem != "top")
SPECS = {path.stem: source.load(HERE / "pillar", path.stem) for path in FILES}
LABS = {name: checked(spec) for name, spec in SPECS.items()}
SLICES = {name: compile(lab, Stock(IMAGES)) for name, lab in LABS.items()}
#: What each state takes of a slice: the salt/*/init.sls of its formula hands it on as it is.
TAKEN = {
    ("ovs", "bridges"): Bridges,
    ("virt", "domains"): Domains,
    ("virt", "pools"): Pools,
    ("virt", "secrets"): Secrets,
    ("virt", "disk_images"): Images,
    ("virt", "volumes"): Volumes,
}
#: Whose entries may come and go without any other noticing, beside those whose work it is to know them all.
PARTS = ("hosts", "vms", "classes", "blocks", "pools", "images", "secrets", "networks")


#: The parts of the spec whose entries are secret as a whole, and their models.
HIDDEN = {
    part: model
    for part, info in Lab.model_fields.items()
    if getattr(model := (get_args(info.annotation) or [None])[-1], "hidden", False)
}


def labs():
    return pytest.mark.parametrize("name", SPECS)


def test_these_are_the_examples():
    assert set(SPECS) == {
        *("demo", "attic", "attic-ceph", "boots", "stick", "blocks", "rack", "two-masters", "clusters"),
    }


@labs()
def test_a_slice_is_plain_data(name):
    assert json.loads(json.dumps(SLICES[name])) == SLICES[name]


@labs()
def test_every_machine_has_its_slice_and_its_step(name):
    lab = LABS[name]

    assert set(SLICES[name]) == facts.minions(lab, ("physical", "virtual"))
    assert {step.machine for step in steps(lab)} == {lab.name, *lab.hosts, *lab.vms}


@labs()
def test_every_slice_is_accepted_by_the_models_of_the_states_that_use_it(name):
    for minion, part in SLICES[name].items():
        for (key, inner), kind in TAKEN.items():
            if wish := part.get(key, {}).get(inner):
                flat = volume_xml.flat(wish) if kind in (Images, Volumes) else wish  # as _states/lab_virt.py does
                assert check(kind, flat, f"{minion}:{key}:{inner}").keys() == flat.keys()


@labs()
def test_every_formula_that_a_slice_names_is_there(name):
    roles = {role for part in SLICES[name].values() for role in part["roles"]}

    assert [role for role in roles if not (HERE / "salt" / role / "init.sls").exists()] == []


# Stable


def shuffled(data, spec):
    """Return *spec* with the entries of each of its parts in another order."""
    return {
        key: {name: part[name] for name in data.draw(st.permutations(list(part)))} if isinstance(part, dict) else part
        for key, part in spec.items()
    }


@labs()
@settings(max_examples=10)
@given(data=st.data())
def test_the_order_of_entries_does_not_matter(name, data):
    assert compile(checked(shuffled(data, SPECS[name])), Stock(IMAGES)) == SLICES[name]


def alone(minion, part):
    """Return what of a slice is about *minion* itself: what it does for others may change when these do."""
    own = {
        key: value for key, value in part.items() if key not in ("netboot", "ovs", "links", "ceph", "virt", "members")
    }
    return own | {"domains": part.get("virt", {}).get("domains", {})}


@labs()
@settings(max_examples=20)
@given(data=st.data())
def test_who_stays_does_not_notice_that_others_go(name, data):
    """An entry that something else names cannot go alone: then nothing is compiled at all."""
    part = data.draw(st.sampled_from([key for key in PARTS if SPECS[name].get(key)]))
    gone = data.draw(st.sampled_from(list(SPECS[name][part])))
    try:
        after = compile(checked(merge(copy.deepcopy(SPECS[name]), {part: {gone: None}})), Stock(IMAGES))
    except BadWish:
        return
    for minion in after:
        now, before = alone(minion, after[minion]), alone(minion, SLICES[name][minion])
        left = {vm: wish for vm, wish in before["domains"].items() if vm in after}
        assert now == before | {"domains": left}


# Secrets


def marked(name):
    """Return the spec *name* with a secret in each place for one, and ``[(part, secret, who may have it)]``."""
    spec, lab, found = copy.deepcopy(SPECS[name]), LABS[name], []
    for part, model in HIDDEN.items():
        key = next(name.removesuffix("_file") for name in model.model_fields if name.endswith("_file"))
        for one, stated in (spec.setdefault(part, {}) | {"spare": example(model)}).items():
            secret = f"AQB{one}SdFhlAAAAABAAfakefakefakefakefakefakefake=="
            spec[part][one] = {of: text for of, text in stated.items() if of != f"{key}_file"} | {key: secret}
            found.append((part, secret, users(lab, one) if part == "secrets" else set()))
    of_class = {one: {of for of, part in SLICES[name].items() if part.get("class") == one} for one in lab.classes}
    for part, owners in (
        ("classes", of_class),
        ("vms", {one: {one} & SLICES[name].keys() for one in spec.get("vms", {})}),
    ):
        for one in spec.get(part, {}):
            secret = f"correct-horse-{part}-{one}-battery"
            spec[part][one]["data"] = merge(spec[part][one].get("data", {}), {"login": {part: secret}})
            found.append((part, secret, owners[one]))
    return spec, found


def users(lab, secret):
    """Return the hypervisors of the VMs with a disk in a pool that logs in with *secret*."""
    pools = {pool for pool in lab.pools if (login := facts.pool_login(lab, pool)) and login.secret == secret}
    return {vm.host for name, vm in lab.vms.items() if disks_in(lab, name, pools)}


def disks_in(lab, vm, pools):
    return any(disk.pool in pools for disk in facts.disks(lab, vm).values())


@labs()
def test_a_secret_is_in_the_slices_of_its_owners_and_in_no_other(name):
    spec, secrets = marked(name)
    held = {minion: json.dumps(part) for minion, part in compile(checked(spec), Stock(IMAGES)).items()}

    for _, secret, owners in secrets:
        assert {minion for minion, text in held.items() if secret in text} == owners


def test_some_example_has_a_secret_of_each_kind():
    assert {part for name in SPECS for part, _, owners in marked(name)[1] if owners} == {"secrets", "classes", "vms"}


# Each of them


def test_a_guest_of_the_rack_differs_by_the_name_of_its_disk_alone_from_one_on_the_first_level():
    second = SLICES["rack"]["compute1"]["virt"]
    spec = merge(copy.deepcopy(SPECS["rack"]), {"classes": {"node": {"level": 1}}})
    first = compile(checked(spec), Stock(IMAGES))["compute1"]["virt"]
    vda, sda = second["domains"]["node1"]["disks"].pop("vda"), first["domains"]["node1"]["disks"].pop("sda")

    assert first == second
    assert (vda.pop("bus"), sda.pop("bus")) == ("virtio", "sata")
    assert vda == sda


def test_the_eight_machines_of_the_rack_boot_into_memory():
    lab, boot = LABS["rack"], SLICES["rack"]["nb1"]["netboot"]["nginx"]["boot"]
    eight = {name: host for name, host in lab.hosts.items() if host.parts}

    assert len(eight) == 8
    for name, host in eight.items():
        script = boot[host.address.split("+")[0]][f"mac-{host.mac.replace(':', '-')}.ipxe"]
        assert f"lab.id={name} " in script


def test_numbered_machines_are_known_before_they_are_there():
    known = SLICES["blocks"]["desk1"]["members"]

    assert [known["node"][name] for name in ("node101", "node120")] == [
        {"address": "10.10.0.101", "mac": "52:54:00:00:00:65"},
        {"address": "10.10.0.120", "mac": "52:54:00:00:00:78"},
    ]
    assert {group: len(its) for group, its in known.items()} == {"node": 20, "disked": 3, "guest": 2}
    assert "members" not in SLICES["blocks"]["node101"]


def test_each_block_has_its_own_way_to_boot():
    boot = SLICES["blocks"]["nb1"]["netboot"]["nginx"]["boot"]["lan"]

    assert "lab.id=node101 " in boot["mac-52-54-00-00-00-65.ipxe"]
    assert "lab.id" not in boot["mac-52-54-00-01-00-01.ipxe"]
    assert "class-compute.ipxe" in boot["block-rest.ipxe"]


def test_the_attic_with_ceph_is_the_attic_and_more():
    changed = {minion for minion, part in SLICES["attic-ceph"].items() if part != SLICES["attic"][minion]}

    assert SLICES["attic-ceph"].keys() == SLICES["attic"].keys()
    assert changed == {"hv1", "hv2"}
    assert SLICES["attic-ceph"]["hv2"]["virt"]["domains"]["nas1"]["disks"]["vda"]["name"] == "vms/nas1-vda"


# Schema


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_editor_finds_the_schema(path):
    modeline = path.read_text().splitlines()[0]

    assert modeline.startswith("# yaml-language-server: $schema=")
    assert (path.parent / modeline.partition("=")[2]).resolve() == HERE / "docs/reference/spec.schema.json"


@labs()
def test_the_schema_accepts_it_and_refuses_a_typo(name):
    validator = jsonschema.Draft202012Validator(json.loads((HERE / "docs/reference/spec.schema.json").read_text()))

    assert [error.message for error in validator.iter_errors({"lab": json.loads(json.dumps(SPECS[name]))})] == []
    assert list(validator.iter_errors({"lab": SPECS[name] | {"vmss": {}}}))
