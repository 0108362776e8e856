"""A run from its beginning to its end, without Salt: what it answers, what its journal has, who holds the lock."""

import os

import pytest

from saltext.lab.boot import journal, trace
from saltext.lab.boot.graph import Step
from saltext.lab.boot.session import Phase, Session, Work
from saltext.lab.boot.view import Quiet
from saltext.lab.errors import Locked, Refused
from saltext.lab.spec.check import checked
from tests.support.labs import DEMO

STEPS = [Step("power", "hv1", ()), Step("minion", "hv1", ("power hv1",)), Step("power", "hv2", ())]


class Log:
    """Logs that are always the same."""

    @staticmethod
    def of(failures):
        return [failure | {"log": {"of": "a log", "lines": ["why"]}} for failure in failures]


def refuse(step):
    if step.id == "power hv1":
        raise Refused("hv1 says no", "it is off", "plug it in")
    return "powered on"


def work(steps, act):
    return lambda: Work(checked(DEMO), [Phase(steps, act)], Log)


@pytest.fixture
def session(tmp_path):
    opts = {"lab": {"records": str(tmp_path / "records")}, "output": "json"}
    return Session(opts, "lab.bootstrap", {"until": "minion", "forget": False}, None)


def test_the_answer_of_a_run_is_what_its_journal_tells(session):
    answer = session.go(work(STEPS, refuse))
    kept = journal.load(session.directory, answer["run"])

    assert answer == trace.answer(kept)
    assert answer["retcode"] == 1
    assert {step["step"]: step["state"] for step in answer["steps"]} == {
        "power hv1": "failed",
        "minion hv1": "skipped",
        "power hv2": "changed",
    }
    [failure] = answer["failures"]
    assert (failure["why"], failure["fix"], failure["waits"]) == ("it is off", "plug it in", ["minion hv1"])
    assert failure["log"]["lines"] == ["why"]
    assert kept.head["wishes"] == {"until": "minion"}


def test_a_run_names_the_one_before(session):
    first, second = (session.go(work(STEPS, lambda step: "")) for _ in range(2))

    assert [journal.load(session.directory, run["run"]).head["follows"] for run in (first, second)] == [
        None,
        first["run"],
    ]
    assert second["retcode"] == 0


def test_a_run_in_a_run_is_told_who_is_at_it_and_at_what_and_leaves_no_journal(session):
    refused = []

    def again(step):
        with pytest.raises(Locked) as caught:
            session.go(work(STEPS, lambda step: ""))
        refused.append(caught.value)
        return ""

    answer = session.go(work([Step("power", "hv1", ())], again))

    [error] = refused
    assert str(error).startswith(f"lab.bootstrap is running already — pid {os.getpid()} of ")
    assert f"run {answer['run']}, at: power hv1 (" in str(error)
    assert journal.names(session.directory) == [answer["run"]]


def test_what_comes_after_a_vital_phase_that_failed_is_not_begun(session):
    told = []
    first = Phase(STEPS[:1], refuse, begin=lambda: told.append("begin"), end=told.append, vital=True)
    last = Phase(STEPS[2:], refuse, begin=lambda: told.append("never"))
    answer = session.go(lambda: Work(checked(DEMO), [first, last], Log))

    assert [step["step"] for step in answer["steps"]] == ["power hv1"]
    begun, [ended] = told
    assert (begun, ended["state"]) == ("begin", "failed")


def test_phases_come_one_after_the_other_and_one_that_is_not_vital_may_fail(session):
    answer = session.go(lambda: Work(checked(DEMO), [Phase(STEPS[:1], refuse), Phase(STEPS[2:], refuse)], Log))

    assert [step["state"] for step in answer["steps"]] == ["failed", "changed"]


def test_what_is_shown_is_the_run_with_the_line_that_it_is_told_of(session, monkeypatch):
    seen = []

    class View(Quiet):
        def show(self, run, record):
            seen.append(record in (run.head, *run.events))

    monkeypatch.setattr("saltext.lab.boot.session.view", lambda *_: View())
    session.go(work(STEPS, refuse))

    assert seen == [True] * 6  # the head, two begin and end, one is skipped
