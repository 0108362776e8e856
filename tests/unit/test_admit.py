"""Who may join: the verdict, the records behind it, and the desk where both meet."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import salt.crypt
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from saltext.lab.admit.case import ACCEPTED, DENIED, PENDING
from saltext.lab.admit.decide import ACCEPT, LEAVE, REJECT, decide
from saltext.lab.admit.desk import Desk
from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.record import LIFETIME, Record
from saltext.lab.admit.store import Store
from saltext.lab.errors import BadWish

TRUE, OTHER = (salt.crypt.gen_keys(2048)[1] for _ in range(2))
EXPECTED = Record(id="web1", fingerprint=fingerprint(TRUE), expires=100.0)
USED = EXPECTED.model_copy(update={"admitted": 50.0})
BAD_IDS = [
    "*",
    "../x",
    "a/b",
    "web1\n",
    "\nweb1",
    "Web1",
    "-web",
    "web-",
    "wéb",
    "",
    " ",
    "w" * 64,
    "{{ 1 }}",
    "web1\0",
]


class Keys:
    """The keys of a master in memory: what the desk asks of Salt's store, and nothing else."""

    def __init__(self, **keys):
        self.keys = {(minion, status): pub for minion, (status, pub) in keys.items()}

    def look(self, minions):
        return {one: {status: pub for (of, status), pub in self.keys.items() if of == one} for one in minions}

    def ids(self, *statuses):
        return [minion for minion, status in self.keys if status in statuses]

    def accept(self, pubs):
        for minion, pub in pubs.items():
            if self.keys.get((minion, PENDING)) == pub:
                self.keys[minion, ACCEPTED] = self.keys.pop((minion, PENDING))
        return {minion for minion, pub in pubs.items() if self.keys.get((minion, ACCEPTED)) == pub}

    def delete(self, doomed):
        for status, minions in doomed.items():
            for minion in minions:
                self.keys.pop((minion, status), None)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "records")


@pytest.fixture
def desk(store, tmp_path):
    told: list = []
    desk = Desk(store, Keys(), tmp_path / "audit/log", told.extend)
    desk.told = told
    return desk


def audit(desk):
    return [json.loads(line) for line in desk.audit.path.read_text().splitlines()]


def soon(**more):
    return EXPECTED.model_copy(update={"expires": time.time() + 60, **more})


# The verdict


@pytest.mark.parametrize(
    ("pub", "record", "now", "verdict"),
    [
        (TRUE, EXPECTED, 99.0, (ACCEPT, "the key that was enrolled")),
        (TRUE, EXPECTED, 100.0, (ACCEPT, "the key that was enrolled")),
        (TRUE, EXPECTED, 100.1, (REJECT, "its enrolment has expired")),
        (TRUE, USED, 60.0, (REJECT, "its enrolment was used before")),
        (OTHER, EXPECTED, 60.0, (REJECT, "another key is enrolled for this id")),
        (OTHER, USED, 60.0, (REJECT, "another key is enrolled for this id")),
        (OTHER, EXPECTED, 200.0, (REJECT, "another key is enrolled for this id")),
        (TRUE, None, 60.0, (LEAVE, "nobody enrolled this id")),
        ("junk", None, 60.0, (LEAVE, "nobody enrolled this id")),
    ],
)
def test_the_verdict_on_a_key(pub, record, now, verdict):
    assert decide(pub, record, now) == verdict


@given(pub=st.none() | st.text() | st.binary() | st.integers(), record=st.sampled_from([None, EXPECTED, USED]))
def test_no_junk_for_a_key_is_accepted_or_an_error(pub, record):
    assert decide(pub, record, 60.0).act == (REJECT if record else LEAVE)


# The records


def test_a_record_comes_back_as_it_was_put(store):
    store.put(EXPECTED)

    assert (store.get("web1"), store.get("web2"), store.all()) == (EXPECTED, None, {"web1": EXPECTED})


def test_who_only_looks_makes_no_directory(store):
    assert (store.all(), store.get("web1")) == ({}, None)
    assert not store.directory.exists()


