"""Pools and volumes on a real libvirtd.  V1 … V11 are rows of what older modules got wrong."""

import tempfile
from functools import partial
from pathlib import Path

import libvirt
import pytest

from saltext.lab.errors import NotSafe, Refused
from saltext.lab.outcome import Things
from saltext.lab.plan import Change
from saltext.lab.virt import link, pool, pool_xml, volume, volume_find, volume_make, volume_xml
from saltext.lab.virt.here import Here
from saltext.lab.virt.marks import Marks
from saltext.lab.virt.pool_model import Auth, Pool, Pools, Source
from saltext.lab.virt.volume_model import Backing, Volume, Volumes
from tests.support import storage
from tests.support.libvirtd import libvirtd

RBD = {
    "type": "rbd",
    "source": {"name": "vms", "hosts": ["10.0.0.1"], "auth": {"user": "libvirt", "secret": "client.a"}},
}
LOGICAL = {"type": "logical", "source": {"name": "vg0", "devices": ["/dev/sdx"]}}
NETFS = {"type": "netfs", "path": "/srv/nfs", "source": {"hosts": ["10.0.0.1"], "dir": "/export", "format": "nfs"}}
#: For each field of a pool what it is created with, and then changed to.
VALUES = {
    "adopt": ({}, True, False),
    "type": ({}, "dir"),
    "path": ({}, "/srv/a", "/srv//b/"),
    "source": (NETFS, NETFS["source"], {"dir": "/other"}),
    "autostart": ({}, True, False),
    "running": ({}, True, False),
}
#: For each field of its source the pool it belongs to, and values; None takes it away.
SOURCE_VALUES = {
    "hosts": (RBD, ["10.0.0.1:6789", "mon2"], ["mon3"], ["[fd00::1]:6789", "fd00::2"]),
    "dir": (NETFS, "/export", "/other"),
    "name": (RBD, "vms", "others"),
    "format": (NETFS, "nfs", "cifs"),
    "devices": (LOGICAL, ["/dev/sdx"], ["/dev/sdx", "/dev/sdy"], None),
    "auth": (RBD, {"user": "libvirt", "secret": "client.a"}, None),
}
AUTH_VALUES = {"user": ("libvirt", "other"), "secret": ("client.a", "client.b")}
BASE = {"size_mib": 4, "format": "qcow2"}
#: For each field of a volume what it is made with, and changed to, at the end what is refused.
VOLUME_VALUES = {
    "adopt": (BASE, [True, False], []),
    "size_mib": (BASE, [4, 6, 64], [5]),
    "format": ({"size_mib": 4}, ["raw"], ["qcow2"]),
    "backing": ({"format": "qcow2"}, [{"volume": "base"}, {"volume": "vms:base"}], [{"volume": "other"}]),
    "clone_of": ({"format": "qcow2"}, ["base", "vms:base"], ["other"]),
}


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        storage.trace(daemon)
        yield daemon


@pytest.fixture
def here(daemon, tmp_path):
    with link.connect(daemon.uri) as conn:
        yield Here(conn, Marks(tmp_path / "marks"))
        storage.clean(conn)


@pytest.fixture
def bring(here):
    return storage.bring_by(
        lambda wish: Things(
            "p", Pools, lambda: pool_xml.as_asked(pool.read(here), wish), partial(pool.write, here), pool_xml.impact
        )
    )


@pytest.fixture
def done(bring, here):
    return storage.done_by(bring, partial(storage.everything, here.conn))


@pytest.fixture
def vms(daemon, bring):
    """The path of a pool of ours that runs, where QEMU gets through."""
    with tempfile.TemporaryDirectory(dir=daemon.home) as home:
        Path(home).chmod(0o755)
        made = bring({"vms": {"path": f"{home}/vms", "running": True}})
        assert made["result"] is True, made["comment"]
        yield Path(home, "vms")


@pytest.fixture
def put(here, vms):
    def things(wish):
        def read():
            return volume_xml.as_asked(volume.read(here, volume_xml.pools(wish)), wish)

        return Things("v", Volumes, read, partial(volume.write, here), volume_xml.impact)

    return lambda wish, test=False: storage.bring_by(things)(volume_xml.flat(wish), test)


