"""What each key is good for, what goes when it is revoked, and what the audit says of it afterwards."""

import gzip
import json
import os
import time

import pytest
import salt.crypt
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.admit import history, revoke
from saltext.lab.admit.case import ACCEPTED, DENIED, PENDING
from saltext.lab.admit.desk import Desk
from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.keys import KINDS, REJECTED, Key, classify
from saltext.lab.admit.record import Record
from saltext.lab.admit.store import Store
from saltext.lab.boot.strays import strays
from saltext.lab.errors import BadWish, NotSafe
from saltext.lab.spec import facts
from saltext.lab.spec.check import checked
from tests.support.labs import DEMO

TRUE, OTHER = (salt.crypt.gen_keys(2048)[1] for _ in range(2))
RECORD = Record(id="web1", fingerprint=fingerprint(TRUE), expires=100.0, host="hv1")
IN = RECORD.model_copy(update={"admitted": 50.0})
REBUILT = RECORD.model_copy(update={"fingerprint": fingerprint(OTHER)})


def told(record, *keys, expected=("web1",), now=60.0, minion="web1"):
    """Return ``[(kind, why)]`` of the machine with *record* and *keys*, ``(status, pub)``."""
    rows = classify(expected, {record.id: record} if record else {}, [Key(minion, *key) for key in keys], now)
    assert {row.id for row in rows} <= {minion}
    return [(row.kind, row.why) for row in rows]


# What a key is good for


@pytest.mark.parametrize(
    ("record", "keys", "rows"),
    [
        (IN, [(ACCEPTED, TRUE)], [("accepted", "the key that was enrolled")]),
        (RECORD, [(ACCEPTED, TRUE)], [("accepted", "the key that was enrolled")]),  # noted in a moment
        (None, [(ACCEPTED, TRUE)], [("stale", "accepted, but nobody enrolled it")]),
        (
            REBUILT,
            [(ACCEPTED, TRUE)],
            [("enrolled", "expected for 40 s more"), ("stale", "accepted, but another key was enrolled since")],
        ),
        (RECORD, [], [("enrolled", "expected for 40 s more")]),
        (IN, [], [("stale", "its key was deleted since it was admitted")]),
        (RECORD, [(PENDING, TRUE)], [("pending", "accept — the key that was enrolled")]),
        (
            RECORD,
            [(PENDING, OTHER)],
            [("enrolled", "expected for 40 s more"), ("pending", "reject — another key is enrolled for this id")],
        ),
        (None, [(PENDING, TRUE)], [("pending", "leave — nobody enrolled this id")]),
        (None, [(PENDING, "junk")], [("pending", "leave — nobody enrolled this id")]),
        (
            IN,
            [(ACCEPTED, TRUE), (DENIED, OTHER)],
            [("accepted", "the key that was enrolled"), ("denied", "another key held this id")],
        ),
        (
            RECORD,
            [(DENIED, TRUE)],
            [("enrolled", "expected for 40 s more"), ("denied", "another key held this id")],
        ),
        (None, [(REJECTED, TRUE)], [("denied", "rejected by salt-key")]),
    ],
)
def test_what_a_key_and_an_enrolment_are_good_for(record, keys, rows):
    assert told(record, *keys) == rows


@pytest.mark.parametrize("keys", [[], [(ACCEPTED, TRUE)]])
def test_what_is_not_in_the_spec_is_stale_as_a_whole(keys):
    assert told(IN, *keys, expected=()) == [("stale", "not in the spec any more")]


def test_an_enrolment_that_has_expired_is_stale():
    assert told(RECORD, now=100.0) == [("enrolled", "expected for 0 s more")]
    assert told(RECORD, now=100.1) == [("stale", "its enrolment has expired")]
    assert told(RECORD, (PENDING, TRUE), now=100.1) == [("pending", "reject — its enrolment has expired")]


@pytest.mark.parametrize("minion", ["*", "web1\n", "{{ 1 }}", "WEB1", "wéb1"])
def test_an_id_that_no_machine_can_have_is_told_as_such(minion):
    told_ = told(None, (PENDING, TRUE), minion=minion)

    assert told_ == [("pending", "leave — no machine of this lab can have such an id")]