def test_only_root_reads_the_records(store):
    store.put(EXPECTED)

    assert store.directory.stat().st_mode & 0o777 == 0o700
    assert (store.directory / "web1.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "web1"}', "\0" * 100])
def test_a_torn_record_is_none_and_can_be_replaced(store, text):
    store.directory.mkdir()
    (store.directory / "web1.json").write_text(text)
    (store.directory / "web2.json.new").write_text("half a reco")
    assert (store.get("web1"), store.all(), store.update("web1", lambda record: {"admitted": 1.0})) == (None, {}, None)

    store.put(EXPECTED)
    assert store.all() == {"web1": EXPECTED}


@pytest.mark.parametrize("minion", BAD_IDS)
def test_an_id_that_no_machine_can_have_has_no_record_and_no_file(store, minion):
    assert store.get(minion) is None
    with pytest.raises(ValidationError):
        store.put(EXPECTED.model_copy(update={"id": minion}))
    assert [path.name for path in store.directory.iterdir() if path.name != ".lock"] == []


@given(minion=st.text() | st.integers() | st.none() | st.binary() | st.lists(st.text()))
def test_no_junk_for_an_id_is_an_error(tmp_path_factory, minion):
    assert Store(tmp_path_factory.getbasetemp() / "empty").get(minion) is None


def test_of_many_who_claim_at_once_one_gets_it(store):
    store.put(EXPECTED)

    def claim(number):
        return store.update("web1", lambda record: None if record.admitted else {"admitted": float(number)})

    with ThreadPoolExecutor(16) as pool:
        claims = [record for record in pool.map(claim, range(1, 65)) if record]
    assert claims == [store.get("web1")]


def test_nobody_sees_half_a_record(store):
    store.put(EXPECTED)

    def look(writes):
        return [store.get("web1") for write in writes for _ in iter(write.done, True)]

    with ThreadPoolExecutor(2) as pool:
        writes = [pool.submit(store.put, EXPECTED.model_copy(update={"expires": float(n)})) for n in range(200)]
        seen = look(writes)
    assert all(write.result() is None for write in writes)
    assert None not in seen


def test_a_record_can_be_forgotten(store):
    store.put(EXPECTED)
    store.drop("web1")
    store.drop("web1")

    assert store.all() == {}


# The desk


def test_the_enrolled_key_is_admitted_once(desk):
    assert desk.enrol([{"id": "web1", "fingerprint": fingerprint(TRUE), "host": "hv1"}]) == ["web1"]
    assert LIFETIME - 10 < desk.store.get("web1").expires - time.time() <= LIFETIME
    desk.keys.keys["web1", PENDING] = TRUE

    assert desk.admit("web1") == (ACCEPT, "the key that was enrolled")
    assert desk.keys.keys == {("web1", ACCEPTED): TRUE}
    assert desk.store.get("web1").admitted is not None
    assert desk.admit("web1") == (LEAVE, "there is no pending key")
    assert [(line["id"], line["act"]) for line in audit(desk)] == [("web1", ACCEPT)]


@pytest.mark.parametrize("pub", [OTHER, "", "junk", "A" * 500_000])
def test_a_key_that_fails_makes_room_for_the_true_one(desk, pub):
    desk.store.put(soon())
    desk.keys.keys["web1", PENDING] = pub
    desk.keys.keys["web1", DENIED] = TRUE

    assert desk.admit("web1").act == REJECT
    assert desk.keys.keys == {}


def test_a_stranger_is_left_for_a_person_to_look_at(desk):
    desk.keys.keys["stranger", PENDING] = TRUE

    assert desk.admit("stranger") == (LEAVE, "nobody enrolled this id")
    assert desk.keys.keys == {("stranger", PENDING): TRUE}


def test_an_impostor_beside_an_admitted_machine_is_noted(desk):
    desk.store.put(USED)
    desk.keys.keys |= {("web1", ACCEPTED): TRUE, ("web1", DENIED): OTHER}

    assert desk.admit("web1") == (REJECT, "another key holds this id")
    assert desk.keys.keys == {("web1", ACCEPTED): TRUE}


@pytest.mark.parametrize("minion", [*BAD_IDS, None, 5, ["web1"], {"id": "web1"}, b"\xff"])
def test_an_id_that_no_machine_can_have_is_left_and_noted_in_one_line(desk, minion):
    desk.keys.keys["*", PENDING] = TRUE

    assert desk.admit(minion) == (LEAVE, "no machine of this lab can have such an id")
    assert desk.keys.keys == {("*", PENDING): TRUE}
    assert len(audit(desk)) == 1


def test_an_id_of_a_megabyte_does_not_fill_the_audit(desk):
    desk.admit("x" * 1_000_000)

    assert desk.audit.path.stat().st_size < 1000


def test_a_key_that_is_swapped_while_it_is_looked_at_is_not_admitted(desk):
    desk.store.put(soon())
    desk.keys.keys["web1", PENDING] = TRUE
    desk.keys.accept = lambda pubs: set()

    assert desk.admit("web1") == (REJECT, "its key changed while it was looked at")
    assert desk.store.get("web1").admitted is None


def test_an_enrolment_that_comes_while_the_old_key_is_looked_at_wins(desk):
    desk.store.put(soon())
    desk.keys.keys["web1", PENDING] = TRUE
    accept = desk.keys.accept

    def meanwhile(pubs):
        desk.store.put(soon(fingerprint=fingerprint(OTHER)))
        return accept(pubs)

    desk.keys.accept = meanwhile
    assert desk.admit("web1") == (REJECT, "another key was enrolled while it was looked at")
    assert (desk.keys.keys, desk.store.get("web1").admitted) == ({}, None)


@pytest.mark.parametrize("status", [ACCEPTED, PENDING, DENIED])
@pytest.mark.parametrize("pub", [OTHER, "", "junk"])
def test_a_new_enrolment_frees_the_id_of_every_other_key(desk, status, pub):
    desk.store.put(USED)
    desk.keys.keys["web1", status] = pub
    desk.enrol([{"id": "web1", "fingerprint": fingerprint(TRUE)}])

    assert desk.keys.keys == {}
    assert (desk.store.get("web1").admitted, desk.store.get("web1").highstate) == (None, None)


def test_a_new_enrolment_leaves_the_enrolled_key_that_waits_already(desk):
    desk.keys.keys["web1", PENDING] = TRUE
    desk.enrol([{"id": "web1", "fingerprint": fingerprint(TRUE)}])

    assert desk.keys.keys == {("web1", PENDING): TRUE}
    assert desk.admit("web1").act == ACCEPT


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"id": "web1"}, "enrolment:1:fingerprint is missing"),
        ({"id": "web*", "fingerprint": fingerprint(TRUE)}, r"enrolment:1:id is 'web\*'"),
        ({"id": "web1\n", "fingerprint": fingerprint(TRUE)}, "enrolment:1:id is"),
        ({"id": "web1", "fingerprint": fingerprint(TRUE).upper()}, "enrolment:1:fingerprint is"),
        ({"id": "web1", "fingerprint": fingerprint(TRUE) + "\n"}, "enrolment:1:fingerprint is"),
        ({"id": "web1", "fingerprint": fingerprint(TRUE), "hots": "hv1"}, "enrolment:1:hots is unknown"),
    ],
)
def test_of_wishes_with_a_mistake_none_is_enrolled(desk, wish, words):
    with pytest.raises(BadWish, match=words):
        desk.enrol([{"id": "fine", "fingerprint": fingerprint(OTHER)}, wish])

    assert desk.store.all() == {}


