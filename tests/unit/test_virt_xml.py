"""The table of domain XML and the model: one cannot say what the other does not know."""

import types
import typing
from xml.etree import ElementTree as ET

import pytest
from annotated_types import Ge, Le
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints

from saltext.lab.plan import diff, merge
from saltext.lab.schema import check, example
from saltext.lab.virt import rules, table, xml
from saltext.lab.virt.model import Domain, Domains, FwCfg, Mac, Name, Nic, Uuid

UNKNOWN = """
<domain type='qemu'><name>vm1</name><memory unit='KiB'>65536</memory>
  <vcpu placement='static' cpuset='0-1' current='1'>2</vcpu>
  <metadata><other:thing xmlns:other='http://other.example'/></metadata>
  <sysinfo type='smbios'><oemStrings><entry>role=web</entry></oemStrings></sysinfo>
  <os><type machine='pc-q35-7.2'>hvm</type><bootmenu enable='yes'/></os>
  <cpu mode='custom'><model>EPYC</model><feature policy='require' name='svm'/></cpu>
  <devices><watchdog model='i6300esb'/>
    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><driver queues='4'/></interface>
  </devices></domain>"""
KEPT = ("oemStrings", "bootmenu", "svm", "i6300esb", "other.example", "cpuset", "queues")


