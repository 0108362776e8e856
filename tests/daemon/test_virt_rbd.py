"""
Secrets, pools, volumes, images and disks in a real Ceph cluster.  V1 … V11 are rows of what older modules got wrong.

libvirtd and the cluster are in one network namespace, and so are these tests while they run.
"""

import hashlib
import subprocess
from functools import partial
from pathlib import Path

import libvirt
import pytest

from saltext.lab.outcome import Things, converge
from saltext.lab.virt import image, link, pool, pool_xml, secret, volume_find, volume_xml
from saltext.lab.virt.here import Here
from saltext.lab.virt.marks import Marks
from saltext.lab.virt.pool_model import Pools
from saltext.lab.virt.secret_model import Secrets
from saltext.lab.virt.volume_model import Images
from tests.support import storage
from tests.support.ceph import ceph, network_of
from tests.support.libvirtd import libvirtd

CONTENT = b"the root file system" + bytes((3 << 20) - 20)
CLIENT = "client.libvirt"


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        storage.trace(daemon)
        yield daemon


@pytest.fixture(scope="module")
def cluster(daemon):
    with ceph(("nsenter", "-t", str(daemon.pid), "-n")) as cluster, network_of(daemon.pid):
        cluster.pool("vms")
        yield cluster


@pytest.fixture
def key(cluster, tmp_path):
    """The file with the key of the client."""
    file = tmp_path / "libvirt.key"
    file.write_text(cluster.key(CLIENT))
    file.chmod(0o600)
    return file


@pytest.fixture
def here(daemon, cluster, tmp_path):
    with link.connect(daemon.uri) as conn:
        yield Here(conn, Marks(tmp_path / "marks"), cache=str(tmp_path / "cache"))
        storage.clean(conn)


@pytest.fixture
def states(here):
    """For each kind of thing a function that brings it to a wish, as its state would."""

    def keep(kind, read, write, impact):
        return lambda wish: Things("x", kind, lambda: read(wish), partial(write, here), impact)

    return {
        "secrets": keep(Secrets, partial(secret.read, here), secret.write, secret.impact),
        "pools": keep(Pools, lambda wish: pool_xml.as_asked(pool.read(here), wish), pool.write, pool_xml.impact),
        "images": keep(Images, partial(image.read, here), image.write, volume_xml.impact),
        **storage.states(here),
    }


@pytest.fixture
def bring(states):
    return lambda kind, wish, test=False: converge(states[kind](wish), wish, test)


@pytest.fixture
def done(bring, here):
    """A function that brings things of a kind to a wish: as told under test, which touched nothing, and only once."""
    return lambda kind, wish: storage.done_by(partial(bring, kind), partial(storage.everything, here.conn))(wish)


@pytest.fixture
def vms(done, here, cluster, key):
    """The wish of a pool of Ceph that runs."""
    done("secrets", {CLIENT: {"cluster": cluster.fsid, "value_file": str(key)}})
    login = {"user": "libvirt", "secret": CLIENT}
    wish = {
        "type": "rbd",
        "source": {"name": "vms", "hosts": [f"{cluster.address}:6789"], "auth": login},
        "running": True,
    }
    done("pools", {"ceph": wish})
    yield wish
    for domain in here.conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        domain.destroy()
    pool.refresh(here.conn, "ceph")
    while left := here.conn.storagePoolLookupByName("ceph").listAllVolumes():
        assert sum(map(_goes, left))


@pytest.fixture
def disk(cluster):
    """The wish of a disk that is image v."""
    return {
        "protocol": "rbd",
        "name": "vms/v",
        "hosts": [f"{cluster.address}:6789"],
        "auth_user": "libvirt",
        "auth_secret": secret.uuid(cluster.fsid, "ceph", CLIENT),
        "bus": "virtio",
        "format": "raw",
    }


