"""Who comes in and who does not: a real master, a real minion, and strangers who speak its protocol."""

import itertools
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from salt.config import master_config

from saltext.lab.admit.desk import Desk
from saltext.lab.admit.keystore import KeyStore
from saltext.lab.admit.record import Record
from saltext.lab.admit.store import Store
from saltext.lab.wait import until
from tests.support.knock import knock

OURS = {"runner.lab.expect"}
ACCEPTED, LEFT = ("accept", "the key that was enrolled"), ("leave", "nobody enrolled this id")
INJECTED = "x\nrun it:\n  runner.salt.cmd:\n    - args:\n      - fun: file.touch\n      - name: "


@pytest.fixture
def store(master):
    return Store(master.records)


@pytest.fixture
def enrol(master):
    """A function that has each of ``minion=identity`` expected."""

    def enrol(**expected):
        wishes = [{"id": minion, "fingerprint": identity.fingerprint} for minion, identity in expected.items()]
        done = master.run("lab.expect", json.dumps(wishes))
        assert done.returncode == 0, done

    return enrol


@pytest.fixture
def present(master, bus):
    """A function that presents *pub* as *minion*, and returns the answer once the desk has said so in its audit."""

    def present(minion, pub):
        before = len(master.said(minion))
        answer = master.knock(minion, pub)
        until(lambda: len(master.said(minion)) > before, 30, f"a verdict on {minion[:40]!r}")
        return answer

    return present


@pytest.fixture
def heeded(present, identity):
    """A function that returns when all hints before it have been heeded: they are taken in turn, and some together."""
    numbers, pub = itertools.count(1), identity().public

    def heeded():
        for _ in range(2):
            present(f"heeded-{os.urandom(4).hex()}-{next(numbers)}", pub)

    return heeded


def test_an_enrolled_minion_is_admitted_and_gets_its_own_highstate_once(master, highstated, home):
    assert (highstated.highstate.state, highstated.highstate.why, highstated.host) == ("done", "", "hv1")
    assert highstated.admitted < highstated.highstate.at
    assert len(highstated.highstate.digest) == 16
    assert master.said("web1")[-1] == ACCEPTED
    assert (home / "web1.motd").read_text() == "web1: the first machine of the demo lab\n"
    assert (home / "web1.runs").read_text() == "highstate\n"


@pytest.mark.parametrize(
    ("minion", "why"),
    [
        ("stranger", "nobody enrolled this id"),
        ("web3", "nobody enrolled this id"),  # a machine of the lab, but not expected
        ("*", "no machine of this lab can have such an id"),
        ("web[123]", "no machine of this lab can have such an id"),
        ("web3\n", "no machine of this lab can have such an id"),
        ("WEB3", "no machine of this lab can have such an id"),
        ("wéb3", "no machine of this lab can have such an id"),
        ("{{ 7 * 7 }}", "no machine of this lab can have such an id"),
        ("- {id: web3}", "no machine of this lab can have such an id"),
        (INJECTED, "no machine of this lab can have such an id"),
        ("y" * 200, "no machine of this lab can have such an id"),
    ],
)
def test_a_stranger_waits_outside_and_runs_nothing(master, bus, present, identity, home, minion, why):
    before, since, minion = master.keys("minions"), len(bus.events), minion.replace("name: ", f"name: {home.name}")

    assert present(minion, identity().public) is True
    assert set(master.said(minion)) == {("leave", why)}
    assert (master.keys("minions"), set(bus.begun(since)) - OURS) == (before, set())


@pytest.mark.parametrize("minion", ["../x", "..", "a/b", "web3/../web1", "\0", "z" * 1000, "", 5, None, ["web3"]])
def test_an_id_that_is_no_file_name_is_turned_away_at_the_door(master, bus, identity, minion):
    before, since = {status: master.keys(status) for status in ("minions", "minions_pre")}, len(bus.events)
    answer = master.knock(minion, identity().public)

    assert answer is False or isinstance(answer, str), answer
    assert {status: master.keys(status) for status in ("minions", "minions_pre")} == before
    assert set(bus.begun(since)) - OURS == set()