@pytest.fixture
def have(put, here):
    return storage.done_by(put, partial(storage.everything, here.conn))


def volumes(here):
    return volume.read(here)


def test_no_field_of_the_models_is_left_out():
    assert set(VALUES) == set(Pool.model_fields)
    assert set(SOURCE_VALUES) == set(Source.model_fields)
    assert set(AUTH_VALUES) == set(Auth.model_fields)
    assert set(VOLUME_VALUES) == set(Volume.model_fields)
    assert set(Backing.model_fields) == {"volume", "path", "format"}  # see the tests of backing


@pytest.mark.parametrize("field", Pool.model_fields)
def test_a_field_of_a_pool_is_set_and_changed(field, done, tmp_path):
    base, first, *others = VALUES[field]
    done({"p": {"path": str(tmp_path / "p")} | base | {field: first}})
    for value in others:
        wish = {field: value} if field == "adopt" else {field: value, "adopt": True}
        changes = done({"p": wish})
        assert changes
        assert all(path.startswith(f"p.{field}") for path in changes)


@pytest.mark.parametrize("field", Source.model_fields)
def test_a_field_of_a_source_is_set_changed_and_taken_away(field, done, here):
    base, first, *others = SOURCE_VALUES[field]
    done({"p": base | {"source": base["source"] | {field: first}}})
    for value in others:
        assert all(path.startswith(f"p.source.{field}") for path in done({"p": {"source": {field: value}}}))
    if others[-1] is None:
        assert field not in pool.read(here)["p"]["source"]


@pytest.mark.parametrize("field", Auth.model_fields)
def test_a_field_of_the_authentication_is_set_and_changed(field, done):
    first, *others = AUTH_VALUES[field]
    done({"p": RBD | {"source": RBD["source"] | {"auth": RBD["source"]["auth"] | {field: first}}}})
    for value in others:
        assert set(done({"p": {"source": {"auth": {field: value}}}})) == {f"p.source.auth.{field}"}


@pytest.mark.parametrize("wish", [RBD, LOGICAL, NETFS, {"path": "/srv/a"}], ids=["rbd", "logical", "netfs", "dir"])
def test_each_type_comes_and_goes(wish, done, here):
    done({"p": wish | {"autostart": True}})
    done({"p": None, "never": None})

    assert (pool.read(here), here.marks.all("pool")) == ({}, {})


def test_a_type_cannot_change(bring, done):
    done({"p": {"path": "/srv/a"}})
    refused = bring({"p": {"type": "netfs"}})

    assert refused["result"] is False
    assert "p.type cannot change" in refused["comment"]


def test_a_pool_that_runs_is_moved_and_still_runs(done, vms, tmp_path, here):
    done({"vms": {"path": str(tmp_path / "elsewhere")}})

    assert pool.read(here)["vms"].items() >= {"running": True, "path": str(tmp_path / "elsewhere")}.items()
    assert (tmp_path / "elsewhere").is_dir()


def test_a_pool_that_does_not_start_with_its_new_definition_runs_as_before(bring, vms, tmp_path, here):
    (tmp_path / "file").write_text("no directory")
    before = storage.everything(here.conn)
    refused = bring({"vms": {"path": str(tmp_path / "file")}})

    assert (refused["result"], refused["changes"]) == (False, {})
    assert "libvirt refused to start pool vms anew" in refused["comment"]
    assert storage.everything(here.conn) == before


def test_v10_absent_forgets_a_pool_and_leaves_its_data(done, have, vms):
    have({"vms": {"root": BASE}})
    done({"vms": None})

    assert (vms / "root").exists()
    done({"vms": {"path": str(vms), "running": True}})
    have({"vms": {"root": None}})  # still known as ours
    assert not (vms / "root").exists()


def test_a_pool_of_somebody_else_is_left_alone_until_it_is_adopted(bring, done, here):
    here.conn.storagePoolDefineXML("<pool type='dir'><name>p</name><target><path>/srv/a</path></target></pool>")
    before = storage.everything(here.conn)
    for wish in ({"p": {"path": "/srv/b"}}, {"p": None}):
        refused = bring(wish)
        assert (refused["result"], refused["changes"], storage.everything(here.conn)) == (False, {}, before)
        assert "was not made by this suite" in refused["comment"]

    assert done({"p": {"adopt": True, "path": "/srv/a"}}) == {"p.adopt": {"old": False, "new": True}}
    done({"p": {"path": "/srv/b"}})
    done({"p": None})


