"""Secrets on a real libvirtd.  V1, V10, V11 are rows of what older modules got wrong."""

import base64
from functools import partial

import libvirt
import pytest

from saltext.lab.errors import LabError
from saltext.lab.outcome import Things
from saltext.lab.virt import link, secret
from saltext.lab.virt.here import Here
from saltext.lab.virt.marks import Marks
from saltext.lab.virt.secret_model import Secret, Secrets
from saltext.lab.virt.secret_value import value
from tests.support import storage
from tests.support.libvirtd import libvirtd

NAME = "client.libvirt"
KEY, OTHER = (base64.b64encode(one * 4).decode() for one in (b"topsecret!", b"another-one"))
VALUES = {
    "adopt": (True, False),
    "usage": ("ceph", "volume"),
    "cluster": ("attic", "cellar"),
    "description": ("one", "two", None),
    "private": (False, True),
    "value_file": ("a.key", "b.key"),
    "value_pillar": ("lab:keys:a", "lab:keys:b"),
}
FIXED = {"usage", "cluster", "private"}


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        storage.trace(daemon)
        yield daemon


@pytest.fixture
def here(daemon, tmp_path):
    with link.connect(daemon.uri) as conn:
        yield Here(conn, Marks(tmp_path / "marks"), pillar={"lab": {"keys": {"a": KEY, "b": OTHER}}})
        storage.clean(conn)


@pytest.fixture
def keep(tmp_path):
    """A function that puts a key into a file and returns its path."""

    def keep(name, content=KEY):
        path = tmp_path / name
        path.write_text(content + "\n")
        path.chmod(0o600)
        return str(path)

    return keep


@pytest.fixture
def bring(here):
    def things(wish):
        return Things("s", Secrets, partial(secret.read, here, wish), partial(secret.write, here), secret.impact)

    return storage.bring_by(things)


@pytest.fixture
def done(bring, here):
    return storage.done_by(bring, partial(everything, here.conn))


def everything(conn):
    known = {one.UUIDString(): one.XMLDesc() for one in conn.listAllSecrets()}
    return known, {one.UUIDString(): values(one) for one in conn.listAllSecrets()}


def values(one):
    try:
        return one.value()
    except libvirt.libvirtError as err:
        return str(err)


def held(here, name=NAME):
    (one,) = [one for one in here.conn.listAllSecrets() if one.usageID() == name]
    return one


def test_no_field_of_the_model_is_left_out():
    assert set(VALUES) == set(Secret.model_fields)


@pytest.mark.parametrize("field", Secret.model_fields)
def test_a_field_is_set_and_changed(field, done, bring, keep):
    first, *others = (
        (keep(one, key) for one, key in zip(VALUES[field], (KEY, OTHER), strict=True))
        if field == "value_file"
        else VALUES[field]
    )
    done({NAME: {field: first}})
    for new in others:
        wish = {NAME: {field: new} | ({} if field == "adopt" else {"adopt": True})}
        if field in FIXED:
            refused = bring(wish)
            assert (refused["result"], refused["changes"]) == (False, {})
            assert f"{NAME}.{field} cannot change" in refused["comment"]
        else:
            assert set(done(wish)) == {f"{NAME}.{field}"}


@pytest.mark.parametrize(("usage", "name"), [("ceph", NAME), ("volume", "/srv/disks/a")])
def test_each_usage_comes_with_its_value_and_goes(usage, name, done, here, keep):
    done({name: {"usage": usage, "cluster": "attic", "value_file": keep("key")}})
    held_value = held(here, name).value()

    assert held_value == (base64.b64decode(KEY) if usage == "ceph" else KEY.encode())
    assert "ephemeral='no'" in held(here, name).XMLDesc()
    done({name: None, "never": None})
    assert (secret.read(here), here.marks.all("secret")) == ({}, {})


def test_v11_every_host_derives_the_same_uuid(done, here):
    done({NAME: {"usage": "ceph", "cluster": "attic"}})

    assert held(here).UUIDString() == secret.uuid("attic", "ceph", NAME) == "fc8e7f37-83bd-57ab-8797-cd31fbe25184"
    assert (
        len(
            {secret.uuid(*words) for words in (("attic", "ceph", "a"), ("cellar", "ceph", "a"), ("attic", "ceph", "b"))}
        )
        == 3
    )


