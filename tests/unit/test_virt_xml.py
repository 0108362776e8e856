"""The table of domain XML and the model: one cannot say what the other does not know."""

import types
import typing
from xml.etree import ElementTree as ET

import pytest
from annotated_types import Ge, Le
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints

from saltext.lab.errors import BadWish
from saltext.lab.plan import diff, merge
from saltext.lab.schema import check, example
from saltext.lab.virt import rules, seen, table, xml
from saltext.lab.virt.devices import Disk, FwCfg, Nic
from saltext.lab.virt.model import Domain, Domains, Mac, Name, Uuid
from saltext.lab.virt.types import Overlay

UNKNOWN = """
<domain type='qemu'><name>vm1</name><memory unit='KiB'>65536</memory>
  <vcpu placement='static' current='1'>2</vcpu>
  <metadata><other:thing xmlns:other='http://other.example'/></metadata>
  <sysinfo type='smbios'><baseBoard><entry name='asset'>7</entry></baseBoard></sysinfo>
  <os><type machine='pc-q35-7.2'>hvm</type><bootmenu enable='yes'/></os>
  <cpu mode='custom'><model>EPYC</model><topology sockets='1' dies='1' cores='2' threads='1'/></cpu>
  <devices><sound model='ac97'/>
    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/>
      <driver txmode='iothread'/></interface>
  </devices></domain>"""
#: What another field bounds or brings with it.
RESTATED = {"memory_mib", "vcpus", "balloon", "cpuset", "serial", "firmware", "shared_memory", "hugepages"}
NOT_IN_XML = {"running", "autostart", "on_change"}
SOUND = '<domain><devices><sound model="ich9"></sound></devices></domain>'
HAP = '<domain><features><hap state="off"></hap></features></domain>'
CARD = "52:54:00:00:00:01"
KEPT = ("baseBoard", "bootmenu", "topology", "ac97", "other.example", "placement", "txmode")


#: Kinds whose texts no pattern tells.
TEXTS = {
    Mac: st.from_regex(r"52:54:00(:[0-9a-f]{2}){3}", fullmatch=True),
    Uuid: st.uuids().map(str),
    Overlay: st.sampled_from([SOUND, HAP, SOUND.replace("<devices>", "<genid></genid><devices>")]),
}
#: What is said only of what another field says.
NEEDS = {
    **{"portgroup": "network", "direct_mode": "direct", "hosts": "protocol", "name": "protocol"},
    "native": "trunks",
    **{"auth_user": "protocol", "auth_secret": "auth_user", "volume": "pool", "pool": "volume", "protocol": "name"},
}