def test_v11_monitors_of_a_pool_change(done, here):
    done({"ceph": RBD})
    changes = done({"ceph": {"source": {"hosts": ["10.0.0.2:6789", "10.0.0.3"]}}})

    assert changes == {"ceph.source.hosts": {"old": ["10.0.0.1"], "new": ["10.0.0.2:6789", "10.0.0.3"]}}
    assert "<host name='10.0.0.2' port='6789'/>" in here.conn.storagePoolLookupByName("ceph").XMLDesc()


def test_a_definition_that_drifted_under_a_pool_that_runs_is_put_right(done, vms, here):
    one = here.conn.storagePoolLookupByName("vms")
    here.conn.storagePoolDefineXML(one.XMLDesc().replace(str(vms), "/srv/by-hand"))  # what runs stays as it is
    assert pool.read(here)["vms"]["path"] == str(vms)
    changes = done({"vms": {"path": str(vms)}})

    assert changes == {"vms.path": {"old": "/srv/by-hand", "new": str(vms)}}
    assert (str(vms) in one.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE), one.isActive()) == (True, True)


def test_a_pool_that_is_not_as_it_is_defined_is_started_anew(done, vms, here, tmp_path):
    one = here.conn.storagePoolLookupByName("vms")
    here.conn.storagePoolDefineXML(one.XMLDesc().replace(str(vms), str(tmp_path)))
    changes = done({"vms": {"path": str(tmp_path)}})

    assert changes == {"vms.path": {"old": str(vms), "new": str(tmp_path)}}
    assert str(tmp_path) in one.XMLDesc()


def test_a_logical_pool_starts_as_soon_as_its_group_is_there_and_leaves_it(done, bring, put, daemon, here, tmp_path):
    (tmp_path / "disk").write_bytes(bytes(64 << 20))
    with storage.loop(daemon, tmp_path / "disk") as device:
        wish = {"lv": {"type": "logical", "path": "/dev/vgx", "source": {"name": "vgx", "devices": [device]}}}
        early = bring({"lv": wish["lv"] | {"running": True}})
        assert daemon.run("vgcreate", "vgx", device)
        done({"lv": wish["lv"] | {"running": True}})
        refused = [put({"lv": {"v": {"size_mib": 8}}}) for _ in range(2)]
        done({"lv": None})
        assert daemon.run("vgs", "vgx")

    assert early["result"] is False
    assert "cannot find logical volume group name 'vgx'" in early["comment"]
    for one in refused:  # the machine of these tests has no device-mapper
        assert (one["result"], one["changes"]) == (False, {})
        assert "libvirt refused to make volume lv:v" in one["comment"]
        assert "Failure to communicate with kernel device-mapper driver" in one["comment"]


def test_a_netfs_pool_that_cannot_be_mounted_says_so_each_time(bring, tmp_path):
    wish = NETFS | {"path": str(tmp_path / "nfs"), "running": True}
    wish["source"] = wish["source"] | {"hosts": ["127.0.0.1"]}
    first, second = bring({"p": wish}), bring({"p": wish})

    for failed in (first, second):
        assert failed["result"] is False
        assert "libvirt refused to start pool p" in failed["comment"]
        assert "/bin/mount" in failed["comment"]
    assert (bool(first["changes"]), second["changes"]) == (True, {})


def test_one_bad_pool_of_three_fails_alone(bring, tmp_path):
    good = {"path": str(tmp_path / "a"), "running": True}
    made = bring({"a": good, "bad": RBD | {"running": True}, "c": {"path": "/srv/c"}})

    assert made["result"] is False
    assert "libvirt refused to start pool bad" in made["comment"]
    assert {"a.running", "c"} <= {path if path.startswith("a") else path.split(".")[0] for path in made["changes"]}