@pytest.mark.parametrize("source", ["value_file", "value_pillar"])
def test_v11_the_value_is_told_nowhere(source, bring, here, daemon, keep, capfd, caplog):
    wish = {"value_file": keep("key"), "value_pillar": "lab:keys:a"}[source]
    told = [bring({NAME: {source: wish}}, test=True), bring({NAME: {source: wish}}), bring({NAME: {source: wish}})]
    held(here).setValue(b"changed by hand")
    told += [bring({NAME: {source: wish}}, test=True), bring({NAME: {source: wish}}), secret.read(here), repr(here)]
    log = (daemon.home / "var/log/libvirt/libvirtd.log").read_text(errors="replace")
    marks = "".join(file.read_text() for file in here.marks.directory.rglob("*") if file.is_file())

    assert "virSecretSetValue" in log
    assert told[3]["changes"] == {f"{NAME}.{source}": {"old": "another value", "new": wish}}
    everywhere = [*map(str, told), log, marks, *capfd.readouterr(), caplog.text]
    for word in (KEY, base64.b64decode(KEY).decode(), "changed by hand", KEY[:12], "topsecret"):
        assert not any(word in text for text in everywhere)


def test_a_value_that_drifted_or_was_rotated_is_set_again(done, here, keep):
    path = keep("key")
    done({NAME: {"value_file": path}})
    held(here).setValue(b"changed by hand")
    assert done({NAME: {"value_file": path}}) == {f"{NAME}.value_file": {"old": "another value", "new": path}}
    keep("key", OTHER)
    done({NAME: {"value_file": path}})

    assert held(here).value() == base64.b64decode(OTHER)


def test_a_value_whose_place_is_gone_is_not_taken_for_the_same(done, bring, here, keep, tmp_path):
    path = keep("key")
    done({NAME: {"value_file": path}})
    (tmp_path / "key").unlink()
    told, failed = (bring({NAME: {"value_file": path}}, test=test) for test in (True, False))

    assert (told["result"], failed["result"], failed["changes"]) == (None, False, {})
    assert f"the value of a secret cannot be read from {path}" in failed["comment"]
    assert held(here).value() == base64.b64decode(KEY)


def test_a_private_value_is_set_once_and_cannot_be_read_back(done, here, keep):
    path = keep("key")
    done({NAME: {"private": True, "value_file": path}})

    assert "secret is private" in values(held(here))
    keep("key", OTHER)
    assert done({NAME: {"value_file": path}}) == {}


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"value_file": "/nowhere"}, "the value of a secret cannot be read from /nowhere"),
        ({"value_pillar": "lab:keys:none"}, "the pillar has no text at lab:keys:none"),
        ({"value_pillar": "lab:keys"}, "the pillar has no text at lab:keys"),
        ({"value_file": "/a", "value_pillar": "a:b"}, "state either value_file or value_pillar"),
    ],
)
def test_a_value_that_is_not_there_makes_nothing(wish, why, bring, here):
    failed = bring({NAME: wish})

    assert (failed["result"], failed["changes"]) == (False, {})
    assert why in failed["comment"]
    assert here.conn.listAllSecrets() == []


def test_a_file_that_others_may_read_is_refused(bring, keep, tmp_path):
    path = keep("key")
    (tmp_path / "key").chmod(0o640)
    failed = bring({NAME: {"value_file": path}})

    assert failed["result"] is False
    assert f"chmod 600 {path}" in failed["comment"]


def test_what_is_no_key_of_ceph_is_refused_without_being_shown(keep):
    with pytest.raises(LabError) as caught:
        value("value_file", keep("key", "[client.a] key = hush"), "ceph", {})

    assert "it is not base64" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_v10_a_secret_of_somebody_else_is_left_alone_until_it_is_adopted(bring, done, here):
    here.conn.secretDefineXML(f"<secret><usage type='ceph'><name>{NAME}</name></usage></secret>")
    before = everything(here.conn)
    for wish in ({NAME: {"description": "x"}}, {NAME: None}):
        refused = bring(wish)
        assert (refused["result"], refused["changes"], everything(here.conn)) == (False, {}, before)
        assert "was not made by this suite" in refused["comment"]

    assert done({NAME: {"adopt": True}}) == {f"{NAME}.adopt": {"old": False, "new": True}}
    done({NAME: {"value_pillar": "lab:keys:a", "description": "x"}})
    done({NAME: None})


def test_v1_a_plan_makes_no_call_that_writes(bring, daemon, keep):
    path = keep("key")
    bring({"a": {"value_file": path}})
    seen = len(daemon.calls())
    keep("key", OTHER)
    bring({"a": {"value_file": path}, "b": {"value_file": path}}, test=True)
    calls = daemon.calls()[seen:]

    assert "virSecretGetXMLDesc" in calls
    assert set(calls) <= storage.LOOKS


def test_one_bad_secret_of_three_fails_alone(bring, here, keep):
    made = bring({"a": {"value_file": keep("key")}, "b": {"value_file": "/nowhere"}, "c": {}})

    assert made["result"] is False
    assert {one.usageID() for one in here.conn.listAllSecrets()} == {"a", "c"}
