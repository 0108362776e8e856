"""Broken specs, each with all that is said of it, word by word: tests/corpus has one file for each subject."""

import copy
from pathlib import Path

import pytest
import yaml

from saltext.lab.errors import BadWish
from saltext.lab.plan import merge
from saltext.lab.schema_kind import fields
from saltext.lab.spec import check, host_model, machine_model, model, network_model, source
from tests.support.labs import FULL, PLAIN
from tests.unit import test_spec_blocks
from tests.unit.test_spec_cloud import BROUGHT
from tests.unit.test_spec_netboot import SERVED
from tests.unit.test_spec_networks import ATTIC
from tests.unit.test_spec_storage import STORED

HERE = Path(__file__).parents[2]
LABS = {"plain": PLAIN, "full": FULL, "served": SERVED, "stored": STORED, "brought": BROUGHT, "attic": ATTIC}
LABS |= {"numbered": test_spec_blocks.SPEC}
MODELS = (model.Lab, host_model.Host, machine_model.Vm, machine_model.Class, network_model.Network)
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['case']}")
    for file in sorted((HERE / "tests/corpus").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text())
]
PATCHED = [case.values[0] for case in CASES if "patch" in case.values[0]]


def spec_of(case, root):
    """Return the spec of *case*: a lab with a patch, or files, where the name of a file of ours stands for its text."""
    if "patch" in case:
        return merge(copy.deepcopy(LABS[case["lab"]]), case["patch"])
    for name, text in case["files"].items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / f"{name}.sls").write_text((HERE / text).read_text() if text.endswith(".sls") else text)
    return source.load(root, "mine")


def said(case, root):
    """Return what is said of *case*, the fields of a model as ``{Model}``."""
    with pytest.raises(BadWish) as caught:
        check.checked(spec_of(case, root))
    lines = [str(one) for one in caught.value.mistakes] or [str(caught.value)]
    for one in MODELS:
        lines = [line.replace(f"there are {', '.join(fields(one))}", f"there are {{{one.__name__}}}") for line in lines]
    return lines


@pytest.mark.parametrize("case", CASES)
def test_all_mistakes_are_told_at_once_in_these_words_and_no_other(case, tmp_path):
    assert said(case, tmp_path) == case["told"]


def test_a_program_is_told_path_and_wrong_value():
    patch = {"vms": {"web2": {"address": "lan+21"}}, "hosts": {"hv2": {"mac": 5, "power": {"drivr": "rack"}}}}
    with pytest.raises(BadWish) as caught:
        check.checked(merge(copy.deepcopy(PLAIN), patch))

    assert [(one.shown()["path"], one.shown()["wrong"]) for one in caught.value.mistakes] == [
        *(("lab:hosts:hv2:mac", 5), ("lab:hosts:hv2:power:drivr", None), ("lab:vms:web2:address", "lan+21")),
    ]


@pytest.mark.parametrize("lab", LABS)
def test_the_labs_themselves_are_without_mistakes(lab):
    assert check.checked(LABS[lab])


def test_there_are_no_two_cases_of_one_name():
    names = [case.id for case in CASES]

    assert len(names) >= 80
    assert sorted(names) == sorted(set(names))


def test_every_rule_is_hit_by_a_case():
    """A rule that no case needs is dead, or lacks its case."""
    silent = {*check.RULES, check.check_cloud.secrets}
    for case in PATCHED:
        try:
            lab = check.parse(check.Lab, merge(copy.deepcopy(LABS[case["lab"]]), case["patch"]), "lab")
        except BadWish:
            continue
        if not check.check_references.dangling(lab):
            settled = check.settled(check.blocks.expanded(lab), check.NOTHING)[0]
            silent -= {rule for rule in silent if list(rule(settled))}

    assert {f"{rule.__module__}.{rule.__name__}" for rule in silent} == set()