def wishes(kind):
    """A strategy for what fits *kind*: a field's type, or a model."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Mac:
        return st.from_regex(r"52:54:00(:[0-9a-f]{2}){3}", fullmatch=True)
    if kind is Uuid:
        return st.uuids().map(str)
    if origin is typing.Annotated:
        return _limited(inner)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([st.none() if part is type(None) else wishes(part) for part in inner])
    if origin is typing.Literal:
        return st.sampled_from(inner)
    if origin is dict:
        return st.dictionaries(wishes(inner[0]), wishes(inner[1]), max_size=3)
    return st.booleans() if kind is bool else _model(kind)


def _limited(inner):
    limits = next(part for part in inner[1:] if isinstance(part, StringConstraints))
    texts = st.from_regex(limits.pattern.replace("$", r"\Z"), alphabet=st.characters(codec="ascii"))
    return texts.filter(lambda text: len(text) <= (limits.max_length or 200) and text.isprintable())


def _model(kind):
    if kind is FwCfg:
        return st.sampled_from([{"file": "/srv/a"}, {"file": "/srv/b"}, {"value": "blue"}])
    assert issubclass(kind, BaseModel)
    return st.fixed_dictionaries({}, optional={key: _field(info) for key, info in kind.model_fields.items()})


def _field(info):
    ge = next((limit.ge for limit in info.metadata if isinstance(limit, Ge)), None)
    le = next((limit.le for limit in info.metadata if isinstance(limit, Le)), None)
    if ge is not None:
        numbers = st.integers(ge, le)
        return numbers if info.annotation is int else numbers | st.none()
    constraint = [limit for limit in info.metadata if isinstance(limit, StringConstraints)]
    if info.annotation is str and not constraint:
        return wishes(Uuid)
    return _limited((str, *constraint)) if constraint else wishes(info.annotation)


domains = wishes(Domain)


def after(text, wish):
    return xml.write(text, [change for change in diff(xml.read(text), wish) if change.path[0] in table.DOMAIN])


def in_xml(wish):
    return {key: value for key, value in wish.items() if key not in ("running", "autostart")}


@given(first=domains, second=domains)
def test_what_is_written_is_read_and_a_second_run_is_empty(first, second):
    text = xml.blank("kvm", "vm1")
    for wish in (first, second):
        assert check(Domain, wish, "vm1") == wish
        text = after(text, wish)
        assert list(diff(xml.read(text), in_xml(wish))) == []


@given(wish=domains)
def test_what_the_table_does_not_know_stays(wish):
    text = after(UNKNOWN, wish)

    assert [word for word in KEPT if word not in text] == []


@given(actual=domains.map(in_xml), wish=domains)
def test_a_merged_wish_leaves_nothing_to_do(actual, wish):
    assert list(diff(merge(actual, wish), wish)) == []


def test_every_field_of_the_model_is_in_the_table():
    assert set(Domain.model_fields) - {"running", "autostart"} == set(table.DOMAIN)
    assert set(Nic.model_fields) == set(table.NIC)
    assert set(FwCfg.model_fields) == set(table.FW_CFG)


def test_writing_nothing_changes_nothing():
    before, now = (
        ET.canonicalize(text, strip_text=True, rewrite_prefixes=True) for text in (UNKNOWN, xml.write(UNKNOWN, []))
    )

    assert before == now


@pytest.mark.parametrize("kind", [Domain, Nic])
def test_every_documented_example_is_valid(kind):
    assert example(kind) == check(kind, example(kind), "example")


def test_null_takes_a_value_away_and_what_it_leaves_empty():
    text = after(after(xml.blank("qemu", "vm1"), {"tb_cache_mib": 32}), {"tb_cache_mib": None})

    assert xml.read(text) == xml.read(xml.blank("qemu", "vm1"))
    assert "tcg" not in text


def test_more_memory_is_what_the_guest_gets():
    """A <currentMemory> left at the old size would be blown up by the balloon as before."""
    old = UNKNOWN.replace("<vcpu", "<currentMemory unit='KiB'>65536</currentMemory><vcpu", 1)

    assert "currentMemory" not in after(old, {"memory_mib": 128})


def test_all_virtual_cpus_are_online():
    assert "current=" not in after(UNKNOWN, {"vcpus": 4})


@pytest.mark.parametrize(("one", "other"), [({"value": "a"}, {"file": "/a"}), ({"file": "/a"}, {"value": "a"})])
def test_what_fw_cfg_held_before_goes(one, other):
    text = after(xml.blank("qemu", "vm1"), {"fw_cfg": {"opt/a": one}})

    assert xml.read(after(text, {"fw_cfg": {"opt/a": other}}))["fw_cfg"] == {"opt/a": other}


def test_the_parameters_of_another_kind_of_bridge_go():
    other = UNKNOWN.replace("<driver", "<virtualport type='802.1Qbh'><parameters profileid='x'/></virtualport><driver")

    assert "profileid" not in after(other, {"nics": {"52:54:00:00:00:01": {"virtualport": "openvswitch"}}})


def test_a_trunk_is_no_access_port():
    trunk = UNKNOWN.replace("<driver", "<vlan trunk='yes'><tag id='10'/><tag id='20'/></vlan><driver")

    assert "tag" not in xml.read(trunk)["nics"]["52:54:00:00:00:01"]
    assert '<vlan><tag id="10" /></vlan>' in after(trunk, {"nics": {"52:54:00:00:00:01": {"tag": 10}}})


@pytest.mark.parametrize(
    ("wish", "mistake"),
    [
        ({"vm1": {"memory": 64}}, "memory is unknown (did you mean memory_mib?)"),
        ({"vm1": {"memory_mib": None}}, "lab:vm1:memory_mib is None"),
        ({"vm1": {"nics": {190500000: {}}}}, "put it in quotes"),
        ({"vm1": {"nics": {"52:54:00:00:00:01": {"tag": 4095}}}}, "less than or equal to 4094"),
        ({"vm1": {"nics": {"52:54:00:00:00:01": {"tag": 0}}}}, "greater than or equal to 1"),
        ({"vm1": {"fw_cfg": {"opt/a": {"file": "/a", "value": "b"}}}}, "state either file or value"),
        ({"vm1": {"fw_cfg": {"etc/a": {"file": "/a"}}}}, "opt/"),
        ({"../vm1": {}}, "../vm1"),
        ({"vm1": {"uuid": "five"}}, "lab:vm1:uuid is 'five'"),
    ],
)
def test_a_mistake_is_told_with_its_path(wish, mistake):
    with pytest.raises(Exception, match="mistake") as caught:
        check(Domains, wish, "lab")

    assert mistake in str(caught.value)


def test_upper_case_means_the_same():
    wish = {"vm1": {"uuid": "5A17AB1E000040008000000000000101", "nics": {"52:54:00:AA:00:01": {}}}}
    checked = {"vm1": {"uuid": "5a17ab1e-0000-4000-8000-000000000101", "nics": {"52:54:00:aa:00:01": {}}}}

    assert checked == check(Domains, wish, "lab")


@pytest.mark.parametrize(
    ("is_", "asked", "told"),
    [
        ("pc-q35-7.2", "q35", "q35"),
        ("pc-i440fx-7.2", "pc", "pc"),
        ("virt-7.2", "virt", "virt"),
        ("pc-q35-7.2", "pc", "pc-q35-7.2"),
        ("pc-i440fx-7.2", "q35", "pc-i440fx-7.2"),
        ("pc-q35-7.2", "pc-q35-7.1", "pc-q35-7.2"),
        ("pc-q35-7.2", "pc-q35-7", "pc-q35-7.2"),
    ],
)
def test_a_machine_is_told_by_the_family_that_was_asked_for(is_, asked, told):
    actual = {"vm1": {"machine": is_}, "theirs": {}}

    assert rules.as_asked(actual, {"vm1": {"machine": asked}}) == {"vm1": {"machine": told}, "theirs": {}}
    assert rules.as_asked(actual, {"vm1": None}) == actual


@pytest.mark.parametrize(
    ("wish", "running", "impact"),
    [
        ({"memory_mib": 1}, True, "next-boot"),
        ({"memory_mib": 1}, False, "live"),
        ({"nics": {"52:54:00:00:00:01": {"tag": 1}}}, True, "next-boot"),
        ({"autostart": True}, True, "live"),
        ({"running": False}, True, "live"),
        ({"adopt": True}, True, "live"),
        ({"uuid": "x"}, False, "recreate"),
        ({"type": "kvm"}, True, "recreate"),
    ],
)
def test_impact(wish, running, impact):
    actual = {"vm1": {"running": running, "nics": {"52:54:00:00:00:01": {}}}}
    changes = list(diff(actual, {"vm1": wish}))

    assert [impact] == [rules.impact(change, actual) for change in changes]
    assert {"live"} == {rules.impact(change, {}) for change in diff({}, {"vm1": wish})}


def test_names_can_be_directories():
    for name in ("..", ".hidden", "a/b", "", " ", "a\nb"):
        with pytest.raises(Exception, match="mistake"):
            check(Name, name, "name")