def wishes(kind):
    """A strategy for what fits *kind*: a field's type, or a model."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind in TEXTS:
        return TEXTS[kind]
    if origin is typing.Annotated:
        return _annotated(inner)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([st.none() if part is type(None) else wishes(part) for part in inner])
    if origin is typing.Literal:
        return st.sampled_from(inner)
    if origin is dict:
        return st.dictionaries(wishes(inner[0]), wishes(inner[1]), max_size=3)
    if origin is list:
        return st.lists(wishes(inner[0]), min_size=1, max_size=3)
    return st.booleans() if kind is bool else _model(kind)


def _annotated(inner):
    if inner[0] is int:
        return st.integers(1, 4094)
    limits = next(part for part in inner[1:] if isinstance(part, StringConstraints))
    return _texts(limits.pattern, limits.max_length)


def _texts(pattern, longest=None):
    texts = st.from_regex(pattern.replace("$", r"\Z"), alphabet=st.characters(codec="ascii"))
    return texts.filter(lambda text: len(text) <= (longest or 200) and text.isprintable())


def _model(kind):
    if kind is FwCfg:
        return st.sampled_from([{"file": "/srv/a"}, {"file": "/srv/b"}, {"value": "blue"}])
    assert issubclass(kind, BaseModel)
    fields = {key: _field(info) for key, info in kind.model_fields.items() if key != "size_mib"}
    return st.fixed_dictionaries({}, optional=fields).map(_sensible).filter(lambda wish: _fits(kind, wish))


def _sensible(wish):
    """Leave out what would be said of nothing; what is left is checked by the model."""
    for _ in range(2):
        wish = {key: value for key, value in wish.items() if NEEDS.get(key, key) in wish}
    plug = next(
        (one for one in ("bridge", "network", "direct", "file", "block", "pool", "protocol") if one in wish), ""
    )
    if wish.get("native") and wish["trunks"]:
        wish["native"] = wish["trunks"][0]
    others = {"bridge", "network", "direct", "file", "block", "pool", "volume", "protocol", "name", *NEEDS} - {plug}
    others -= {"native"}
    return {key: value for key, value in wish.items() if key not in others or NEEDS.get(key) == plug or key == plug}


def _fits(kind, wish):
    try:
        check(kind, wish, "wish")
    except BadWish:
        return False
    return True


def _field(info):
    ge = next((limit.ge for limit in info.metadata if isinstance(limit, Ge)), None)
    le = next((limit.le for limit in info.metadata if isinstance(limit, Le)), None)
    if ge is not None:
        numbers = st.integers(ge, min(ge + 2, le)) | st.integers(ge, le)  # equal ones are a case of their own
        return numbers if info.annotation is int else numbers | st.none()
    constraint = next((limit for limit in info.metadata if isinstance(limit, StringConstraints)), None)
    if constraint:
        return _texts(constraint.pattern, constraint.max_length)
    return wishes(Uuid) if info.annotation is str else wishes(info.annotation)


domains = wishes(Domain)


def after(text, wish):
    return xml.write(text, [change for change in diff(xml.read(text), wish) if change.path[0] in table.DOMAIN])


def in_xml(wish):
    return {key: value for key, value in wish.items() if key not in NOT_IN_XML}


@settings(max_examples=60, deadline=None)
@given(first=domains, second=domains)
def test_what_is_written_is_read_and_a_second_run_is_empty(first, second):
    text = xml.blank("kvm", "vm1")
    for wish in (first, second):
        assert check(Domain, wish, "vm1") == wish
        text = after(text, wish)
        actual = {"vm1": xml.read(text)}
        assert list(diff(seen.as_asked(actual, {"vm1": wish})["vm1"], in_xml(wish))) == []


@settings(max_examples=60, deadline=None)
@given(first=domains, second=domains)
def test_what_is_restated_beside_a_change_holds_at_once(first, second):
    text = after(xml.blank("kvm", "vm1"), first)
    wish = first | {key: value for key, value in second.items() if key in RESTATED}
    if _fits(Domain, wish):
        actual = {"vm1": xml.read(after(text, wish))}
        assert list(diff(seen.as_asked(actual, {"vm1": wish})["vm1"], in_xml(wish))) == []


@settings(max_examples=60, deadline=None)
@given(wish=domains)
def test_what_the_table_does_not_know_stays(wish):
    text = after(UNKNOWN, wish)

    assert [word for word in KEPT if word not in text] == []


@settings(max_examples=60, deadline=None)
@given(actual=domains.map(in_xml), wish=domains)
def test_a_merged_wish_leaves_nothing_to_do(actual, wish):
    assert list(diff(merge(actual, wish), wish)) == []


def test_every_field_of_the_model_is_in_the_table():
    assert set(Domain.model_fields) - NOT_IN_XML == set(table.DOMAIN)
    assert set(Disk.model_fields) - {"size_mib"} == set(table.DISK)
    assert set(Nic.model_fields) == set(table.NIC)
    assert set(FwCfg.model_fields) == set(table.FW_CFG)


def test_writing_nothing_changes_nothing():
    before, now = (
        ET.canonicalize(text, strip_text=True, rewrite_prefixes=True) for text in (UNKNOWN, xml.write(UNKNOWN, []))
    )

    assert before == now


@pytest.mark.parametrize("kind", [Domain, Nic, Disk])
def test_every_documented_example_is_valid(kind):
    sensible = {key: value for key, value in _sensible(example(kind)).items() if key not in ("trunks", "native")}
    assert sensible == check(kind, sensible, "example")


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


QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"


def test_an_overlay_adds_to_what_can_be_there_many_times_what_is_not_there_yet():
    theirs = UNKNOWN.replace("<devices>", f"<commandline xmlns='{QEMU}'><arg value='-a'/></commandline><devices>")
    overlay = f"""<domain><devices><sound model='ac97'/></devices>
      <commandline xmlns='{QEMU}'><arg value='-a'/><arg value='-b'/></commandline></domain>"""
    wish = check(Domain, {"xml": overlay}, "vm1")
    root = ET.fromstring(after(theirs, wish))

    assert [node.get("value") for node in root.iter(f"{{{QEMU}}}arg")] == ["-a", "-b"]
    assert len(root.findall("devices/sound")) == 1
    other = check(
        Domain, {"xml": f"<domain><commandline xmlns='{QEMU}'><arg value='-c'/></commandline></domain>"}, "vm1"
    )
    root = ET.fromstring(after(after(UNKNOWN, wish), other))
    assert [node.get("value") for node in root.iter(f"{{{QEMU}}}arg")] == ["-c"]


def test_of_two_cards_with_one_mac_the_first_is_read_and_written():
    """A pair for failover has one MAC."""
    pair = UNKNOWN.replace("</devices>", f"<interface type='network'><mac address='{CARD}'/></interface></devices>")

    assert xml.read(after(pair, {"nics": {CARD: {"mtu": 1400}}}))["nics"][CARD]["mtu"] == 1400


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
    found = seen.as_asked(actual, {"vm1": {"machine": asked}})

    assert (found["vm1"]["machine"], found["theirs"]) == (told, {})
    assert seen.as_asked(actual, {"vm1": None}) == actual


@pytest.mark.parametrize(
    ("wish", "running", "impact"),
    [
        ({"memory_mib": 1}, True, "next-boot"),
        ({"memory_mib": 1}, False, "live"),
        ({"nics": {"52:54:00:00:00:01": {"tag": 1}}}, True, "live"),
        ({"nics": {"52:54:00:00:00:01": {"mtu": 1400}}}, True, "next-boot"),
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
