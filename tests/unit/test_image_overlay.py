"""Overlays: the same files make the same archive, secrets are refused, and what differs from an image is found."""

import os
import tarfile
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.errors import BadWish, NotSafe, Refused
from saltext.lab.images import layers, overlay, secret

NAMES = st.lists(st.text(ascii_lowercase, min_size=1, max_size=3), min_size=1, max_size=4, unique=True)


@pytest.fixture
def root(tmp_path):
    """A root directory with a file, a program, a link and directories."""
    tree = tmp_path / "root"
    (tree / "etc/app").mkdir(parents=True)
    (tree / "etc/app/conf").write_text("on")
    (tree / "etc/app/run").write_text("#!/bin/sh")
    (tree / "etc/app/run").chmod(0o750)
    (tree / "etc/link").symlink_to("app/conf")
    return tree


def test_an_archive_holds_what_was_named_and_nothing_of_who_packed_it(root, tmp_path):
    file = tmp_path / "x.tar.gz"
    made = overlay.pack(root, ["etc/link", "etc/app", "etc/app/run"], file)
    assert made["size"] == file.stat().st_size
    with tarfile.open(file) as archive:
        entries = {one.name: one for one in archive}
    assert list(entries) == ["etc/app", "etc/app/run", "etc/link"]
    assert {one.mtime for one in entries.values()} == {overlay.WHEN}
    assert {(one.uname, one.gname) for one in entries.values()} == {("", "")}
    assert entries["etc/app/run"].mode == 0o750
    assert entries["etc/link"].linkname == "app/conf"


def test_the_same_files_make_the_same_archive_whenever_and_wherever_they_are_packed(root, tmp_path):
    names = ["etc/app", "etc/app/conf", "etc/app/run", "etc/link"]
    one = overlay.pack(root, names, tmp_path / "one")
    os.utime(root / "etc/app/conf", (1, 1))
    root.rename(tmp_path / "elsewhere")
    assert overlay.pack(tmp_path / "elsewhere", names[::-1] + names, tmp_path / "other.name") == one
    (tmp_path / "elsewhere/etc/app/conf").write_text("no")
    assert overlay.pack(tmp_path / "elsewhere", names, tmp_path / "third")["sha256"] != one["sha256"]


@pytest.mark.parametrize(
    "name",
    [
        "etc/salt/pki/minion/minion.pem",
        "etc/shadow",
        "etc/shadow-",
        "etc/gshadow",
        "etc/ssh/ssh_host_ed25519_key",
        "root/.ssh/id_ed25519",
        "etc/ceph/ceph.client.admin.keyring",
        "var/cache/salt/minion/highstate.cache.p",
    ],
)
def test_a_secret_is_refused_by_its_name_and_nothing_is_written(root, tmp_path, name):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).touch()
    with pytest.raises(NotSafe, match=f"/{name} "):
        overlay.pack(root, ["etc/link", name], tmp_path / "x.tar.gz")
    assert not (tmp_path / "x.tar.gz").exists()


@pytest.mark.parametrize("kind", ["", "RSA ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_is_refused_whatever_it_is_called(root, kind):
    (root / "etc/app/conf").write_text(f"tls:\n-----BEGIN {kind}PRIVATE KEY-----\nMII\n")
    assert secret.among(root, ["etc/app/conf", "etc/link"]) == {"etc/app/conf": "a private key is in it"}


def test_what_only_sounds_like_a_secret_is_none(root):
    (root / "etc/app/conf").write_text("-----BEGIN PUBLIC KEY-----")
    names = ["etc/app/conf", "etc/ssh/sshd_config", "root/.ssh/authorized_keys", "etc/salt/minion", "etc/passwd"]
    assert secret.among(root, names) == {}


@pytest.fixture
def stack(tmp_path):
    """A function that makes the layers of a machine from two dicts, path to text; they have ``etc`` in common."""

    def make(lower, upper):
        for home, files in ((tmp_path / "lower", lower), (tmp_path / "upper", upper)):
            (home / "etc").mkdir(parents=True, exist_ok=True)
            for path, text in files.items():
                (home / path).parent.mkdir(parents=True, exist_ok=True)
                (home / path).write_text(text)
        return {"upper": tmp_path / "upper", "lower": tmp_path / "lower"}

    return make


def test_what_differs_is_what_was_written_and_is_not_as_before(stack):
    there = {"etc/same": "1", "etc/changed": "1", "etc/mode": "1", "etc/untouched": "1"}
    both = stack(there, {"etc/same": "1", "etc/changed": "2", "etc/mode": "1", "etc/new/one": "1", "srv/else": "1"})
    (both["upper"] / "etc/mode").chmod(0o600)
    (both["upper"] / "etc/link").symlink_to("mode")
    os.mkfifo(both["upper"] / "etc/pipe")
    os.mknod(both["upper"] / "etc/gone", 0o020000, os.makedev(0, 0))
    take, left = layers.differing(["/etc"], **both)
    assert take == ["etc/changed", "etc/link", "etc/mode", "etc/new", "etc/new/one"]
    assert {name: why.split()[0] for name, why in left.items()} == {"etc/gone": "removed,", "etc/pipe": "neither"}
    assert layers.differing(["/etc/untouched", "/etc/new/one"], **both)[0] == ["etc/new/one"]


@pytest.mark.parametrize("path", ["/etc/none", "etc/same", "/etc/../etc/same", ""])
def test_a_path_that_cannot_be_meant_is_told(stack, path):
    with pytest.raises(BadWish):
        layers.differing([path], **stack({"etc/same": "1"}, {"etc/same": "2"}))


def test_a_machine_without_layers_says_so(tmp_path):
    with pytest.raises(Refused, match="the image ram"):
        layers.differing(["/"], upper=tmp_path / "none")


@given(NAMES, NAMES)
def test_all_that_differs_is_what_differs_below_each_directory(tmp_path_factory, one, other):
    home = tmp_path_factory.mktemp("stack")
    for layer, names in (("lower", one), ("upper", other)):
        for name in names:
            (home / layer / name).mkdir(parents=True)
            (home / layer / name / "file").write_text(name if layer == "lower" else name[::-1])
    both = {"upper": home / "upper", "lower": home / "lower"}
    apart = [name for top in other for name in layers.differing([f"/{top}"], **both)[0]]
    assert layers.differing(["/"], **both)[0] == sorted(apart)
