"""Leases, and who is told of: the text of dnsmasq's own files."""

import json

import pytest

from saltext.lab.errors import Unreachable
from saltext.lab.netboot import leases, seen, shelf, versions
from saltext.lab.netboot.marks import Marks
from saltext.lab.netboot.watch import Log, look

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


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "log")


def told(log, waiting, marks):
    sent: list = []
    return look(log, waiting, marks, sent.append), [(one["mac"], one["interface"]) for one in sent]


def test_each_machine_is_told_of_once_also_after_a_restart(log, tmp_path):
    log.path.write_text(f"{discover(A)}\n{discover(A)}\n{discover(B, 'guests')}\n")

    assert told(log, {}, Marks(tmp_path / "m")) == ({}, [(A, "lan"), (B, "guests")])
    assert told(log, {}, Marks(tmp_path / "m")) == ({}, [])
    assert told(Log(log.path), {}, Marks(tmp_path / "m")) == ({}, [])
    assert Marks(tmp_path / "m").all()[B]["interface"] == "guests"


def test_a_machine_that_is_forgotten_is_told_of_again(log, tmp_path):
    marks = Marks(tmp_path)
    log.path.write_text(f"{discover(A)}\n")
    told(log, {}, marks)

    assert (marks.forget(A), marks.forget(A)) == (True, False)
    assert told(Log(log.path), {}, marks)[1] == [(A, "lan")]


def test_what_cannot_be_told_now_is_told_later(log, tmp_path):
    def down(data):
        raise Unreachable("the minion takes no events")

    log.path.write_text(f"{discover(A)}\n")
    waiting = look(log, {}, Marks(tmp_path / "m"), down)

    assert waiting == {A: "lan"}
    assert Marks(tmp_path / "m").all() == {}
    assert told(log, waiting, Marks(tmp_path / "m")) == ({}, [(A, "lan")])


def test_a_log_that_is_not_there_or_cut_or_another_or_half_a_line(log):
    assert log.lines() == []
    log.path.write_text("one\ntw")
    assert log.lines() == ["one"]
    with log.path.open("a") as file:
        file.write("o\n")
    assert log.lines() == ["two"]
    log.path.write_text("3\n")
    assert log.lines() == ["3"]
    log.path.rename(log.path.with_suffix(".1"))
    log.path.write_text("four\n")
    assert log.lines() == ["four"]


def test_a_mark_is_whole_or_not_there(tmp_path):
    Marks(tmp_path).add(A, {"interface": "lan"})

    assert [path.name for path in tmp_path.iterdir()] == ["52-54-00-99-00-01.json"]
    assert json.loads((tmp_path / "52-54-00-99-00-01.json").read_text()) == {"interface": "lan"}


def manifest(root, at, letter):
    """Make the image *at* below *root*, whose files have hashes of that *letter*."""
    (root / at).mkdir(parents=True)
    files = {name: {"sha256": letter * 64} for name in versions.SERVED}
    (root / at / "manifest.json").write_text(json.dumps({"kernel": "6.1", "files": files}))


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