def test_v1_a_plan_makes_no_call_that_writes(bring, put, daemon, tmp_path, vms):
    put({"vms": {"base": BASE, "top": {"format": "qcow2", "backing": {"volume": "base"}}}})
    seen = len(daemon.calls())
    bring(
        {"p": {"path": str(tmp_path / "p"), "running": True, "autostart": True}, "vms": {"path": "/srv/x"}}, test=True
    )
    put({"vms": {"new": BASE, "base": {"size_mib": 64}, "top": None}}, test=True)
    calls = daemon.calls()[seen:]

    assert "virStorageVolGetXMLDesc" in calls
    assert set(calls) <= storage.LOOKS
    assert not (tmp_path / "p").exists()
    put({"vms": {"new": BASE}})
    assert "virStorageVolCreateXML" in daemon.calls()[seen:]


@pytest.mark.parametrize("field", Volume.model_fields)
def test_a_field_of_a_volume_is_set_and_changed_and_its_data_is_never_lost(field, have, put, here):
    base, (first, *others), refused = VOLUME_VALUES[field]
    have({"vms": {"base": BASE, "other": BASE}})
    have({"vms": {"v": base | {field: first}}})
    for value in others:
        have({"vms": {"v": {field: value}}})
    before = volumes(here)
    for value in refused:
        told, made = (put({"vms": {"v": {field: value}}}, test=test) for test in (True, False))
        assert (told["result"], made["result"], made["changes"]) == (False, False, {})
        assert f"vms:v.{field}" in made["comment"]
        assert "cannot change" in made["comment"]
    assert volumes(here) == before


@pytest.mark.parametrize("name", ["raw", "qcow2"])
def test_v6_a_bigger_size_grows_a_volume_and_a_smaller_one_is_refused(name, have, put, here):
    have({"vms": {"v": {"size_mib": 4, "format": name}}})
    changes = have({"vms": {"v": {"size_mib": 8}}})
    refused = put({"vms": {"v": {"size_mib": 4}}})

    assert changes == {"vms:v.size_mib": {"old": 4, "new": 8}}
    assert (refused["result"], volumes(here)["vms:v"]["size_mib"]) == (False, 8)
    assert "impact" not in changes["vms:v.size_mib"]


def test_v6_the_disk_of_a_guest_that_runs_grows_under_it(have, here, vms):
    have({"vms": {"v": BASE}})
    guest = storage.guest(here.conn, f"<driver name='qemu' type='qcow2'/><source file='{vms}/v'/>")
    have({"vms": {"v": {"size_mib": 16}}})

    assert guest.blockInfo("vda")[0] == 16 << 20
    refused = volume_refusal(here, "vms:v")
    assert "domain g runs on it" in refused


def test_v6_and_so_does_one_that_the_guest_has_by_its_pool(have, put, here, vms):
    have({"vms": {"base": BASE, "v": {"format": "qcow2", "backing": {"volume": "base"}}}})
    disk = "<driver name='qemu' type='qcow2'/><source pool='vms' volume='v'/>"
    guest = storage.guest(here.conn, disk, kind="volume")
    have({"vms": {"v": {"size_mib": 16}}})

    assert guest.blockInfo("vda")[0] == 16 << 20
    for name in ("v", "base"):
        assert "domain g runs on it" in put({"vms": {name: None}})["comment"]
    assert sorted(file.name for file in vms.iterdir()) == ["base", "v"]


def volume_refusal(here, name):
    with pytest.raises(NotSafe) as caught:
        volume_make.remove(here, name)
    return str(caught.value)


def test_a_raw_volume_has_holes(have, vms):
    have({"vms": {"v": {"size_mib": 1024}}})

    assert (vms / "v").stat().st_size == 1 << 30
    assert (vms / "v").stat().st_blocks * 512 < 1 << 20


def test_a_volume_is_a_difference_to_a_volume_or_a_file_and_what_is_below_stays(have, put, here, vms):
    have({"vms": {"base": BASE, "top": {"format": "qcow2", "backing": {"volume": "base"}}}})
    have({"vms": {"more": {"size_mib": 8, "backing": {"path": str(vms / "base"), "format": "qcow2"}}}})
    refused = put({"vms": {"base": None}})

    assert volumes(here)["vms:top"]["size_mib"] == 4
    assert volumes(here)["vms:more"].items() >= {"size_mib": 8, "format": "qcow2"}.items()
    assert "volume top is a difference to it" in refused["comment"]
    have({"vms": {"top": None, "more": None}})
    have({"vms": {"base": None}})


