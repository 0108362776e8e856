"""Who may join: the verdict, the records behind it, and the desk where both meet."""

import datetime
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import salt.crypt
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from saltext.lab.admit.decide import ACCEPT, LEAVE, REJECT, decide
from saltext.lab.admit.desk import LIFETIME, Desk
from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.keystore import ACCEPTED, DENIED, PENDING
from saltext.lab.admit.record import STALE, Highstate, Record
from saltext.lab.admit.store import Store
from saltext.lab.admit.welcome import BOOT_ID, digest, remember_boot, welcome
from saltext.lab.boot.returns import Applied
from saltext.lab.errors import BadWish, Unreachable

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

    def pub(self, minion, status):
        return self.keys.get((minion, status))

    def accept(self, minion, pub):
        if self.keys.get((minion, PENDING)) == pub:
            self.keys[minion, ACCEPTED] = self.keys.pop((minion, PENDING))
        return self.keys.get((minion, ACCEPTED)) == pub

    def delete(self, minion, *statuses):
        for status in statuses:
            self.keys.pop((minion, status), None)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "records")


@pytest.fixture
def desk(store, tmp_path):
    return Desk(store, Keys(), tmp_path / "audit/log")


def audit(desk):
    return [json.loads(line) for line in desk.audit.read_text().splitlines()]


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


def test_only_root_reads_the_records(store):
    store.put(EXPECTED)

    assert store.directory.stat().st_mode & 0o777 == 0o700
    assert (store.directory / "web1.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "web1"}', "\0" * 100])
def test_a_torn_record_is_none_and_can_be_replaced(store, text):
    (store.directory / "web1.json").write_text(text)
    (store.directory / "web2.new").write_text("half a reco")
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
    desk.store.put(EXPECTED.model_copy(update={"expires": time.time() + 60}))
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

    assert desk.audit.stat().st_size < 1000


def test_a_key_that_is_swapped_while_it_is_looked_at_is_not_admitted(desk):
    desk.store.put(EXPECTED.model_copy(update={"expires": time.time() + 60}))
    desk.keys.keys["web1", PENDING] = TRUE
    desk.keys.accept = lambda minion, pub: False

    assert desk.admit("web1") == (REJECT, "its key changed while it was looked at")
    assert desk.store.get("web1").admitted is None


def test_an_enrolment_that_comes_while_the_old_key_is_looked_at_wins(desk):
    desk.store.put(EXPECTED.model_copy(update={"expires": time.time() + 60}))
    desk.keys.keys["web1", PENDING] = TRUE
    accept = desk.keys.accept

    def meanwhile(minion, pub):
        desk.store.put(EXPECTED.model_copy(update={"fingerprint": fingerprint(OTHER), "expires": time.time() + 60}))
        return accept(minion, pub)

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


# The first highstate


class Machines:
    """What the fleet looks like to a welcome: *apply*, and the boot id that a machine tells."""

    def __init__(self, apply=lambda minion: Applied({}, {}), boot="first\n"):
        self.apply, self.boot = apply, boot

    def call(self, minion, fun, path):
        assert (fun, path) == ("file.read", BOOT_ID)
        if self.boot is None:
            raise Unreachable(f"{minion} does not answer")
        return self.boot


def applied(failed=None):
    return Machines(lambda minion: Applied({}, failed or {}))


def test_a_machine_is_welcomed_once_in_each_boot(store):
    store.put(USED)
    machines = applied()

    assert welcome(store, machines, "web1", "d1").state == "done"
    remember_boot(store, machines, "web1")
    assert welcome(store, machines, "web1", "d2") is None
    assert store.get("web1").highstate.digest == "d1"
    machines.boot = None
    assert welcome(store, machines, "web1", "d2") is None
    machines.boot = "second\n"
    assert welcome(store, machines, "web1", "d3").digest == "d3"
    assert welcome(store, machines, "web1", "d4") is None
    assert welcome(store, machines, "web1", "d5", again=True).digest == "d5"


def test_a_highstate_whose_runner_died_is_taken_up_by_the_next_event(store):
    begun = Highstate(state="running", at=time.time() - STALE - 1)
    store.put(USED.model_copy(update={"highstate": begun}))

    assert welcome(store, applied(), "web1", "d1").state == "done"


def test_a_fault_in_the_code_leaves_no_highstate_that_runs_for_ever(store):
    store.put(USED)
    with pytest.raises(KeyError):
        welcome(store, Machines(lambda minion: {}["fault"]), "web1", "d1")

    assert (store.get("web1").highstate.state, store.get("web1").highstate.why) == ("failed", "it was broken off")


def test_one_that_runs_is_left_alone(store):
    store.put(USED.model_copy(update={"highstate": Highstate(state="running", at=time.time())}))

    assert welcome(store, Machines(lambda minion: pytest.fail("applied")), "web1", "d1") is None


def test_of_many_events_at_once_one_welcomes(store):
    store.put(USED)
    calls = []
    with ThreadPoolExecutor(16) as pool:
        list(
            pool.map(
                lambda _: welcome(store, Machines(lambda who: calls.append(who) or Applied({}, {})), "web1", ""),
                range(32),
            )
        )

    assert calls == ["web1"]


@pytest.mark.parametrize(
    "record", [None, EXPECTED, USED.model_copy(update={"highstate": Highstate(state="done", at=1.0)})]
)
def test_nobody_else_is_welcomed(store, record):
    if record:
        store.put(record)

    assert welcome(store, Machines(lambda minion: pytest.fail("applied")), "web1", "") is None


def test_a_highstate_that_fails_says_which_state_and_why(store):
    store.put(USED)
    outcome = welcome(store, applied({"motd": "no such file"}), "web1", "d1")

    assert (outcome.state, outcome.why, outcome.digest) == ("failed", "motd: no such file", "")
    assert store.get("web1").highstate == outcome


def test_a_machine_that_goes_away_has_failed(store):
    store.put(USED)

    def away(minion):
        raise Unreachable("web1 does not answer state.apply")

    assert welcome(store, Machines(away), "web1", "d1").why == "web1 does not answer state.apply"


def test_a_digest_follows_the_slice_and_every_file(tmp_path):
    formula = tmp_path / "motd/init.sls"
    formula.parent.mkdir()
    formula.write_text("a")
    first = digest({"a": 1, "b": 2}, [tmp_path])

    assert digest({"a": datetime.date(2026, 11, 21)}, []) != digest(
        {"a": datetime.date(2026, 11, 22)}, []
    )  # as in YAML

    assert digest({"b": 2, "a": 1}, [tmp_path]) == first
    assert digest({"a": 1}, [tmp_path]) != first
    formula.write_text("b")
    assert digest({"a": 1, "b": 2}, [tmp_path]) != first
