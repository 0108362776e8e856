"""Runs as people see them: who holds the lock, what a killed run leaves, how one is followed, what is drawn."""

import contextlib
import json
import os
import pty
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
import salt.crypt

from saltext.lab.boot import journal
from saltext.lab.wait import until
from tests.support import masters

SPEC = """
lab:
  name: demo
  domain: demo.example
  masters: {physical: pi1, virtual: pi1}
  networks: {lan: {subnet: 10.10.0.0/24}}
  hosts:
    pi1: {mac: "52:54:00:00:01:01", address: lan+1}
    hv1: {mac: "52:54:00:00:01:02", address: lan+2}
"""


@pytest.fixture(scope="module")
def identity():
    """The key pair of the minion of pi1."""
    return salt.crypt.gen_keys(2048)


@pytest.fixture(scope="module")
def lab(tmp_path_factory, identity):
    """A master of a lab of two hosts: the minion of pi1 was admitted and is silent, nobody has let hv1 in."""
    home = tmp_path_factory.mktemp("r")
    with masters.master(home, serves=("physical", "virtual")) as running:
        (home / "pillar/demo.sls").write_text(SPEC)
        Path(running.opts["pki_dir"], "minions/pi1").write_text(identity[1])
        yield running


@pytest.fixture(scope="module")
def powered(lab):
    """How a run ended that had nothing to do, and what ``lab.runs`` says of it."""
    return lab.run("lab.bootstrap", "until=power"), rows(lab)[-1]


@contextlib.contextmanager
def started(lab, *words, **pipes):
    """Yield the process ``salt-run`` *words*, which is gone afterwards."""
    argv = [masters.PROGRAMS / "salt-run", "-c", lab.home, *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | pipes
    process = subprocess.Popen(argv, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


@pytest.fixture
def waiting(lab):
    """A bootstrap that waits for pi1, which it does for two minutes: its process, and its run."""
    with started(lab, "lab.bootstrap", "until=minion") as process:
        yield process, until(lambda: at_pi1(lab, process), 30, "the run at pi1")


def at_pi1(lab, process):
    """Return the run of *process* once it waits for pi1, and hv1 has failed."""
    place = journal.place(lab.opts)
    runs = [journal.load(place, name) for name in journal.names(place)]
    [run] = [run for run in runs if run.head.get("pid") == process.pid] or [None]
    return run and "minion hv1" in run.ended and "minion pi1" in run.begun and run


def rows(lab):
    return json.loads(lab.run("--out", "json", "lab.runs").stdout)["runs"]


def state(lab, run):
    return {row["run"]: row["state"] for row in rows(lab)}[run.id]


def test_a_run_is_told_of_line_by_line_and_kept(powered):
    done, row = powered

    assert done.returncode == 0, done
    first, second, *_ = done.stdout.splitlines()
    assert (first.split(), second.split()[:4]) == (["begun", "power", "hv1"], ["as", "wished", "power", "hv1"])
    assert (row["state"], row["command"], row["steps"]["all"]) == ("done", "lab.bootstrap until=power", 1)


def test_who_comes_second_is_told_who_is_at_it_and_at_what_and_exits_with_3(lab, waiting):
    process, run = waiting
    second = lab.run("--out", "json", "lab.bootstrap")
    told = json.loads(second.stdout)

    assert second.returncode == 3, second
    assert told["error"].startswith(f"lab.bootstrap is running already — pid {process.pid} of ")
    assert f"run {run.id}, at: minion pi1 (" in told["error"]
    assert told["error"].endswith("follow it: salt-run lab.watch")
    assert (told["owner"]["run"], list(told["owner"]["at_it"])) == (run.id, ["minion pi1"])
    assert state(lab, run) == "running"


def test_a_killed_run_is_told_as_such_and_the_next_one_names_it(lab, waiting):
    process, run = waiting
    process.kill()
    process.wait(20)
    watched = lab.run("lab.watch", run.id)
    again = lab.run("--out", "json", "lab.bootstrap", "until=power")

    assert state(lab, run) == "killed"
    assert watched.returncode == 1, watched
    assert f"run {run.id} was killed — to go on where it was: salt-run lab.bootstrap" in watched.stdout
    assert (again.returncode, json.loads(again.stdout)["retcode"]) == (0, 0), again
    assert journal.load(journal.place(lab.opts)).head["follows"] == run.id


def test_a_run_is_watched_to_its_end_and_both_tell_of_its_failure_with_what_to_do(lab, identity, waiting):
    process, run = waiting
    with started(lab, "--out", "json", "lab.watch") as watcher, masters.minion(lab, "pi1", *identity):
        said, _ = process.communicate(timeout=40)
        told = json.loads(watcher.communicate(timeout=20)[0])

    assert (process.returncode, watcher.returncode) == (1, 1), said
    assert [(one["step"], one["fix"]) for one in told["failures"]] == [
        ("minion hv1", "start it, then: salt-run lab.enroll hv1")
    ]
    lines = [line.strip() for line in said.splitlines()]
    assert "cause  hv1 is not enrolled — no power driver can tell its key" in lines
    assert "do     start it, then: salt-run lab.enroll hv1" in lines
    assert {step["step"]: step["state"] for step in told["steps"]}["minion pi1"] == "changed"
    assert (told["run"], state(lab, run)) == (run.id, "failed")


def test_a_terminal_gets_a_table_that_moves_and_has_its_cursor_back_after_ctrl_c(lab):
    ours, its = pty.openpty()
    with started(lab, "lab.bootstrap", "until=minion", stdout=its, stderr=its) as process:
        os.close(its)
        until(lambda: at_pi1(lab, process), 30, "the run at pi1")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    shown = read(ours)
    assert rows(lab)[-1]["state"] == "interrupted"

    assert "lab.bootstrap: 2 of 3 steps" in shown
    assert "waits" not in shown.split("lab.bootstrap: 2 of 3 steps")[1]
    assert "begun" not in shown  # the lines are for who has no terminal
    assert shown.index("\x1b[?25l") < shown.index("\x1b[?25h") < shown.index("interrupted; what was begun")


def read(terminal):
    """Return all that was written to *terminal*, whose other end is closed."""
    data = b""
    with contextlib.suppress(OSError):  # EIO is its end
        while part := os.read(terminal, 1 << 16):
            data += part
    os.close(terminal)
    return data.decode()


def test_a_timeline_and_graphs_are_drawn_into_new_files_alone(lab, powered, tmp_path):
    name = powered[1]["run"]
    text = lab.run("lab.timeline", name)
    drawn = {"run.svg": ["lab.timeline", name], "lab.svg": ["lab.graph"], "steps.svg": ["lab.graph", "bootstrap"]}
    for file, words in drawn.items():
        done = lab.run(*words, f"svg={tmp_path / file}")
        assert done.returncode == 0, done
        assert ElementTree.parse(tmp_path / file).getroot().tag.endswith("svg")
    again = lab.run("lab.graph", f"svg={tmp_path}/lab.svg")

    assert "* power hv1" in text.stdout
    assert (again.returncode, "File exists" in again.stdout) == (2, True), again
    assert lab.run("lab.graph").stdout.startswith('digraph "topology" {')
