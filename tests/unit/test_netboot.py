"""Leases, and who is told of: the text of dnsmasq's own files."""

import json
import os

import pytest

from saltext.lab.errors import Unreachable
from saltext.lab.netboot import leases, seen, shelf, versions
from saltext.lab.netboot.marks import Marks
from saltext.lab.netboot.watch import Log, look
from saltext.lab.wait import until

A, B = "52:54:00:99:00:01", "52:54:00:99:00:02"
STAMP = "Nov 21 05:29:24 dnsmasq-dhcp[29015]: 3809643146"


def discover(mac, interface="lan"):
    return f"{STAMP} DHCPDISCOVER({interface}) {mac} "


def test_leases_with_and_without_an_end_and_a_name():
    text = f"1795243397 {A} 10.77.0.51 * 01:{A}\n0 {B} 10.77.0.20 one *\nduid 00:01:00:01:32\n0 1 fd00::5 x 00:01\n"

    assert leases.parse(text) == {
        A: {"ip": "10.77.0.51", "name": None, "expiry": 1795243397},
        B: {"ip": "10.77.0.20", "name": "one", "expiry": None},
    }


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (discover(A), {A: "lan"}),
        (f"{STAMP} DHCPDISCOVER(br-trunk0) 10.77.0.20 {A} ", {A: "br-trunk0"}),
        (f"{STAMP} DHCPDISCOVER(lan) {A} no address available", {A: "lan"}),
        (f"{STAMP} PXE(lan) {A} proxy", {A: "lan"}),
        (f"{STAMP} DHCPREQUEST(lan) 10.77.0.20 {A} ", {}),
        (f"{STAMP} client provides name: DHCPDISCOVER(lan) {A}", {}),
        (f"Nov 21 05:29:24 dnsmasq[1]: query[A] DHCPDISCOVER(lan) {A}", {}),
    ],
)
def test_who_asked_is_in_the_log(line, found):
    assert seen.machines([line]) == found


def told(lines, waiting, marks):
    sent: list = []
    return look(lines, waiting, marks, sent.append), [(one["mac"], one["interface"]) for one in sent]


def test_each_machine_is_told_of_once_also_after_a_restart(tmp_path):
    lines = [discover(A), discover(A), discover(B, "guests")]

    assert told(lines, {}, Marks(tmp_path)) == ({}, [(A, "lan"), (B, "guests")])
    assert told(lines, {}, Marks(tmp_path)) == ({}, [])
    assert Marks(tmp_path).all()[B]["interface"] == "guests"


def test_a_machine_that_is_forgotten_is_told_of_again(tmp_path):
    marks = Marks(tmp_path)
    told([discover(A)], {}, marks)

    assert (marks.forget(A), marks.forget(A)) == (True, False)
    assert told([discover(A)], {}, marks)[1] == [(A, "lan")]


def test_what_cannot_be_told_now_is_told_later(tmp_path):
    def down(data):
        raise Unreachable("the minion takes no events")

    waiting = look([discover(A)], {}, Marks(tmp_path), down)

    assert waiting == {A: "lan"}
    assert Marks(tmp_path).all() == {}
    assert told([], waiting, Marks(tmp_path)) == ({}, [(A, "lan")])


@pytest.fixture
def log(tmp_path):
    """A log that is not there yet."""
    log = Log(tmp_path / "log")
    yield log
    log.tail.kill()
    log.tail.wait()
    os.close(log.out)


def test_a_log_that_is_not_there_yet_or_cut_or_another_or_half_a_line(log, tmp_path):
    def come(text, mode="a"):
        with (tmp_path / "log").open(mode) as file:
            file.write(text)
        return until(lambda: log.lines(1), 20, text)

    assert come("one\ntw") == ["one"]
    assert come("o\n") == ["two"]
    assert come("3\n", "w") == ["3"]
    (tmp_path / "log").rename(tmp_path / "log.1")
    assert come("four\n") == ["four"]


def test_a_mark_is_whole_or_not_there(tmp_path):
    Marks(tmp_path).add(A, {"interface": "lan"})

    assert [path.name for path in tmp_path.iterdir()] == ["52-54-00-99-00-01.json"]
    assert json.loads((tmp_path / "52-54-00-99-00-01.json").read_text()) == {"interface": "lan"}


def manifest(root, at, letter):
    """Make the image *at* below *root*, whose files have hashes of that *letter*."""
    (root / at).mkdir(parents=True)
    files = {name: {"sha256": letter * 64} for name in versions.SERVED}
    (root / at / "manifest.json").write_text(json.dumps({"kernel": "6.1", "served": versions.SERVED, "files": files}))


def test_what_a_master_has_is_told_by_its_manifests(tmp_path):
    manifest(tmp_path, "ram", "a")
    manifest(tmp_path, "ram.former", "b")
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays/base.json").write_text(json.dumps({"sha256": "c" * 64}))
    stock = shelf.read(["ram", "other"], ["base", "www"], tmp_path)

    assert [(one.at, one.sha256["root.sqfs"][0]) for one in stock.images["ram"]] == [("ram", "a"), ("ram.former", "b")]
    assert len({one.id for one in stock.images["ram"]}) == 2
    assert (list(stock.images), stock.overlays) == (["ram"], {"base": "c" * 64})


@pytest.mark.parametrize("text", ["", "[]", '{"files": {}}', '{"files": {"vmlinuz": 1}}'])
def test_a_manifest_that_is_none_is_told_with_its_file(tmp_path, text):
    (tmp_path / "ram").mkdir()
    (tmp_path / "ram/manifest.json").write_text(text)

    with pytest.raises(Unreachable, match="ram/manifest.json cannot be understood"):
        shelf.read(["ram"], [], tmp_path)