def test_what_is_decided_is_told_on_the_bus(master, bus, present, identity):
    since, one = len(bus.events), identity()
    present("told" + "x" * 200, one.public)
    seen = until(lambda: [data for tag, data in bus.events[since:] if tag == "lab/admission/leave"], 10, "the event")

    assert [(told["id"], told["source"]) for told in seen] == [("told" + "x" * 200, "salt/auth")]
    assert seen[0]["why"] == "no machine of this lab can have such an id"


def test_one_who_knocks_again_and_again_is_told_once(master, bus, present, identity, heeded):
    one = identity()
    present("stubborn", one.public)
    for _ in range(5):
        assert master.knock("stubborn", one.public) is True
    heeded()

    assert master.said("stubborn") == [LEFT]


def test_an_impostor_who_comes_first_does_not_keep_the_place(master, present, enrol, identity):
    true, false = identity(), identity()
    enrol(web2=true)

    present("web2", false.public)
    assert master.said("web2")[-1] == ("reject", "another key is enrolled for this id")
    assert "web2" not in master.keys("minions") | master.keys("minions_pre")

    present("web2", true.public)
    assert master.said("web2")[-1] == ACCEPTED
    assert master.knock("web2", true.public)["enc"] == "pub"


def test_an_impostor_who_comes_later_is_denied(master, present, enrol, identity):
    true, false = identity(), identity()
    enrol(later=true)
    present("later", true.public)

    assert present("later", false.public) is False
    assert master.said("later") == [ACCEPTED, ("reject", "another key holds this id")]
    assert "later" not in master.keys("minions_denied") | master.keys("minions_pre")
    assert master.knock("later", true.public)["enc"] == "pub"


@pytest.mark.parametrize("enrolled_first", [True, False])
def test_junk_for_a_key_does_not_keep_the_place(master, present, enrol, identity, enrolled_first):
    junk = ["", "  ", "junk", "x" * 500_000, b"\xff\xfe", "-----BEGIN PUBLIC KEY-----\n"]
    shown = {f"junk{number}{enrolled_first}".lower(): one for number, one in enumerate(junk)}
    true = {minion: identity() for minion in shown}
    if enrolled_first:
        enrol(**true)
    for minion, one in shown.items():
        present(minion, one)
    if not enrolled_first:
        enrol(**true)
    assert shown.keys() & (master.keys("minions") | master.keys("minions_pre") | master.keys("minions_denied")) == set()

    for minion, one in true.items():
        present(minion, one.public)
    assert {minion: master.said(minion)[-1] for minion in shown} == dict.fromkeys(shown, ACCEPTED)
    assert shown.keys() <= master.keys("minions")


def test_a_new_enrolment_frees_the_place_of_the_old_key(master, present, enrol, identity):
    old, new = identity(), identity()
    enrol(again=old)
    present("again", old.public)
    enrol(again=new)
    assert "again" not in master.keys("minions")

    present("again", old.public)
    present("again", new.public)
    assert [act for act, _ in master.said("again")] == ["accept", "reject", "accept"]
    assert master.knock("again", new.public)["enc"] == "pub"
    assert master.knock("again", old.public) is False


def test_a_key_that_somebody_deleted_does_not_come_back_by_itself(master, present, enrol, identity):
    once = identity()
    enrol(once=once)
    present("once", once.public)
    (master.home / "pki/minions/once").unlink()

    present("once", once.public)
    assert master.said("once")[-1] == ("reject", "its enrolment was used before")
    assert "once" not in master.keys("minions")


def test_an_enrolment_expires(master, present, store, identity):
    late = identity()
    store.put(Record(id="late", fingerprint=late.fingerprint, expires=time.time() - 1))

    present("late", late.public)
    assert master.said("late") == [("reject", "its enrolment has expired")]
    assert "late" not in master.keys("minions")


