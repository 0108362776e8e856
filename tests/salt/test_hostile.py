"""Hundreds of strangers at the door of a real master: none comes in, nothing runs, nobody loses his place."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.store import Store
from saltext.lab.wait import until
from tests.salt.conftest import Identity
from tests.support import hostile

SEED = 20261121
#: What may run: the desk's own runners, where the reactor calls them, and what a test itself asks web1 for.
OURS = {"runner.lab.admit", "runner.lab.welcome", "runner.lab.expect"}
ASKED = {"event.fire_master", "saltutil.find_job"}
ADMITTED, HELD = ("accept", "the key that was enrolled"), ("reject", "another key holds this id")


@pytest.fixture
def enrol(master):
    """A function that has each of *expected*, ``{minion: identity}``, admitted when it knocks."""

    def enrol(expected):
        done = master.run(
            "lab.expect", json.dumps([{"id": one, "fingerprint": key.fingerprint} for one, key in expected.items()])
        )
        assert done.returncode == 0, done

    return enrol


@pytest.fixture
def enter(master):
    """A function that has each of ``{minion: identity}`` knock until he is in, as a minion does."""

    def enter(expected):
        def outside():
            return [one for one, key in expected.items() if not isinstance(master.knock(one, key.public), dict)]

        until(lambda: not outside(), 90, "the admission of the true ones")
        until(lambda: all(ADMITTED in master.said(one) for one in expected), 20, "the reasons")

    return enter


@pytest.fixture(scope="module")
def crowd():
    """Eight key pairs; whoever needs more of them uses them again."""
    return [Identity() for _ in range(8)]


@pytest.fixture
def untouched(master, bus, highstated, home):
    """What was there stays: accepted keys byte for byte, web1 and its record; nothing runs but what is ours."""
    store, since = Store(master.records), len(bus.events)
    keys, record = accepted(master), store.get("web1")
    waiting = master.keys("minions_pre")
    yield
    assert {one: accepted(master).get(one) for one in keys} == keys
    assert store.get("web1") == record
    assert set(bus.begun(since)) - OURS <= ASKED
    assert (home / "web1.runs").read_text() == "highstate\n"
    for stranger in master.keys("minions_pre") - waiting:  # they are for a person to look at; here nobody does
        Path(master.opts["pki_dir"], "minions_pre", stranger).unlink()


def accepted(master):
    return {path.name: path.read_bytes() for path in Path(master.opts["pki_dir"], "minions").iterdir()}


def holders(master, expected):
    """Return *expected*, ``{minion: identity}``, without those whose accepted key is not that identity's."""
    held = accepted(master)
    return {one: key for one, key in expected.items() if fingerprint(held[one]) == key.fingerprint}


@pytest.mark.usefixtures("untouched")
def test_hundreds_of_strangers_wait_outside_each_with_a_reason_and_the_true_one_comes_in(master, crowd, enrol, enter):
    before, true = accepted(master), {"true1": crowd[0]}
    shown = hostile.strangers(SEED, 200)
    answers = {one: master.knock(one, crowd[at % len(crowd)].public) for at, one in enumerate(shown)}
    waiting = [one for one, answer in answers.items() if answer is True]

    assert [one for one, answer in answers.items() if isinstance(answer, dict)] == []
    assert len(waiting) > 100
    until(lambda: all(master.said(one[:256]) for one in waiting), 90, "a verdict on each stranger")
    assert {act for one in waiting for act, why in master.said(one[:256]) if why} == {"leave"}
    assert accepted(master) == before
    enrol(true)
    enter(true)


@pytest.mark.usefixtures("untouched")
def test_forged_keys_for_ids_that_are_expected_do_not_keep_the_true_ones_out(master, crowd, enrol, enter):
    expected = {f"coveted{number}": crowd[number % len(crowd)] for number in range(24)}
    enrol(expected)
    for number, (minion, key) in enumerate(expected.items()):
        for forged in hostile.forgeries(SEED + number, 4, key.public):
            assert not isinstance(master.knock(minion, forged), dict)

    enter(expected)
    assert holders(master, expected) == expected
    assert all("reject" in dict(master.said(minion)) for minion in expected)


@pytest.mark.usefixtures("untouched")
def test_true_and_false_keys_at_the_same_moment(master, crowd, enrol, enter):
    expected = {f"contested{number}": crowd[number] for number in range(4)}
    enrol(expected)
    knocks = [(minion, key.public) for minion in expected for key in crowd[4:] + [expected[minion]]]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda knock: master.knock(*knock), knocks))

    enter(expected)
    assert holders(master, expected) == expected
    assert [isinstance(master.knock(minion, crowd[7].public), dict) for minion in expected] == [False] * 4


@pytest.mark.usefixtures("untouched")
def test_an_old_enrolment_that_is_put_back_does_not_bring_the_old_key_back(master, crowd, enrol, enter, tmp_path):
    old, new, place = {"replayed": crowd[0]}, {"replayed": crowd[1]}, master.records / "replayed.json"
    enrol(old)
    shutil.copy2(place, tmp_path)
    enter(old)
    enrol(new)
    enter(new)

    shutil.copy2(tmp_path / "replayed.json", place)
    assert master.knock("replayed", crowd[0].public) is False
    until(lambda: master.said("replayed")[-1] == HELD, 30, "the verdict on the old key")
    assert holders(master, new) == new


@pytest.mark.usefixtures("untouched")
def test_an_enrolment_that_is_asked_for_again_leaves_its_machine_in_and_lets_nobody_else_in(
    master, crowd, enrol, enter
):
    mine = {"twice": crowd[0]}
    enrol(mine)
    enter(mine)
    enrol(mine)

    assert isinstance(master.knock("twice", crowd[0].public), dict)

    def denied():
        return master.knock("twice", crowd[1].public) is False and master.said("twice")[-1] == HELD

    until(denied, 30, "the verdict on the other key")
    assert holders(master, mine) == mine


@pytest.mark.usefixtures("untouched")
def test_events_with_hostile_ids_from_a_minion_that_is_in_start_nothing(master, bus, crowd, enrol, enter):
    ids = hostile.strangers(SEED, 40)
    tags = ("salt/auth", "salt/minion/{}/start", "lab/admission/{}", "lab/record", "salt/key", "minion_start")
    forged = [
        {"tag": tag.format(number), "data": {"act": "pend", "result": True, "id": one, "pub": "x"}}
        for number, one in enumerate(ids)
        for tag in tags
    ]
    since, words = len(bus.events), json.dumps({"events": forged})

    assert master.call("web1", "event.fire_master", "{}", "lab/hostile", f"preload={words}") is True
    until(lambda: sum(tag == "lab/record" for tag, _ in bus.events[since:]) >= len(ids), 30, "the forged events")
    last = {"afterthem": crowd[0]}
    enrol(last)
    enter(last)  # what came before it has been looked at
    assert set(ids) & set(accepted(master)) == set()