def test_a_row_says_whose_key_it_is_and_since_when():
    [row] = classify({"web1"}, {"web1": IN}, [Key("web1", ACCEPTED, TRUE, 10)], 60.0)
    [new] = classify({"web1"}, {}, [Key("web1", PENDING, "junk", 10)], 60.0)

    assert row == ("accepted", "web1", fingerprint(TRUE), 50.0, "hv1", "the key that was enrolled")
    assert new[2:5] == (None, 10, None)


@given(
    st.lists(st.tuples(st.sampled_from(["web1", "*", "x"]), st.sampled_from([ACCEPTED, PENDING, DENIED, REJECTED]))),
    st.sampled_from([{}, {"web1": IN}, {"web1": RECORD}, {"web1": REBUILT}]),
    st.sampled_from([set(), {"web1"}]),
)
def test_every_key_has_one_row_and_no_record_is_left_out(keys, records, expected):
    rows = classify(expected, records, [Key(minion, status, TRUE) for minion, status in keys], 60.0)

    assert len(rows) - len(keys) in (0, len(records))
    assert {*records, *(minion for minion, _ in keys)} == {row.id for row in rows}
    assert [KINDS.index(row.kind) for row in rows] == sorted(KINDS.index(row.kind) for row in rows)


# What goes


class Keyring:
    """Keys and caches in memory: what is asked of Salt, and nothing else."""

    def __init__(self, keys=(), cached=()):
        self.keys, self.cached, self.rotated = {one: set(of) for one, of in dict(keys).items()}, set(cached), 0

    def delete(self, minion):
        return sorted(self.keys.pop(minion, ()))

    def forget(self, minion):
        return ["grains"] if minion in self.cached else []

    def rotate(self):
        self.rotated += 1


@pytest.fixture
def desk(tmp_path):
    return Desk(Store(tmp_path / "records"), None, tmp_path / "audit")


def said(desk):
    return [(line["id"], line["act"], line["why"], line["source"]) for line in history.read(desk.audit.path)]


def test_what_is_revoked_is_gone_and_told_and_the_second_time_nothing_is_there(desk):
    desk.store.put(IN)
    ring = Keyring({"web1": [ACCEPTED, DENIED], "web2": [PENDING]}, ["web1"])

    assert revoke.revoke(desk, ring, ["web1", "*"], "lab.revoke") == {
        "web1": ["enrolment", "accepted key", "denied key", "cached grains"],
        "*": [],
    }
    assert (desk.store.all(), ring.keys, ring.rotated) == ({}, {"web2": {PENDING}}, 1)
    assert said(desk) == [("web1", "revoke", "enrolment, accepted key, denied key", "lab.revoke")]
    ring.cached = set()
    assert revoke.revoke(desk, ring, ["web1"], "lab.revoke") == {"web1": []}
    assert (len(said(desk)), ring.rotated) == (1, 1)


@pytest.mark.parametrize(
    ("record", "keys", "rotated"),
    [(None, [ACCEPTED], 1), (RECORD, [], 1), (None, [PENDING, DENIED, REJECTED], 0), (None, [], 0)],
)
def test_the_master_takes_a_new_aes_key_where_a_machine_may_have_been_in(desk, record, keys, rotated):
    if record:
        desk.store.put(record)
    ring = Keyring({"web1": keys} if keys else {})
    revoke.revoke(desk, ring, ["web1"], "lab.revoke")

    assert ring.rotated == rotated


def test_every_time_that_something_is_revoked_is_told(desk):
    for _ in range(2):
        revoke.revoke(desk, Keyring({"*": [PENDING]}), ["*"], "lab.revoke")

    assert said(desk) == [("*", "revoke", "pending key", "lab.revoke")] * 2


def test_a_torn_record_goes_too(desk):
    desk.store.directory.mkdir()
    (desk.store.directory / "web1.json").write_text("{")
    revoke.revoke(desk, Keyring(), ["web1", "../web1"], "lab.revoke")

    assert list(desk.store.directory.glob("*.json")) == []


def test_the_ids_that_may_be_revoked():
    assert revoke.checked("web1", ["pi1"]) == ["web1"]
    assert revoke.checked(["*", "../x\n"], ["pi1"]) == ["*", "../x\n"]


