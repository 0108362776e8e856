"""The cache of images: what names one, what makes it another, and that builds do not get in each other's way."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import images.host
from images import cache, root, sign, versions
from images.__main__ import main
from images.check import differing
from images.ram import cpio
from saltext.lab.errors import BadWish, NotSafe, Refused, Unreachable
from saltext.lab.wait import until


@pytest.fixture
def recipe(tmp_path):
    """A recipe with one package and one script."""
    source = tmp_path / "source"
    (source / "host/files").mkdir(parents=True)
    (source / "host/packages.txt").write_text("less\n")
    (source / "host/files/hello").write_text("#!/bin/sh\n")
    for shared in cache.SHARED:
        (source / shared).write_text("")
    return source


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("LAB_CACHE", str(tmp_path))
    return tmp_path / "images"


@pytest.fixture
def made(monkeypatch):
    """Builds of the host image, each of which leaves one file."""
    builds = []

    def make(image, workshop):
        builds.append(workshop)
        (image / "root").write_text("Debian")

    monkeypatch.setattr(images.host, "make", make)
    return builds


@pytest.mark.parametrize(
    "change",
    [
        lambda source: (source / "host/packages.txt").write_text("more\n"),
        lambda source: (source / "host/files/hello").chmod(0o755),
        lambda source: (source / "host/files/hello").rename(source / "host/files/hallo"),
        lambda source: (source / "host/files/link").symlink_to("hello"),
        lambda source: (source / cache.SHARED[0]).write_text("pass"),
    ],
    ids=["content", "mode", "name", "link", "shared module"],
)
def test_a_changed_recipe_is_another_image(recipe, change):
    before = cache.digest("host", recipe)
    change(recipe)
    assert cache.digest("host", recipe) != before


def test_compiled_python_and_another_image_are_no_part_of_a_recipe(recipe):
    before = cache.digest("host", recipe)
    (recipe / "host/__pycache__").mkdir()
    (recipe / "host/__pycache__/x.pyc").write_text("")
    (recipe / "ram").mkdir()
    (recipe / "ram/packages.txt").write_text("")
    assert cache.digest("host", recipe) == before


def test_another_key_makes_another_of_an_image_that_is_signed_and_of_no_other(home, tmp_path):
    before = {name: cache.digest(name) for name in cache.NAMES}
    cache.keys().mkdir(parents=True)
    (cache.keys() / sign.PUBLIC).write_text("a key")
    assert {name for name in cache.NAMES if cache.digest(name) != before[name]} == {"grub", "ram"}


def test_what_signs_shapes_only_what_is_signed(recipe):
    (recipe / "grub").mkdir()
    (recipe / "sign.py").write_text("")
    before = {name: cache.digest(name, recipe) for name in ("grub", "host")}
    (recipe / "sign.py").write_text("pass")
    assert {name for name, digest in before.items() if cache.digest(name, recipe) != digest} == {"grub"}


def test_an_image_that_is_not_there_says_how_to_get_it(home):
    with pytest.raises(Unreachable, match="python -m images build ram"):
        images.path("ram")


def test_an_image_there_is_not():
    with pytest.raises(BadWish, match="one of grub, host, ram"):
        images.path("rom")


def test_it_is_built_once(home, made):
    first = images.build("host")
    assert (first / "root").read_text() == "Debian"
    assert images.build("host") == images.path("host") == first
    assert len(made) == 1


def waited_for(lock):
    """Whether somebody waits for the file *lock*, as the kernel tells it (proc(5), /proc/locks)."""
    lines = Path("/proc/locks").read_text().splitlines()
    return lock.exists() and any("->" in line and f":{lock.stat().st_ino} " in line for line in lines)


def test_two_builds_at_once_are_one(home, made, monkeypatch):
    make = images.host.make

    def slow(image, workshop):
        until(lambda: waited_for(home / ".host.lock"), 20, "the second build")
        make(image, workshop)

    monkeypatch.setattr(images.host, "make", slow)
    with ThreadPoolExecutor() as pool:
        one, other = pool.map(images.build, ["host", "host"])
    assert one == other
    assert len(made) == 1


def test_a_build_that_fails_leaves_nothing(home, monkeypatch):
    def make(image, _workshop):
        (image / "half").touch()
        raise Refused("apt cannot", "no network")

    monkeypatch.setattr(images.host, "make", make)
    with pytest.raises(Refused):
        images.build("host")
    assert [path.name for path in home.iterdir()] == [".host.lock"]


def test_what_a_killed_build_left_is_not_in_the_image(home, made):
    (home / ".host.work/image").mkdir(parents=True)
    (home / ".host.work/image/half").touch()
    assert [path.name for path in images.build("host").iterdir()] == ["root"]


def test_the_commands(home, made, capsys):
    assert main(["path", "host"]) == 1
    assert "is not there" in capsys.readouterr().err
    assert main(["build", "host"]) == 0
    built = capsys.readouterr().out
    assert main(["path", "host"]) == 0
    assert capsys.readouterr().out == built
    assert main(["list"]) == 0
    assert "current" in capsys.readouterr().out


def test_files_are_copied_with_plain_modes(tmp_path):
    tree, target = tmp_path / "tree", tmp_path / "target"
    (tree / "etc").mkdir(parents=True)
    target.mkdir()
    for name, mode in {"motd": 0o600, "run": 0o700}.items():
        (tree / "etc" / name).touch()
        (tree / "etc" / name).chmod(mode)
    (tree / "etc/link").symlink_to("/run")
    root.copy(tree, target)
    assert {path.name: oct(path.lstat().st_mode & 0o777) for path in (target / "etc").iterdir()} == {
        "motd": "0o644",
        "run": "0o755",
        "link": "0o777",
    }


def test_the_archive_is_one_that_cpio_reads_and_the_same_each_time(tmp_path):
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/busybox").write_bytes(b"\x7fELF" * 1000 + b"!")
    (tree / "bin/sh").symlink_to("busybox")
    archives = [tmp_path / "one", tmp_path / "two"]
    for archive in archives:
        cpio.write(archive, tree)
        (tree / "bin/busybox").touch()
    assert archives[0].read_bytes() == archives[1].read_bytes()
    (tmp_path / "out").mkdir()
    subprocess.run(["cpio", "-id", "--quiet", "-D", tmp_path / "out", "-F", archives[0]], check=True)
    assert (tmp_path / "out/bin/sh").read_bytes() == (tree / "bin/busybox").read_bytes()


@pytest.fixture
def old(home, made, tmp_path, monkeypatch):
    """The current version of ``host``, a former one, and two that are older; no rack has a disk."""
    monkeypatch.setenv("RACK_STATE", str(tmp_path / "racks"))
    images.build("host")
    names = [f"host-{letter * 12}" for letter in "abc"]
    for age, name in enumerate(names, start=1):
        (home / name / "root").mkdir(parents=True)
        os.utime(home / name, (1e9 - age, 1e9 - age))
    return names


def lay_a_disk_over(image, disk):
    disk.mkdir(parents=True)
    (disk / "image").symlink_to(image / "root")


def test_the_list_tells_the_current_version_the_former_one_and_who_uses_which(home, old, tmp_path, capsys):
    lay_a_disk_over(home / old[1], tmp_path / "racks/demo/hv1")
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[5:] for line in lines] == [["current"], ["former"], ["old", "used", "by", "demo/hv1"], ["old"]]
    assert [line.split()[0] for line in lines][1:] == old


def test_when_the_current_version_is_not_built_the_newest_is_the_former(home, old):
    cache.place("host").rename(home / "host-dddddddddddd")
    assert [version.role for version in versions.versions()] == ["former", "old", "old", "old"]


def test_only_an_old_version_is_removed_and_only_by_its_name(home, old, capsys):
    assert main(["prune"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == old[1:]
    assert {path.name for path in home.glob("host-*")} == {cache.place("host").name, *old}
    assert main(["prune", old[2]]) == 0
    assert {path.name for path in home.iterdir()} == {".host.lock", cache.place("host").name, *old[:2]}


@pytest.mark.parametrize("which", ["current", "former", "used"])
def test_what_a_lab_needs_is_never_removed(home, old, tmp_path, which):
    lay_a_disk_over(home / old[1], tmp_path / "racks/demo/hv1")
    name = {"current": cache.place("host").name, "former": old[0], "used": old[1]}[which]
    with pytest.raises(NotSafe, match="demo/hv1" if which == "used" else which):
        versions.remove(name)
    assert (home / name).is_dir()


@pytest.mark.parametrize("name", ["host-000000000000", "..", "host-*", ""])
def test_a_version_there_is_not_cannot_be_removed(home, old, name):
    with pytest.raises(BadWish, match="no image"):
        versions.remove(name)


def test_a_second_build_that_differs_is_told_and_not_kept(home, monkeypatch, capsys):
    builds = iter("aab")

    def make(image, _workshop):
        (image / "same").write_text("Debian")
        (image / "file").write_text(next(builds))

    monkeypatch.setattr(images.host, "make", make)
    assert main(["check", "host"]) == 0
    assert "are the same" in capsys.readouterr().out
    assert main(["check", "host"]) == 1
    assert "differ in 1 files — file —" in capsys.readouterr().err
    assert {path.name for path in home.iterdir()} == {".host.check.lock", ".host.lock", cache.place("host").name}


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: (tree / "file").write_text("b"),
        lambda tree: (tree / "file").chmod(0o600),
        lambda tree: os.chown(tree / "link", 1, 0, follow_symlinks=False),
        lambda tree: (tree / "link").unlink() or (tree / "link").symlink_to("other"),
        lambda tree: (tree / "more").touch(),
        lambda tree: (tree / "link").unlink(),
    ],
    ids=["content", "mode", "owner", "target", "more", "less"],
)
def test_images_differ_by_all_that_a_machine_would_see(tmp_path, change):
    trees = [tmp_path / "one", tmp_path / "other"]
    for tree in trees:
        tree.mkdir()
        (tree / "file").write_text("a")
        (tree / "link").symlink_to("file")
    assert differing(*trees) == []
    change(trees[1])
    assert len(differing(*trees)) == 1


def whose(file, public):
    """Return whether gpgv takes the signature of *file* for one by the key in file *public*."""
    argv = ["gpgv", "--quiet", "--keyring", public, f"{file}.sig", file]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def test_a_file_is_signed_by_the_key_of_the_cache_and_each_time_the_same(tmp_path):
    keys, other, file = tmp_path / "keys", tmp_path / "other", tmp_path / "vmlinuz"
    file.write_bytes(b"kernel")
    signatures = []
    for _ in range(2):
        sign.make(keys)
        sign.files(keys, file)
        signatures.append((tmp_path / "vmlinuz.sig").read_bytes())
    sign.make(other)
    assert signatures[0] == signatures[1]
    assert b"\x05\x02" + int(root.EPOCH).to_bytes(4, "big") in signatures[0]  # its time, RFC 4880 5.2.3.4
    assert whose(file, keys / sign.PUBLIC)
    assert not whose(file, other / sign.PUBLIC)
    file.write_bytes(b"Kernel")
    assert not whose(file, keys / sign.PUBLIC)


def test_the_secret_key_is_for_nobody_else_and_its_agent_has_ended(tmp_path):
    keys = tmp_path / "keys"
    sign.make(keys)
    assert oct(keys.stat().st_mode & 0o777) == "0o700"
    assert oct((keys / sign.SECRET).stat().st_mode & 0o777) == "0o600"
    until(lambda: not agents(), 10, "the end of the agent")


def agents():
    """Return the processes of the agents that signing has started."""
    return subprocess.run(["pgrep", "-f", "^gpg-agent .*/lab-gpg-"], capture_output=True, check=False).stdout


def test_a_key_whose_making_was_killed_is_made_anew(tmp_path):
    (tmp_path / ".keys.new").mkdir()
    (tmp_path / ".keys.new" / sign.SECRET).touch()
    sign.make(tmp_path / "keys")
    assert {file.name for file in (tmp_path / "keys").iterdir()} == {sign.SECRET, sign.PUBLIC}
    assert (tmp_path / "keys" / sign.SECRET).stat().st_size > 1000