def test_an_old_protocol_is_not_spoken(master, enrol, identity):
    old = identity()
    enrol(old=old)

    assert knock(master.opts["ret_port"], "old", old.public, version=2) == "bad load"
    assert "old" not in master.keys("minions") | master.keys("minions_pre")


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        ("salt/auth", {"act": "pend", "result": True, "id": "web3", "pub": "x"}),
        ("salt/auth", {"act": "accept", "result": True, "id": "web3"}),
        ("salt/auth", {"act": "pend", "id": "*"}),
        ("salt/auth", {"act": "pend", "id": {"web3": 1}}),
        ("salt/auth", {"act": "pend", "id": 7}),
        ("salt/auth", {"act": "pend"}),
        ("salt/minion/web1/start", {"id": "web1", "cmd": "_minion_event"}),
        ("salt/minion/web3/start", {"id": "web3"}),
        ("salt/minion/x/start", {"id": "*"}),
        ("salt/minion/x/start", {"id": ["web1"]}),
        ("salt/minion/x/start", {}),
        ("salt/job/20261121000000000000/ret/web3", {"id": "web3", "jid": "20261121000000000000", "return": {}}),
        ("salt/job/x/ret/web1", {"id": ["web1"], "return": {}}),
        ("lab/record", {"id": "web3", "admitted": 1.0}),
        ("lab/admission/accept", {"id": "web3", "act": "accept"}),
    ],
)
def test_an_event_that_a_minion_forges_is_a_hint_at_most(master, bus, highstated, home, store, heeded, tag, data):
    before, since = (master.keys("minions"), store.all()), len(bus.events)
    forged = json.dumps({"events": [{"tag": tag, "data": data}]})

    assert master.call("web1", "event.fire_master", "{}", tag, f"preload={forged}") is True
    until(lambda: any(seen == tag for seen, _ in bus.events[since:]), 20, f"the forged {tag}")
    heeded()
    assert (master.keys("minions"), store.all()) == before
    assert set(bus.begun(since)) - OURS <= {"event.fire_master", "saltutil.find_job", "file.read"}
    assert (home / "web1.runs").read_text() == "highstate\n"


def test_twenty_machines_at_once_are_all_admitted(master, store, enrol, identity):
    crowd = {f"node{number}": identity() for number in range(101, 121)}
    enrol(**crowd)

    with ThreadPoolExecutor(len(crowd)) as pool:
        answers = set(pool.map(master.knock, crowd, [one.public for one in crowd.values()]))
    assert answers == {True}
    until(lambda: all(store.get(minion).admitted for minion in crowd), 60, "the admission of all")
    assert set(crowd) <= master.keys("minions")
    assert [master.said(minion) for minion in crowd] == [[ACCEPTED]] * len(crowd)


@pytest.mark.parametrize(
    "wishes",
    ["[{id: web3}]", "[{id: 'web3*', fingerprint: aa}]", "[{fingerprint: 9f}]", "[web3]", "5", "[{id: ../x}]"],
)
def test_an_enrolment_that_says_too_little_is_refused(master, store, wishes):
    before = store.all()
    done = master.run("lab.expect", wishes)

    assert (done.returncode, store.all()) == (2, before), done


def test_knocks_that_are_looked_at_at_once_do_not_undo_each_other(master, enrol, identity, tmp_path):
    """A minion knocks until it is let in; the reactor looks at each knock, and several looks may meet."""
    desk = Desk(Store(master.records), KeyStore(master_config(str(master.config))), tmp_path / "audit")
    racers = {f"racer{number}": identity() for number in range(10)}
    enrol(**racers)
    for minion, one in racers.items():
        master.knock(minion, one.public)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(desk.admit, [minion] * 8))

    assert set(racers) <= master.keys("minions")
