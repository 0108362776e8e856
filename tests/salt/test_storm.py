"""Fifty machines at once, and masters and engines that are killed in the middle of it: a real master, light minions."""

import json
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from saltext.lab.admit.store import Store
from saltext.lab.wait import until
from tests.support import masters
from tests.support.crowd import Crowd

MANY = 50


@pytest.fixture
def place():
    with tempfile.TemporaryDirectory(prefix="lab-") as place:  # short: sockets are in it
        yield Path(place)


@pytest.fixture
def master(place):
    with masters.master(place) as running:
        yield running


def expected(master, count, first=100):
    """Return a crowd of *count* whose keys *master* expects."""
    crowd = Crowd(master, [f"node{first + number}" for number in range(count)])
    done = master.run("lab.expect", json.dumps(crowd.wishes()))
    assert done.returncode == 0, done
    return crowd


def highstated(master, crowd, boot="first", seconds=90):
    """Wait until the master has noted the highstate of each of *crowd* in *boot*; return how often each has had one."""

    def missing():
        records = Store(master.records).all()
        return [one for one in crowd.pairs if not _is_done(records[one].highstate, boot)]

    until(lambda: not missing(), seconds, "the highstates", longest=0.3)
    return Counter(len(crowd.applied[minion]) for minion in crowd.pairs)


def admitted(master, crowd):
    return [minion for minion in crowd.pairs if Store(master.records).get(minion).admitted]


def _is_done(highstate, boot):
    return highstate is not None and (highstate.state, highstate.boot) == ("done", boot)


def test_fifty_at_once_are_admitted_and_highstated_once_in_each_boot(master):
    crowd = expected(master, MANY)
    with masters.Bus(master.opts) as bus, crowd:
        assert highstated(master, crowd) == {1: MANY}
        assert set(crowd.pairs) == master.keys("minions")
        assert [master.said(minion) for minion in crowd.pairs] == [[("accept", "the key that was enrolled")]] * MANY
        told = [data["id"] for tag, data in bus.events if tag == "lab/admission/accept"]
        assert sorted(told) == sorted(crowd.pairs)

        rebooted, *others = crowd.pairs
        for minion in others:  # say it again
            crowd.started.discard(minion)
        crowd.reboot(rebooted, "second")
        until(lambda: len(crowd.applied[rebooted]) == 2, 30, "the highstate of the new boot")
        until(lambda: crowd.started == set(crowd.pairs), 10, "the start events")
        before = len(bus.events)
        master.knock("stranger", crowd.pairs[rebooted][1])
        until(lambda: any(data["id"] == "stranger" for tag, data in bus.events[before:] if "/leave" in tag), 10, "it")
    assert {minion: len(jobs) for minion, jobs in crowd.applied.items()} == dict.fromkeys(others, 1) | {rebooted: 2}
    jobs = {jid for of in crowd.applied.values() for jid in of}
    assert len(jobs) < MANY / 2, "one job for many"


def test_an_engine_that_is_killed_with_fifty_at_the_door_has_them_all_when_it_is_back(master):
    crowd, engine = expected(master, MANY), master.child("engines.lab")
    os.kill(engine, signal.SIGSTOP)
    with crowd:
        until(lambda: set(crowd.pairs) == master.keys("minions_pre"), 30, "fifty pending keys")
        os.kill(engine, signal.SIGKILL)

        assert highstated(master, crowd) == {1: MANY}
    assert "sweep" in {json.loads(line)["source"] for line in master.audit.read_text().splitlines()}


def test_a_master_that_is_killed_with_fifty_at_the_door_has_them_all_when_it_is_back(place):
    with masters.master(place) as master:
        crowd = expected(master, MANY)
        os.kill(master.child("engines.lab"), signal.SIGSTOP)
        with crowd:
            until(lambda: set(crowd.pairs) == master.keys("minions_pre"), 30, "fifty pending keys")
            master.kill()
            with masters.started(place) as again:
                assert highstated(again, crowd) == {1: MANY}


def test_a_master_that_is_killed_again_and_again_in_the_middle_of_it_ends_with_all_admitted(place):
    """Killed when the first keys are accepted, and when the first highstates are out."""
    with masters.master(place) as master:
        crowd = expected(master, 30)
        with crowd:
            until(lambda: master.keys("minions"), 30, "the first accepted key", longest=0.05)
            master.kill()
            with masters.started(place) as again:
                until(lambda: crowd.applied, 60, "the first highstate", longest=0.05)
                again.kill()
            with masters.started(place) as last:
                times = highstated(last, crowd)
                # Salt writes a key to a file tmp… first; one that is killed at that leaves it there.
                keys = {name for name in last.keys("minions") if not name.startswith("tmp")}
                assert set(admitted(last, crowd)) == set(crowd.pairs) == keys
    assert times == {1: 30}


def test_a_key_that_was_accepted_by_one_who_was_killed_is_noted_by_the_next(place):
    """Between the key store and the record there is an instant; the minion may be up before the master is back."""
    with masters.master(place) as master:
        crowd = expected(master, 3)
        os.kill(master.child("engines.lab"), signal.SIGSTOP)
        with crowd:
            until(lambda: set(crowd.pairs) == master.keys("minions_pre"), 30, "the keys")
            for minion in crowd.pairs:
                (place / "pki/minions_pre" / minion).rename(place / "pki/minions" / minion)
            until(lambda: crowd.started == set(crowd.pairs), 30, "the start events, which nobody hears")
            master.kill()
            with masters.started(place) as again:
                assert highstated(again, crowd) == {1: 3}


def test_the_reactor_in_place_of_the_engine_does_the_same(place):
    with masters.master(place, admission="reactor") as master:
        assert [title for *_, title in master.processes() if "engines.lab" in title] == []
        crowd = expected(master, 4)
        with crowd:
            assert highstated(master, crowd) == {1: 4}
        line = json.loads(master.audit.read_text().splitlines()[0])
        assert (line["act"], line["source"]) == ("accept", "runner")
