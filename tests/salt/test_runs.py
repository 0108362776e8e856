"""Runs as people see them: who holds the lock, what a killed run leaves, how one is followed, what is drawn."""

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import salt.crypt

from saltext.lab.boot import journal, trace
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


def at_pi1(lab, process):
    """Return the run of *process* once it waits for pi1, and hv1 has failed."""
    place = journal.place(lab.opts)
    runs = [journal.load(place, name) for name in journal.names(place)]
    [run] = [run for run in runs if run.head.get("pid") == process.pid] or [None]
    return run and "minion hv1" in run.ended and "minion pi1" in run.begun and run


@contextlib.contextmanager
def waiting(lab, **pipes):
    """Yield a bootstrap that waits for pi1, which it does for two minutes: its process, and its run."""
    with started(lab, "lab.bootstrap", "until=minion", **pipes) as process:
        yield process, until(lambda: at_pi1(lab, process), 30, "the run at pi1")


@pytest.fixture(scope="module")
def told(lab):
    """What is told of a run that is killed: to who comes second, to who watches it, by the next one, and afterwards."""
    with waiting(lab) as (process, run):
        second = lab.run("--out", "json", "lab.bootstrap")
        process.kill()
        process.wait(20)
        watched, following = lab.run("lab.watch", run.id), lab.run("lab.bootstrap", "until=power")
    rows = json.loads(lab.run("--out", "json", "lab.runs").stdout)["runs"]
    by_run = {row["run"]: row for row in rows}
    return SimpleNamespace(pid=process.pid, run=run, second=second, watched=watched, following=following, rows=by_run)


def test_who_comes_second_is_told_who_is_at_it_and_at_what_and_exits_with_3(told):
    answer = json.loads(told.second.stdout)

    assert told.second.returncode == 3, told.second
    assert answer["error"].startswith(f"lab.bootstrap is running already — pid {told.pid} of ")
    assert f"run {told.run.id}, at: minion pi1 (" in answer["error"]
    assert answer["error"].endswith("follow it: salt-run lab.watch")
    assert (answer["owner"]["run"], list(answer["owner"]["at_it"])) == (told.run.id, ["minion pi1"])


def test_a_killed_run_is_told_as_such(told):
    assert told.rows[told.run.id]["state"] == "killed"
    assert told.watched.returncode == 1, told.watched
    assert f"run {told.run.id} was killed — to go on where it was: salt-run lab.bootstrap" in told.watched.stdout


def test_the_next_run_is_told_of_line_by_line_and_names_the_one_that_was_killed(told):
    first, second, *_ = told.following.stdout.splitlines()
    [*_, row] = told.rows.values()

    assert told.following.returncode == 0, told.following
    assert (first.split(), second.split()[:4]) == (["begun", "power", "hv1"], ["as", "wished", "power", "hv1"])
    assert (row["state"], row["command"], row["follows"]) == ("done", "lab.bootstrap until=power", told.run.id)


def test_a_run_is_watched_to_its_end_and_both_tell_of_its_failure_with_what_to_do(lab, identity):
    with (
        waiting(lab) as (process, run),
        started(lab, "--out", "json", "lab.watch") as watcher,
        masters.minion(lab, "pi1", *identity),
    ):
        said, _ = process.communicate(timeout=60)
        answer = json.loads(watcher.communicate(timeout=20)[0])

    assert (process.returncode, watcher.returncode) == (1, 1), said
    assert answer["run"] == run.id
    assert [(one["step"], one["fix"]) for one in answer["failures"]] == [
        ("minion hv1", "start it, then: salt-run lab.enroll hv1")
    ]
    assert {step["step"]: step["state"] for step in answer["steps"]}["minion pi1"] == "changed"
    lines = [line.strip() for line in said.splitlines()]
    assert "cause  hv1 is not enrolled — no power driver can tell its key" in lines
    assert "do     start it, then: salt-run lab.enroll hv1" in lines


def test_a_terminal_gets_a_table_that_moves_and_has_its_cursor_back_after_ctrl_c(lab):
    ours, its = pty.openpty()
    with waiting(lab, stdout=its, stderr=its) as (process, run):
        os.close(its)
        table = read(ours, "lab.bootstrap: 2 of 3 steps")
        process.send_signal(signal.SIGINT)
        end = read(ours)
        assert process.wait(20) == 130
    os.close(ours)

    assert "\x1b[?25l" in table
    assert "begun" not in table  # the lines are for who has no terminal
    assert end.index("\x1b[?25h") < end.index("interrupted; what was begun")
    assert trace.state(journal.load(journal.place(lab.opts), run.id), alive=False) == "interrupted"


def read(terminal, words=None):
    """Return what is written to *terminal* until *words* are there, or until its other end is closed."""
    text = ""
    with contextlib.suppress(OSError):  # EIO is its end
        while (words is None or words not in text) and select.select([terminal], [], [], 30)[0]:
            text += os.read(terminal, 1 << 16).decode(errors="replace")
    return text


def test_a_timeline_and_a_graph_are_drawn_into_new_files_alone(lab, told, tmp_path):
    for file, words in {"run.svg": ["lab.timeline", told.run.id], "lab.svg": ["lab.graph"]}.items():
        done = lab.run(*words, f"svg={tmp_path / file}")
        assert done.returncode == 0, done
        assert ElementTree.parse(tmp_path / file).getroot().tag.endswith("svg")
    again = lab.run("lab.graph", f"svg={tmp_path}/lab.svg")

    assert (again.returncode, "File exists" in again.stdout) == (2, True), again
