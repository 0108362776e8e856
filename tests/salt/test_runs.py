"""Runs as people see them: who holds the lock, what a killed run leaves, how one follows another, what is drawn."""

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

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
def lab(tmp_path_factory):
    """A master of a lab of two hosts: the minion of pi1 was admitted and is silent, nobody has let hv1 in."""
    home = Path(tmp_path_factory.mktemp("runs", numbered=True))
    with masters.master(home, serves=("physical", "virtual")) as running:
        (home / "pillar/demo.sls").write_text(SPEC)
        Path(running.opts["pki_dir"], "minions/pi1").write_text(salt.crypt.gen_keys(2048)[1])
        yield running


@pytest.fixture
def waiting(lab):
    """A bootstrap that waits for pi1 for two minutes, as a process of a group of its own; and its journal."""
    with started(lab, "lab.bootstrap", "until=minion") as process:
        yield process, until(lambda: at_it(lab, process), 30, "the run at pi1")


@contextlib.contextmanager
def started(lab, *words, **how):
    argv = [masters.PROGRAMS / "salt-run", "-c", lab.home, *words]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | how
    process = subprocess.Popen(argv, start_new_session=True, **how)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)


def at_it(lab, process):
    """Return the run of *process* once it waits for pi1, and hv1 has failed."""
    place = journal.place(lab.opts)
    found = [run for name in journal.names(place) if (run := journal.load(place, name)).head.get("pid") == process.pid]
    return found and "minion hv1" in found[0].ended and "minion pi1" in found[0].begun and found[0]


def states(lab):
    told = json.loads(lab.run("--out", "json", "lab.runs").stdout)["runs"]
    return {row["run"]: row["state"] for row in told}


def test_a_run_that_failed_says_what_was_tried_why_what_to_do_and_what_waits(lab):
    done = lab.run("lab.bootstrap", "until=power")
    assert not done.returncode, done
    row = json.loads(lab.run("--out", "json", "lab.runs").stdout)["runs"][-1]

    assert done.returncode == 0, done
    assert (row["state"], row["command"]) == ("done", "lab.bootstrap until=power")


def test_who_comes_second_is_told_who_is_at_it_and_at_what_and_exits_with_3(lab, waiting):
    process, run = waiting
    second = lab.run("--out", "json", "lab.bootstrap")
    told = json.loads(second.stdout)

    assert second.returncode == 3, second
    assert told["error"].startswith(f"lab.bootstrap is running already — pid {process.pid} of ")
    assert f"run {run.id}, at: minion pi1 (" in told["error"]
    assert told["error"].endswith("follow it: salt-run lab.watch")
    assert (told["owner"]["run"], list(told["owner"]["at_it"])) == (run.id, ["minion pi1"])
    assert states(lab)[run.id] == "running"


def test_a_killed_run_is_told_as_such_and_the_next_one_names_it(lab, waiting):
    process, run = waiting
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
    watched = lab.run("lab.watch", run.id)
    again = lab.run("--out", "json", "lab.bootstrap", "until=power")

    assert states(lab)[run.id] == "killed"
    assert watched.returncode == 1, watched
    assert f"run {run.id} was killed — to go on where it was: salt-run lab.bootstrap" in watched.stdout
    assert again.returncode == 0, again
    assert journal.load(journal.place(lab.opts)).head["follows"] == run.id


def test_a_run_is_watched_until_it_is_interrupted_and_gives_its_exit_code(lab, waiting):
    process, run = waiting
    with started(lab, "lab.watch") as watcher:
        first = watcher.stdout.readline() + watcher.stdout.readline()
        os.kill(process.pid, signal.SIGINT)
        process.wait(20)
        rest, _ = watcher.communicate(timeout=20)

    assert process.returncode == 130
    assert "to go on here: salt-run lab.bootstrap" in process.stderr.read()
    assert "begun  " in first
    assert watcher.returncode == 130, rest
    assert f"run {run.id} was interrupted" in rest
    assert states(lab)[run.id] == "interrupted"