# Many at once, and killed at any point


def crowd(desk, count=20):
    """Twenty who are expected and knock; return their ids."""
    ids = [f"node{number}" for number in range(count)]
    for minion in ids:
        desk.store.put(soon(id=minion))
        desk.keys.keys[minion, PENDING] = TRUE
    return ids


def test_many_are_admitted_in_one_go(desk):
    ids = crowd(desk)
    verdicts = desk.admit_all([*ids, "stranger", "*", 5, ["node1"], "nobody"], "salt/auth")

    assert [verdict and verdict.act for verdict in verdicts] == [ACCEPT] * 20 + [None] + [LEAVE] * 3 + [None]
    assert all(desk.store.get(minion).admitted for minion in ids)
    assert desk.admit_all(ids, "salt/auth") == [None] * 20


def test_what_was_decided_is_a_line_and_an_event(desk):
    [minion] = crowd(desk, 1)
    desk.keys.keys["s" * 63, PENDING] = OTHER
    desk.admit_all([minion, "s" * 63, "x" * 1000], "sweep")

    events = [(tag, {**data}) for tag, data in desk.told if tag.startswith("lab/admission/")]
    assert [tag for tag, _ in events] == ["lab/admission/accept", "lab/admission/leave", "lab/admission/leave"]
    assert [data for _, data in events] == audit(desk)
    line = audit(desk)[0]
    assert {key: line[key] for key in ("id", "act", "source", "key")} == {
        "id": minion,
        "act": ACCEPT,
        "source": "sweep",
        "key": fingerprint(TRUE),
    }
    assert [len(data["id"]) for _, data in events] == [5, 63, 256]
    assert ("lab/record", {"id": minion}) in desk.told


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["keys.accept", "keys.accepted", "audit.note", "store.update"])
def test_an_admission_that_was_killed_is_ended_by_the_next_desk(desk, monkeypatch, step):
    ids = crowd(desk, 3)
    part, name = step.split(".")
    done = getattr(getattr(desk, part), name.removesuffix("ed"))

    def kill(*args):
        if name == "accepted":
            done(*args)
        raise Killed

    monkeypatch.setattr(getattr(desk, part), name.removesuffix("ed"), kill)
    with pytest.raises(Killed):
        desk.admit_all(ids, "salt/auth")
    monkeypatch.undo()
    after = Desk(desk.store, desk.keys, desk.audit.path)
    after.admit_all(after.unsettled(), "sweep")

    assert all(desk.store.get(minion).admitted for minion in ids)
    assert {(minion, ACCEPTED) for minion in ids} == set(desk.keys.keys)
    assert {line["id"] for line in audit(desk) if line["act"] == ACCEPT} == set(ids)