def test_volumes_that_start_from_each_other_come_and_go_in_any_order(have, vms):
    wish = {
        "top": {"format": "qcow2", "backing": {"volume": "middle"}},
        "middle": {"format": "qcow2", "backing": {"volume": "base"}},
        "base": BASE,
        "copy": {"clone_of": "top"},
    }
    have({"vms": wish})
    assert sorted(file.name for file in vms.iterdir()) == ["base", "copy", "middle", "top"]
    have({"vms": dict.fromkeys(reversed(wish))})
    assert list(vms.iterdir()) == []


def test_a_clone_has_the_content_and_may_be_bigger(have, vms, here):
    have({"vms": {"base": {"size_mib": 4}}})
    (vms / "base").write_bytes(b"content" + bytes((4 << 20) - 7))
    have({"vms": {"copy": {"clone_of": "base", "size_mib": 8}, "other": {"clone_of": "vms:base", "format": "qcow2"}}})
    have({"vms": {"bigger": {"clone_of": "other", "size_mib": 16}}})

    assert (vms / "copy").read_bytes()[:8] == b"content\0"
    assert (vms / "copy").stat().st_size == 8 << 20
    assert volumes(here)["vms:other"].items() >= {"format": "qcow2", "size_mib": 4}.items()
    assert volumes(here)["vms:bigger"].items() >= {"format": "qcow2", "size_mib": 16}.items()
    have({"vms": {"base": None}})  # a copy needs it no more


def test_a_clone_that_is_smaller_than_its_origin_is_refused_before_it_is_made(have, put, vms):
    have({"vms": {"base": BASE}})
    refused = put({"vms": {"copy": {"clone_of": "base", "size_mib": 2}}})

    assert (refused["result"], refused["changes"]) == (False, {})
    assert "2 MiB are less than that has" in refused["comment"]
    assert [file.name for file in vms.iterdir()] == ["base"]


def test_v10_absent_removes_a_volume_of_ours_and_no_other(have, put, vms, here):
    (vms / "theirs").write_bytes(bytes(1 << 20))
    have({"vms": {"mine": BASE, "never": None}})
    here.conn.storagePoolLookupByName("vms").refresh()
    refused = put({"vms": {"theirs": None}})
    have({"vms": {"mine": None}})

    assert "vms:theirs was not made by this suite" in refused["comment"]
    assert [file.name for file in vms.iterdir()] == ["theirs"]
    assert "was not made by this suite" in volume_refusal(here, "vms:theirs")
    (vms / "mine").write_bytes(b"made by hand, later")
    pool.refresh(here.conn, "vms")
    assert "was not made by this suite" in put({"vms": {"mine": None}})["comment"]
    assert "was not made by this suite" in volume_refusal(here, "vms:mine")


def test_a_file_that_libvirt_has_not_seen_yet_is_not_written_over(put, vms):
    (vms / "v").write_bytes(b"precious")
    made = put({"vms": {"v": BASE}})

    refused = put({"vms": {"v": None}})

    assert (made["result"], refused["result"], refused["changes"]) == (False, False, {})
    assert "vms:v was not made by this suite" in made["comment"]
    assert (vms / "v").read_bytes() == b"precious"


def test_a_file_that_libvirt_has_not_seen_yet_is_adopted(put, have, vms):
    (vms / "v").write_bytes(bytes(4 << 20))
    assert put({"vms": {"v": {"size_mib": 4, "adopt": True}}})["result"] is True
    have({"vms": {"v": None}})

    assert list(vms.iterdir()) == []


def test_what_was_refused_leaves_no_mark(put, vms, here):
    refused = put({"vms": {"v": {"backing": {"path": "/nowhere", "format": "qcow2"}, "size_mib": 4}}})
    (vms / "v").write_bytes(b"precious")
    pool.refresh(here.conn, "vms")

    assert refused["result"] is False
    assert "was not made by this suite" in put({"vms": {"v": None}})["comment"]


def test_a_volume_whose_file_is_gone_is_made_again(have, put, vms):
    have({"vms": {"v": BASE}})
    (vms / "v").unlink()

    assert set(put({"vms": {"v": BASE}}, test=True)["changes"]) == {"vms:v.size_mib", "vms:v.format"}
    assert put({"vms": {"v": BASE}})["result"] is True
    assert (vms / "v").exists()