@pytest.fixture
def source(tmp_path):
    """An image of a disk with ``CONTENT``, and its wish."""
    raw, path = tmp_path / "raw.img", tmp_path / "image.qcow2"
    raw.write_bytes(CONTENT)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    return {"source": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _goes(one):
    """Delete a volume, and return whether that is done; one with clones goes after them."""
    try:
        return one.delete(libvirt.VIR_STORAGE_VOL_DELETE_WITH_SNAPSHOTS) == 0
    except libvirt.libvirtError:
        return False


def guest(disk, **more):
    return {"type": "qemu", "memory_mib": 64, "machine": "q35", "running": True, "disks": {"vda": disk}} | more


def images(cluster):
    return cluster.run("rbd", "ls", "vms").split()


def content(cluster, name):
    return subprocess.run(
        [*cluster.before, "rbd", "-c", cluster.conf, "export", "--no-progress", f"vms/{name}", "-"],
        check=True,
        capture_output=True,
    ).stdout


def test_a_volume_comes_grows_and_goes_and_no_other(vms, done, bring, cluster, here):
    cluster.run("rbd", "create", "vms/theirs", "--size", "8M")
    done("volumes", {"ceph:v": {"size_mib": 8, "format": "raw"}, "ceph:w": {"size_mib": 4}})
    assert done("volumes", {"ceph:v": {"size_mib": 16}}) == {"ceph:v.size_mib": {"old": 8, "new": 16}}
    smaller = bring("volumes", {"ceph:v": {"size_mib": 8}})
    foreign = bring("volumes", {"ceph:theirs": None})
    done("volumes", {"ceph:w": None})

    assert "ceph:v.size_mib cannot change" in smaller["comment"]
    assert "ceph:theirs was not made by this suite" in foreign["comment"]
    assert (images(cluster), len(content(cluster, "v"))) == (["theirs", "v"], 16 << 20)
    assert done("volumes", {"ceph:theirs": {"adopt": True}})
    done("volumes", {"ceph:theirs": None})


def test_an_image_that_is_gone_is_made_again(vms, done, bring, cluster):
    done("volumes", {"ceph:v": {"size_mib": 8}})
    cluster.run("rbd", "rm", "--no-progress", "vms/v")

    assert bring("volumes", {"ceph:v": {"size_mib": 8}}, test=True)["changes"]
    assert bring("volumes", {"ceph:v": {"size_mib": 8}})["result"] is True
    assert images(cluster) == ["v"]


def test_another_format_is_refused_and_leaves_nothing(vms, bring, cluster, here):
    refused = bring("volumes", {"ceph:v": {"size_mib": 8, "format": "qcow2"}})

    assert (refused["result"], images(cluster)) == (False, [])
    assert "only RAW volumes are supported" in refused["comment"]
    assert here.marks.all(volume_find.marked(here.conn.storagePoolLookupByName("ceph"))) == {}


def test_an_image_is_imported_and_cloned_and_stays_while_it_is_needed(vms, done, bring, source, cluster):
    done("images", {"ceph:deb": source})
    done("volumes", {"ceph:v": {"clone_of": "deb"}, "ceph:w": {"clone_of": "ceph:deb", "size_mib": 16}})
    refused = bring("images", {"ceph:deb": None})

    assert (content(cluster, "deb"), content(cluster, "v")) == (CONTENT, CONTENT)
    assert content(cluster, "w") == CONTENT + bytes(13 << 20)
    assert (refused["result"], refused["changes"]) == (False, {})
    assert "volume v is a clone of it, volume w is a clone of it" in refused["comment"]
    done("volumes", {"ceph:v": None, "ceph:w": None})
    done("images", {"ceph:deb": None})
    assert images(cluster) == []


def test_volumes_that_start_from_each_other_come_and_go_in_any_order(vms, done, cluster):
    wish = {"ceph:top": {"clone_of": "middle"}, "ceph:middle": {"clone_of": "base"}, "ceph:base": {"size_mib": 4}}
    done("volumes", wish)
    assert sorted(images(cluster)) == ["base", "middle", "top"]
    done("volumes", dict.fromkeys(reversed(wish)))
    assert images(cluster) == []


def test_an_image_of_another_hash_never_gets_there(vms, bring, source, cluster):
    refused = bring("images", {"ceph:deb": source | {"sha256": "0" * 64}})

    assert (refused["result"], refused["changes"], images(cluster)) == (False, {}, [])


def test_an_image_that_a_killed_run_left_is_started_from_by_nobody_and_made_again(
    vms, bring, done, source, cluster, here
):
    cluster.run("rbd", "create", "vms/deb", "--size", "3M")
    pool.refresh(here.conn, "ceph")
    half = {"unfinished": True, "sha256": source["sha256"], "path": "vms/deb"}
    here.marks.put(volume_find.marked(here.conn.storagePoolLookupByName("ceph")), "deb", half)

    assert "nothing can start from ceph:deb" in bring("volumes", {"ceph:v": {"clone_of": "deb"}})["comment"]
    assert bring("images", {"ceph:deb": source})["result"] is True
    assert content(cluster, "deb") == CONTENT
    assert done("images", {"ceph:deb": source}) == {}


def test_a_clone_of_a_volume_elsewhere_is_not_one_of_the_image_with_its_name(vms, done, bring, cluster, daemon):
    done("pools", {"files": {"path": f"{daemon.home}/files", "running": True}})
    done("volumes", {"files:same": {"size_mib": 4}, "ceph:same": {"size_mib": 8}})
    for name, of in (("ceph:v", "files:same"), ("files:v", "ceph:same")):
        refused = bring("volumes", {name: {"clone_of": of}})
        assert (refused["result"], refused["changes"]) == (False, {})
        assert f"{name} is not cloned from {of}" in refused["comment"]
    assert images(cluster) == ["same"]


def test_v11_monitors_change_under_a_pool_that_runs(vms, done, here, cluster):
    done("volumes", {"ceph:v": {"size_mib": 8}})
    hosts = [f"{cluster.address}:3300"]
    changes = done("pools", {"ceph": {"source": {"hosts": hosts}}})

    assert changes == {"ceph.source.hosts": {"old": vms["source"]["hosts"], "new": hosts}}
    assert pool.read(here)["ceph"].items() >= {"running": True}.items()
    assert done("volumes", {"ceph:v": {"size_mib": 8}}) == {}


def test_v11_monitors_of_a_disk_change_with_the_next_start(vms, done, disk, here, cluster):
    done("volumes", {"ceph:v": {"size_mib": 8}})
    done("domains", {"a": guest(disk)})
    changes = done("domains", {"a": {"disks": {"vda": {"hosts": [f"{cluster.address}:3300"]}}}})
    assert [change["impact"] for change in changes.values()] == ["next-boot"]
    done("domains", {"a": {"running": False}})
    done("domains", {"a": {"running": True}})

    assert "port='3300'" in here.conn.lookupByName("a").XMLDesc()


def test_v11_two_hosts_have_the_key_under_the_same_uuid(vms, here, cluster, key, tmp_path):
    with libvirtd() as other, link.connect(other.uri) as conn:
        there = Here(conn, Marks(tmp_path / "others"))
        wish = {CLIENT: {"cluster": cluster.fsid, "value_file": str(key)}}
        things = Things("s", Secrets, partial(secret.read, there, wish), partial(secret.write, there), secret.impact)
        assert converge(things, wish, False)["result"] is True
        both = [[(one.UUIDString(), one.value()) for one in each.listAllSecrets()] for each in (here.conn, conn)]

    assert both[0] == both[1] != []


def test_a_wrong_key_is_told_and_the_right_one_is_tried_again(vms, done, bring, cluster, key):
    done("pools", {"ceph": {"running": False}})
    right = key.read_text()
    key.write_text(cluster.key("client.other"))
    done("secrets", {CLIENT: {"value_file": str(key)}})
    refused = bring("pools", {"ceph": {"running": True}})
    key.write_text(right)
    done("secrets", {CLIENT: {"value_file": str(key)}})

    assert (refused["result"], refused["changes"]) == (False, {})
    assert "libvirt refused to start pool ceph" in refused["comment"]
    done("pools", {"ceph": {"running": True}})


def test_v6_the_disk_of_a_guest_grows_under_it_from_either_side_and_never_shrinks(vms, done, bring, disk, here):
    done("volumes", {"ceph:v": {"size_mib": 8}})
    done("domains", {"a": guest(disk)})
    done("volumes", {"ceph:v": {"size_mib": 16}})
    assert here.conn.lookupByName("a").blockInfo("vda")[0] == 16 << 20
    assert done("domains", {"a": {"disks": {"vda": {"size_mib": 16}}}}) == {}
    done("domains", {"a": {"disks": {"vda": {"size_mib": 32}}}})

    assert done("volumes", {"ceph:v": {"size_mib": 32}}) == {}
    for kind, wish in (
        ("volumes", {"ceph:v": {"size_mib": 8}}),
        ("domains", {"a": {"disks": {"vda": {"size_mib": 8}}}}),
    ):
        refused = bring(kind, wish)
        assert (refused["result"], refused["changes"]) == (False, {})
        assert "size_mib cannot change" in refused["comment"]
    assert "domain a runs on it" in bring("volumes", {"ceph:v": None})["comment"]
    assert here.conn.lookupByName("a").blockInfo("vda")[0] == 32 << 20


def test_a_disk_of_ceph_by_its_pool_is_refused_by_libvirt_in_one_line(vms, done, bring):
    done("volumes", {"ceph:v": {"size_mib": 8}})
    by_pool = {"pool": "ceph", "volume": "v", "bus": "virtio", "format": "raw"}
    refused = bring("domains", {"a": guest(by_pool)})

    assert refused["result"] is False
    assert "using 'rbd' pools for backing 'volume' disks isn't yet supported" in refused["comment"]


def test_v11_the_key_is_told_nowhere(vms, bring, disk, source, here, daemon, key, monkeypatch, capfd, caplog):
    argvs, run = [], subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda argv, **how: argvs.append(argv) or run(argv, **how))
    told = [bring("images", {"ceph:deb": source}), bring("volumes", {"ceph:v": {"clone_of": "deb"}})]
    told += [bring("domains", {"a": guest(disk)}), here.conn.lookupByName("a").XMLDesc()]
    (qemu,) = [argv for argv in map(_argv, Path("/proc").glob("[0-9]*")) if b"guest=a," in argv and b"vms" in argv]
    logs = [file.read_text(errors="replace") for file in (daemon.home / "var/log/libvirt").rglob("*.log")]
    marks = [file.read_text() for file in here.marks.directory.rglob("*") if file.is_file()]

    assert [one["result"] for one in told[:3]] == [True] * 3
    assert any("--target-is-zero" in map(str, argv) for argv in argvs)
    everywhere = [*map(str, told), str(argvs), qemu.decode(errors="replace"), *logs, *marks, *capfd.readouterr()]
    assert not any(key.read_text() in text for text in [*everywhere, caplog.text])


def _argv(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # it has ended meanwhile
