"""The slices that a master gives out: those that are compiled, and compiled again as soon as anything is otherwise."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import salt.config

from saltext.lab import answer, cache, served
from saltext.lab.answer import lab_of
from saltext.lab.errors import BadWish, Refused, Unreachable
from saltext.lab.netboot.versions import SERVED
from saltext.lab.spec import kept, source
from saltext.lab.spec.compile import compile
from saltext.lab.spec.standing import Standing

DEMO = source.ROOT / "demo.sls"


@pytest.fixture
def opts(tmp_path, monkeypatch):
    """The configuration of a master with the demo lab; ``rendered`` counts how often that was compiled."""
    for name in ("pillar", "images", "cache"):
        (tmp_path / name).mkdir()
    shutil.copy(DEMO, tmp_path / "pillar")
    ours = {"spec": "demo", "serves": ["physical", "virtual"], "standing": str(tmp_path / "standing.json")}
    ours |= {"images": str(tmp_path / "images")}
    places = {"cachedir": str(tmp_path / "cache"), "extension_modules": str(tmp_path / "cache")}
    opts = {**salt.config.DEFAULT_MASTER_OPTS, **places, "file_client": "local", "rendered": []}
    opts |= {"pillar_roots": {"base": [str(tmp_path / "pillar")]}, "lab": ours}

    def counted(opts):
        opts["rendered"].append(1)
        return lab_of(opts)

    monkeypatch.setattr(served, "lab_of", counted)
    return opts


def pillar(opts):
    return Path(opts["pillar_roots"]["base"][0]) / "demo.sls"


def test_everybody_has_the_slice_that_is_compiled_and_that_once(opts):
    parts = compile(lab_of(opts))
    given = {minion: served.of(opts, minion) for minion in parts}

    assert {name: part for name, part in given.items() if name != "nb1"} == {
        name: part for name, part in parts.items() if name != "nb1"
    }
    assert [*given["hv1"]["virt"]["domains"]["web1"]] == [*parts["hv1"]["virt"]["domains"]["web1"]]
    assert len(opts["rendered"]) == 2  # the host of images waits for more than the others


@pytest.mark.parametrize("minion", ["stranger", "", "*", "web1\n", ".stocked", "../web1"])
def test_a_stranger_has_none(opts, minion):
    assert served.of(opts, "web1")["id"] == "web1"
    assert served.of(opts, minion) is None


def test_a_master_gives_slices_to_its_own_kind_only(opts):
    opts["lab"]["serves"] = ["virtual"]

    assert (served.of(opts, "hv1"), served.of(opts, "nb1")) == (None, None)
    assert {name: bool(part) for name, part in served.many(opts, ["web1", "hv1", "x"]).items()} == {
        "web1": True,
        "hv1": False,
        "x": False,
    }


def edited(opts):
    pillar(opts).write_text(DEMO.read_text().replace("memory_mib: 384", "memory_mib: 640"))


def moved(opts):
    lab = DEMO.read_text().replace("mac: ", "capacity: {memory_mib: 4096, vcpus: 8}\n      mac: ")
    pillar(opts).write_text(lab.replace("host: hv1\n      address: lan+22", "address: lan+22"))


def test_what_is_otherwise_in_the_spec_is_otherwise_at_once(opts):
    before = served.of(opts, "hv1")["virt"]["domains"]["web1"]["memory_mib"]
    edited(opts)

    assert (before, served.of(opts, "hv1")["virt"]["domains"]["web1"]["memory_mib"]) == (384, 640)


def test_a_file_beside_the_spec_that_has_the_same_size_and_time_is_seen(opts):
    included = pillar(opts).with_name("size.jinja")
    included.write_text("{% set mib = 384 %}")
    text = DEMO.read_text().replace("memory_mib: 384", "memory_mib: {{ mib }}")
    pillar(opts).write_text("{% from 'size.jinja' import mib %}\n" + text)
    served.of(opts, "hv1")
    then = included.stat()
    included.write_text("{% set mib = 640 %}")
    os.utime(included, ns=(then.st_atime_ns, then.st_mtime_ns))

    assert served.of(opts, "hv1")["virt"]["domains"]["web1"]["memory_mib"] == 640


def test_where_vms_are_is_seen_at_once(opts):
    moved(opts)
    kept.write(opts, Standing({"web2": "hv1"}))
    before = served.of(opts, "web2")["host"]
    kept.write(opts, Standing({"web2": "hv2"}))

    assert (before, served.of(opts, "web2")["host"]) == ("hv1", "hv2")


def test_another_image_is_seen_at_once_and_a_broken_one_is_only_in_the_way_of_its_server(opts):
    assert served.of(opts, "nb1")["netboot"]["nginx"]["missing"] == ["image ram"]
    shelf = Path(opts["lab"]["images"]) / "ram"
    shelf.mkdir()
    (shelf / "manifest.json").write_text("{")

    with pytest.raises(Unreachable, match="cannot be understood"):
        served.of(opts, "nb1")
    assert served.of(opts, "hv1")["id"] == "hv1"


def test_each_version_of_an_image_is_another_slice_of_its_server(opts):
    shelf = Path(opts["lab"]["images"]) / "ram"
    shelf.mkdir()

    def served_ids(digit):
        files = {name: {"sha256": digit * 64} for name in SERVED}
        told = {"files": files, "served": list(SERVED), "kernel": "6.1.0"}
        (shelf / "manifest.json").write_text(json.dumps(told))
        return list(served.of(opts, "nb1")["netboot"]["nginx"]["images"]["ram"])

    assert served_ids("1") != served_ids("2")
    assert served_ids("2") == served_ids("2")


def test_nothing_comes_from_a_spec_with_a_mistake_and_nothing_is_kept_of_it(opts):
    served.of(opts, "web1")
    pillar(opts).write_text("lab: {nmae: x}")
    for _ in range(2):
        with pytest.raises(BadWish, match="lab:nmae is unknown"):
            served.of(opts, "web1")

    pillar(opts).write_text(DEMO.read_text())
    assert served.of(opts, "web1")["id"] == "web1"


def test_how_the_lab_stands_is_looked_at_again_where_another_run_has_changed_it(opts):
    moved(opts)
    before = answer.lab_of(opts)
    assert answer.fresh(opts, before) is before
    kept.write(opts, Standing({"web2": "hv2"}))
    now = answer.fresh(opts, before)

    assert (before.vms["web2"].host, now.vms["web2"].host) == ("hv1", "hv2")


def test_nothing_comes_by_a_torn_standing(opts):
    served.of(opts, "web1")
    kept.file(opts).write_text("{")

    with pytest.raises(Refused, match="cannot be understood"):
        served.of(opts, "web1")


def test_what_templates_read_from_elsewhere_is_read_again_after_a_while(opts, monkeypatch):
    served.of(opts, "web1")
    monkeypatch.setattr(cache, "AGE", 0)
    served.of(opts, "web1")

    assert len(opts["rendered"]) == 2


def test_what_is_kept_is_for_its_owner_alone(opts):
    served.of(opts, "web1")
    place = Path(opts["cachedir"]) / "saltext-lab"

    assert (place / "slices").stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("text", ["", "{}\n", "[]\n", '{"key": 1', "\x00\xff"])
def test_a_file_that_is_none_is_made_anew(opts, text):
    served.of(opts, "web1")
    (Path(opts["cachedir"]) / "saltext-lab/slices").write_text(text)

    assert served.of(opts, "web1")["id"] == "web1"


def test_of_many_who_ask_at_once_one_compiles(opts):
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda name: served.of(opts, name), ["web1", "web2", "hv1", "hv2"] * 2))

    assert [part["id"] for part in given] == ["web1", "web2", "hv1", "hv2"] * 2
    assert len(opts["rendered"]) == 1


def test_what_is_kept_is_one_line_about_it_and_then_json(opts):
    served.of(opts, "web1")
    head, _ = (Path(opts["cachedir"]) / "saltext-lab/slices").read_text().split("\n", 1)

    assert set(json.loads(head)["index"]) > {"web1", "hv1", "pi1"}