def test_a_volume_of_somebody_else_is_adopted_with_an_empty_plan(have, put, vms, here):
    xml = "<volume><name>v</name><capacity unit='MiB'>4</capacity><target><format type='qcow2'/></target></volume>"
    here.conn.storagePoolLookupByName("vms").createXML(xml)
    refused = put({"vms": {"v": {"size_mib": 8}}})

    assert "adopt: true" in refused["comment"]
    assert have({"vms": {"v": BASE | {"adopt": True}}}) == {"vms:v.adopt": {"old": False, "new": True}}
    have({"vms": {"v": {"size_mib": 8}}})
    have({"vms": {"v": None}})


def test_a_clone_that_a_killed_run_left_is_made_again(have, put, vms, here):
    have({"vms": {"base": {"size_mib": 4}}})
    home = here.conn.storagePoolLookupByName("vms")
    here.marks.put(volume_find.marked(home), "v", {"unfinished": True, "path": str(vms / "v")})
    (vms / "v").write_bytes(b"half")
    home.refresh()

    assert volumes(here)["vms:v"]["unfinished"] is True
    assert "nothing can start from vms:v" in put({"vms": {"w": {"clone_of": "v"}}})["comment"]
    assert put({"vms": {"v": {"clone_of": "base"}}})["result"] is True
    assert (vms / "v").stat().st_size == 4 << 20
    have({"vms": {"v": {"clone_of": "base"}}})


def test_what_a_killed_run_left_can_be_removed(have, vms, here):
    home = here.conn.storagePoolLookupByName("vms")
    here.marks.put(volume_find.marked(home), "v", {"unfinished": True, "path": str(vms / "v")})
    (vms / "v").write_bytes(b"half")
    home.refresh()
    have({"vms": {"v": None}})

    assert list(vms.iterdir()) == []


def test_in_a_pool_that_was_moved_another_volume_of_the_same_name_is_not_ours(have, put, done, vms, here):
    have({"vms": {"v": BASE}})
    (vms.parent / "moved").mkdir()
    (vms.parent / "moved/v").write_bytes(b"precious")
    done({"vms": {"path": str(vms.parent / "moved")}})
    refused = put({"vms": {"v": None}})

    assert "vms:v was not made by this suite" in refused["comment"] + volume_refusal(here, "vms:v")
    assert (refused["result"], (vms.parent / "moved/v").read_bytes()) == (False, b"precious")
    done({"vms": {"path": str(vms)}})
    have({"vms": {"v": None}})


def test_a_stopped_pool_hides_its_volumes_and_that_is_said(bring, put, vms):
    put({"vms": {"v": BASE}})
    bring({"vms": {"running": False}})
    refused = put({"vms": {"v": None}})

    assert (refused["result"], refused["changes"]) == (False, {})
    assert "the volumes of pool vms cannot be seen" in refused["comment"]


def test_a_volume_in_no_pool_is_planned_and_refused(put):
    told, made = (put({"none": {"v": BASE}}, test=test) for test in (True, False))

    assert (told["result"], made["result"]) == (None, False)
    assert "there is no pool none" in made["comment"]


def test_many_volumes_are_made_and_read_in_few_calls(put, daemon):
    wish = {"vms": {f"v{n}": {"size_mib": 1} for n in range(20)}}
    seen = len(daemon.calls())
    assert put(wish)["result"] is True
    calls = daemon.calls()[seen:]

    assert calls.count("virStorageVolCreateXML") == 20
    assert calls.count("virStorageVolGetXMLDesc") == 20


def test_a_pool_that_went_in_the_middle_is_no_error(bring, here):
    bring({"p": {"path": "/srv/a"}})
    one = here.conn.storagePoolLookupByName("p")
    one.undefine()

    assert pool._read(here.conn, one, set()) is None
    pool.write(here, [Change(("p",), {}, None)])


def test_refresh_counts_and_names_the_pool(vms, here):
    (vms / "a").write_bytes(b"")

    assert pool.refresh(here.conn, "vms") == 1
    with pytest.raises(Refused, match="refresh pool none"):
        pool.refresh(here.conn, "none")