def test_a_key_that_somebody_else_accepted_is_not_taken_for_the_enrolled_one(desk):
    desk.store.put(soon())
    desk.keys.keys["web1", ACCEPTED] = OTHER

    assert desk.admit_all(desk.unsettled(), "sweep") == [None]
    assert desk.store.get("web1").admitted is None


@pytest.mark.parametrize("fault", ["keys.look", "keys.accept", "store.get", "store.update"])
def test_a_fault_with_one_is_told_and_in_nobody_elses_way(desk, monkeypatch, fault):
    ids = crowd(desk)
    part, name = fault.split(".")
    work = getattr(getattr(desk, part), name)

    def failing(about, *args):
        if about == "node7" or (not isinstance(about, str) and "node7" in about):
            raise OSError("the disk is full")
        return work(about, *args)

    monkeypatch.setattr(getattr(desk, part), name, failing)
    verdicts = dict(zip(ids, desk.admit_all(ids, "salt/auth"), strict=True))
    monkeypatch.undo()

    assert {minion for minion, record in desk.store.all().items() if record.admitted} == set(ids) - {"node7"}
    assert verdicts["node7"] == (LEAVE, "a fault, see the master's log: OSError")
    assert ("node7", LEAVE) in [(line["id"], line["act"]) for line in audit(desk)]


# The audit


def test_the_same_verdict_on_the_same_key_is_told_once(desk):
    desk.keys.keys["stranger", PENDING] = TRUE
    for _ in range(5):
        desk.admit("stranger")
    desk.keys.keys["stranger", PENDING] = OTHER
    desk.admit("stranger")
    desk.store.put(soon(id="stranger"))
    desk.admit("stranger")
    desk.store.drop("stranger")
    desk.keys.keys["stranger", PENDING] = OTHER
    Desk(desk.store, desk.keys, desk.audit.path).admit("stranger")

    assert [(line["act"], line["key"] == fingerprint(TRUE)) for line in audit(desk)] == [
        (LEAVE, True),
        (LEAVE, False),
        (REJECT, False),
        (LEAVE, False),
    ]


def test_two_keys_in_turn_do_not_fill_the_audit(desk):
    desk.store.put(soon(fingerprint="ab" * 32))
    for pub in [TRUE, OTHER] * 5:
        desk.keys.keys["web1", PENDING] = pub
        desk.admit("web1")

    assert len(audit(desk)) == 2


def test_each_acceptance_is_told(desk):
    for _ in range(2):
        desk.store.put(soon())
        desk.keys.keys = {("web1", PENDING): TRUE}
        desk.admit("web1")

    assert [line["act"] for line in audit(desk)] == [ACCEPT, ACCEPT]


@pytest.mark.parametrize("torn", ['{"id": "web1", "act"', "[]\n", "\0" * 10, '{"id": 5}\n'])
def test_a_torn_line_of_the_audit_is_left_as_it_is(desk, torn):
    desk.audit.path.parent.mkdir()
    desk.audit.path.write_text(torn)
    desk.admit("*")

    head, last = desk.audit.path.read_text().rstrip("\n").rsplit("\n", 1)
    assert (head, json.loads(last)["id"]) == (torn.rstrip("\n"), "*")


def test_an_audit_of_any_length_is_looked_at_from_its_end(desk):
    desk.audit.path.parent.mkdir()
    desk.audit.path.write_text('{"at": 1.0, "id": "older", "act": "leave", "why": "nobody enrolled this id"}\n' * 5000)
    desk.keys.keys["stranger", PENDING] = TRUE
    desk.admit("stranger")
    desk.admit("stranger")

    assert len(audit(desk)) == 5001
