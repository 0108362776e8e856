"""Journals of runs: what any first part of one tells, and the files that they are in."""

import json
import os
import stat
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.boot import journal, trace
from saltext.lab.boot.failures import TRIED, failures
from saltext.lab.boot.graph import VERBS
from saltext.lab.errors import BadWish
from tests.support import runs

WHOLE = runs.data(end=1)
LINES = WHOLE.splitlines()


@given(st.integers(0, len(WHOLE)))
def test_any_first_part_of_a_journal_can_be_read_and_loses_only_the_line_that_was_cut(length):
    found = trace.records(WHOLE[:length])

    whole = WHOLE[:length].count(b"\n")
    assert len(found) in (whole, whole + 1)  # a line that lacks nothing but its end counts
    assert found == [json.loads(line) for line in LINES[: len(found)]]
    assert trace.state(trace.run("r1", WHOLE[:length]), alive=False) == (
        "failed" if len(found) == len(LINES) else "killed"
    )


@given(st.binary())
def test_a_file_that_is_no_journal_is_a_run_without_steps_or_one_that_says_nothing_wrong(data):
    assert trace.summary(trace.run("r1", data), alive=False)["state"] == "killed"


@pytest.mark.parametrize(
    ("end", "alive", "state"),
    [(0, False, "done"), (1, False, "failed"), (130, False, "interrupted"), (None, True, "running")],
)
def test_how_a_run_is(end, alive, state):
    assert trace.state(runs.run(end=end), alive) == state


def test_what_a_run_is_at():
    assert trace.under_way(runs.run([("power hv1", 0, 2, "changed"), ("minion hv1", 2, None, "")]), runs.ZERO + 7) == {
        "minion hv1": 5.0
    }


def test_the_row_of_a_run_counts_its_steps_and_names_the_one_before():
    row = trace.summary(runs.run(end=1, wishes={"until": "prove"}, follows="r0"), alive=False)

    assert (row["command"], row["took"], row["follows"]) == ("lab.bootstrap until=prove", 20.0, "r0")
    assert row["steps"] == {"changed": 3, "as wished": 1, "failed": 1, "skipped": 1, "all": 6}


def test_the_answer_of_a_run_that_was_watched_is_that_of_the_run():
    told = trace.answer(runs.run(end=1))

    assert (told["retcode"], told["run"], len(told["steps"])) == (1, "r1", 6)
    assert "error" not in told
    assert "r1 was killed — to go on where it was: salt-run lab.bootstrap" in trace.answer(runs.run())["error"]


def test_a_failure_says_what_was_tried_and_what_waits_for_it_and_nothing_else():
    [failure] = failures(runs.run(end=1))

    assert failure == {"step": "minion hv2", "machine": "hv2", "tried": TRIED["minion"], "waits": ["prove demo"]} | (
        runs.ERROR
    )


def test_every_verb_of_the_graph_says_what_is_tried():
    assert TRIED.keys() == set(VERBS)


# On disk


def written(directory, name="r1", end=None):
    with journal.kept(directory, name) as kept:
        kept.add(trace.HEAD, command="lab.bootstrap", pid=os.getpid(), born=journal.born(os.getpid()), steps=runs.STEPS)
        if end is not None:
            kept.add(trace.END, retcode=end)
    return journal.load(directory, name)


def test_a_journal_is_for_its_owner_alone_and_is_never_written_over(tmp_path):
    place = tmp_path / "runs"
    written(place, end=0)

    assert [stat.S_IMODE(path.stat().st_mode) for path in (place, place / "r1.jsonl")] == [0o700, 0o600]
    with pytest.raises(FileExistsError):
        written(place)


def test_only_the_last_fifty_are_kept(tmp_path):
    for number in range(journal.KEPT + 3):
        written(tmp_path, f"r{number:03}", end=0)

    assert journal.names(tmp_path) == [f"r{number:03}" for number in range(3, journal.KEPT + 3)]


@pytest.mark.parametrize(
    ("error", "state"), [(SystemExit(0), "interrupted"), (KeyboardInterrupt(), "interrupted"), (OSError("x"), "failed")]
)
def test_a_run_that_does_not_come_to_its_end_says_so(tmp_path, error, state):
    with pytest.raises(type(error)), journal.kept(tmp_path, "r1"):
        raise error

    assert trace.state(journal.load(tmp_path), alive=False) == state


def test_a_run_that_there_is_not(tmp_path):
    with pytest.raises(BadWish, match="there is no run yet"):
        journal.load(tmp_path)
    written(tmp_path, "r1", end=0)
    with pytest.raises(BadWish, match=r"there is no run r2 .*lab\.runs"):
        journal.load(tmp_path, "r2")


def test_a_process_is_told_from_another_one_with_its_number(tmp_path):
    run = written(tmp_path)
    other = run._replace(head=run.head | {"born": run.head["born"] + 1})
    gone = run._replace(head=run.head | {"pid": 2**22 + 1})

    assert [journal.is_alive(one) for one in (run, other, gone, trace.Run("r1"))] == [True, False, False, False]


def test_a_process_that_has_died_and_that_nobody_has_buried_is_dead(tmp_path):
    run = written(tmp_path)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        run = run._replace(head={"pid": child.pid, "born": journal.born(child.pid)})
        assert journal.is_alive(run)
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # its death, which leaves it a zombie

        assert not journal.is_alive(run)


def test_a_run_is_followed_to_its_end(tmp_path):
    with journal.kept(tmp_path, "r1") as kept:
        head = kept.add(trace.HEAD, pid=os.getpid(), born=journal.born(os.getpid()), steps=[])
        lines = journal.followed(tmp_path, journal.load(tmp_path))
        assert next(lines) == head
        later = threading.Timer(0.2, kept.add, (trace.END,), {"retcode": 0})
        later.start()
        assert [line["kind"] for line in lines] == [trace.END]
        later.join()


def test_a_run_whose_process_is_killed_is_followed_to_its_last_line(tmp_path):
    code = (
        "import os, sys, pathlib; from saltext.lab.boot import journal\n"
        "with journal.kept(pathlib.Path(sys.argv[1]), 'r1') as kept:\n"
        "    kept.add('head', pid=os.getpid(), born=journal.born(os.getpid()), steps=[])\n"
        "    print(flush=True); sys.stdin.read()\n"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=env, **pipes) as child:
        child.stdout.readline()
        lines = journal.followed(tmp_path, journal.load(tmp_path))
        assert next(lines)["pid"] == child.pid
        child.kill()
        child.wait()

        assert list(lines) == []
    assert trace.state(journal.load(tmp_path), journal.is_alive(journal.load(tmp_path))) == "killed"
