"""The contest of the benches: turns, reasons, ratios."""

import pytest

from bench.contest import FIXED, Entry, Ground, Unable, race, ratios
from bench.programs import Command, programs
from bench.report import row

NOWHERE = Ground(lambda case, n: None, lambda: None)


def test_contenders_take_turns_and_the_ground_is_cleared_after_each():
    done = []
    ground = Ground(lambda case, n: done.append(f"check {n}"), lambda: done.append("clear"))
    entries = [Entry(name, lambda n, name=name: lambda case: done.append(name), 7, 2, ("create",)) for name in "ab"]
    rows = race(entries, ground)

    assert done == ["a", "check 7", "clear", "b", "check 7", "clear"] * 2
    assert [(one["contender"], one["n"], one["runs"]) for one in rows] == [("a", 7, 2), ("b", 7, 2)]


@pytest.mark.parametrize("error", [Unable("no such program"), AssertionError("3 ports are wrong")])
def test_a_peer_that_is_unable_is_a_row_with_the_reason_and_the_others_go_on(error):
    def fails(case):
        raise error

    peer = Entry("peer", lambda n: fails, 1, 3, ("create", "noop"), peer=True)
    ours = Entry("ours", lambda n: lambda case: None, 1, 3, ("create",))
    first, second, third = race([peer, ours], NOWHERE)

    assert first == {"case": "create", "contender": "peer", "n": 1, "reason": str(error)}
    assert (second["contender"], second["runs"], third["reason"]) == ("ours", 3, str(error))


def test_a_peer_that_cannot_be_made_is_a_row_too_and_ours_has_to_work():
    def missing(n):
        raise Unable("it is not on PyPI")

    [one] = race([Entry("peer", missing, 1, 1, ("create",), peer=True)], NOWHERE)
    assert one["reason"] == "it is not on PyPI"
    with pytest.raises(Unable, match="not on PyPI"):
        race([Entry("ours", missing, 1, 1, ("create",))], NOWHERE)


def test_a_ratio_is_ours_without_the_fixed_cost_of_salt():
    seconds = {"salt": {FIXED: 0.5}, "ours": {"create": 2.5, "noop": 1.0}, "loop": {"create": 1.0, "noop": 0.25}}
    rows = [row(case, name, 1, [took]) for name, cases in seconds.items() for case, took in cases.items()]

    assert ratios(rows, "loop") == {"create": 2.0, "noop": 2.0}


def test_a_program_that_fails_is_unable_in_its_own_words():
    contender = programs({"create": [Command(["sh", "-c", "echo no disk >&2; exit 3"])]})

    with pytest.raises(Unable, match="sh exited with 3: no disk"):
        contender("create")
    with pytest.raises(Unable, match="it has no command for that"):
        contender("delete")