@pytest.mark.parametrize(
    ("ids", "error", "words"),
    [
        ("pi1", NotSafe, "pi1 is the minion beside a master — without it, nobody reaches that master"),
        (["web1", "pi1"], NotSafe, "force=true"),
        (5, BadWish, "5 is no id"),
        (None, BadWish, "None is no id"),
        (["web1", ""], BadWish, "'' is no id"),
        ({"web1": 1}, BadWish, "is no id"),
    ],
)
def test_the_ids_that_may_not(ids, error, words):
    with pytest.raises(error, match=words):
        revoke.checked(ids, ["pi1"])


# The audit, read back


def line(at, minion="web1", act="accept"):
    return json.dumps({"at": at, "id": minion, "act": act, "why": "", "source": "sweep", "key": None}) + "\n"


@pytest.fixture
def log(tmp_path):
    """The log after two rotations, as logrotate makes them: the older one is packed."""
    with gzip.open(tmp_path / "admission.log.2.gz", "wt") as old:
        old.write(line(1.0) + line(2.0, "web2"))
    (tmp_path / "admission.log.1").write_text(line(3.0, act="reject") + line(4.0))
    (tmp_path / "admission.log").write_text(
        "\0\n[]\n5\n{}\n" + line("now") + line(5.0) + line(6.0, "*") + line(7.0)[:-9]
    )
    for age, name in enumerate(("", ".1", ".2.gz")):
        os.utime(tmp_path / f"admission.log{name}", (6.0 - 2 * age, 6.0 - 2 * age))
    return tmp_path / "admission.log"


@pytest.mark.parametrize(
    ("wanted", "at"),
    [
        ({}, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ({"minion": "web1"}, [1.0, 3.0, 4.0, 5.0]),
        ({"minion": "*"}, [6.0]),
        ({"act": "reject"}, [3.0]),
        ({"since": 4.0}, [4.0, 5.0, 6.0]),
        ({"since": 2.5, "minion": "web1", "act": "accept"}, [4.0, 5.0]),
        ({"minion": "web9"}, []),
    ],
)
def test_the_decisions_come_back_oldest_first_and_no_torn_line(log, wanted, at):
    assert [line["at"] for line in history.read(log, **wanted)] == at


def test_where_nothing_was_decided_nothing_comes_back(tmp_path):
    assert history.read(tmp_path / "admission.log") == []


@given(st.text() | st.binary().map(lambda data: data.decode(errors="replace")))
def test_no_junk_in_the_log_is_an_error(text):
    assert history.parsed(text) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [("30s", 970.0), ("5m", 700.0), ("0h", 1000.0), ("1w", 1000.0 - 604800), ("1970-01-01T00:10:00+00:00", 600.0)],
)
def test_a_moment(text, moment):
    assert history.moment(text, 1000.0) == moment


def test_a_moment_is_in_local_time():
    assert history.moment("2026-11-21 14:00", 0.0) == time.mktime((2026, 11, 21, 14, 0, 0, 0, 0, -1))


@pytest.mark.parametrize("text", ["yesterday", "", 5, "5 m", "1.5h", None, "2026-13-01", "9999999d", ["2h"]])
def test_what_is_no_moment(text):
    with pytest.raises(BadWish, match=r"is no moment — say 30m"):
        history.moment(text, 1000.0)


# What the spec says


def test_whose_master_is_whose():
    lab = checked(DEMO)
    hosts, vms = {"pi1", "pi2", "nb1", "hv1", "hv2"}, {"web1", "web2", "web3"}

    assert [facts.serves(lab, host) for host in ("pi1", "pi2", "hv1")] == [["physical"], ["virtual"], []]
    assert facts.minions(lab, ["physical"]) == hosts
    assert facts.minions(lab, ["virtual"]) == vms
    assert facts.minions(lab, ["physical", "virtual"]) == hosts | vms


def test_a_vm_of_ours_that_is_not_in_the_spec_is_told_and_one_of_others_is_not():
    ours, others = {"running": True, "adopt": True}, {"running": False, "adopt": False}
    domains = {"hv1": {"web1": ours, "web9": ours, "mine": others}, "hv2": None}

    assert strays(checked(DEMO), domains, {"web9": {"admitted": 1.0}}) == {
        "web9": {
            **{"host": "hv1", "power": "on", "minion": "unknown", "admitted": True, "highstated": None, "address": ""},
            "wrong": ["not in the spec: salt-run lab.remove web9"],
        }
    }
    assert strays(checked(DEMO), domains, None)["web9"]["admitted"] is False
