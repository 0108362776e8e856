"""The highstate of a boot, for one machine or many: who gets it, when, and what becomes of it."""

import datetime
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.admit import welcome as module
from saltext.lab.admit.digest import digests
from saltext.lab.admit.errands import BOOT_ID
from saltext.lab.admit.gather import concerns, hints
from saltext.lab.admit.jobs import room
from saltext.lab.admit.reception import Reception, see_through
from saltext.lab.admit.record import STALE, Highstate, Record
from saltext.lab.admit.store import Store
from saltext.lab.admit.welcome import LIMIT, Welcome
from saltext.lab.errors import BadWish, Unreachable

USED = Record(id="web1", fingerprint="ab" * 32, expires=100.0, admitted=50.0)
DONE = {"state_|-it": {"__id__": "it", "result": True, "changes": {}, "comment": ""}}
FAILED = {"state_|-it": {"__id__": "motd", "result": False, "changes": {}, "comment": "no such file"}}


class Machines:
    """What the fleet and the bus look like to a welcome: jobs go out, returns come when somebody gathers."""

    def __init__(self):
        self.jobs, self.returns, self.forgotten, self.away = [], [], {}, set()
        self.boots, self.outcomes = {}, {}  #: what a minion says, where it is not "first" and DONE
        self.lost, self.lock = set(), threading.Lock()

    def new_jid(self):
        with self.lock:
            self.jobs.append(None)
            return f"2026{len(self.jobs):016}"

    def publish(self, minions, fun, *args, jid):
        self.jobs.append((fun, sorted(minions)))
        for minion in set(minions) - self.away:
            if fun != "state.apply" or minion not in self.lost:
                answer = {"jid": jid, "id": minion, "return": self.answer(minion, fun, args), "retcode": 0}
                self.returns.append((f"salt/job/{jid}/ret/{minion}", answer))

    def answer(self, minion, fun, args):
        if fun == "file.read":
            assert args == (BOOT_ID,)
            return f"{self.boots.get(minion, 'first')}\n"
        return self.outcomes.get(minion, DONE) if fun == "state.apply" else {}

    def cached(self, jid):
        return self.forgotten.get(jid, {})

    def gather(self, seconds):
        found, self.returns = self.returns, []
        return found

    def applied(self):
        return [minions for fun, minions in filter(None, self.jobs) if fun == "state.apply"]


class Clock:
    """Time that passes when somebody says so."""

    def __init__(self, monkeypatch):
        self.now = time.time()
        monkeypatch.setattr(module, "time", self)

    def time(self):
        return self.now


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "records")


@pytest.fixture
def machines():
    return Machines()


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def welcome(store, machines):
    return Welcome(store, machines, lambda minions: dict.fromkeys(minions, "d1"))


@pytest.fixture
def start(machines, welcome, store):
    """A function that has *minion* start, sees it through, and returns its highstate, where it has had one."""

    def start(minion="web1", again=False):
        welcome.ended.clear()
        welcome.take([minion], again)
        see_through(machines, welcome)
        return welcome.ended.get(minion)

    return start


def crowd(store, count, **more):
    ids = [f"node{number:03}" for number in range(count)]
    for minion in ids:
        store.put(USED.model_copy(update={"id": minion, **more}))
    return ids


# One machine


def test_a_machine_is_welcomed_once_in_each_boot(store, machines, start):
    store.put(USED)

    first = start()
    assert (first.state, first.digest) == ("done", "d1")
    assert store.get("web1").highstate.boot == "first"
    assert start() is None
    machines.boots["web1"] = "second"
    assert start().boot == "second"
    assert start() is None
    assert start(again=True).state == "done"
    assert machines.applied() == [["web1"]] * 3


@pytest.mark.parametrize("record", [None, USED.model_copy(update={"admitted": None})])
def test_nobody_else_is_welcomed(store, machines, start, record):
    if record:
        store.put(record)

    assert start() is None
    assert start(again=True) is None
    assert machines.jobs.count(None) == len(machines.jobs)


def test_a_machine_whose_boot_nobody_noted_is_taken_to_be_in_it_still(store, machines, start):
    store.put(USED.model_copy(update={"highstate": Highstate(state="done", at=1.0, jid="1")}))

    assert start() is None
    assert store.get("web1").highstate.boot == "first"
    assert machines.applied() == []


def test_a_highstate_that_fails_says_which_state_and_why(store, machines, start):
    store.put(USED)
    machines.outcomes["web1"] = FAILED

    outcome = start()
    assert (outcome.state, outcome.why, outcome.digest) == ("failed", "motd: no such file", "")
    assert start() is None  # it has had its highstate of this boot


@pytest.mark.parametrize("junk", [None, "no such minion", [], {"a": {"result": False}}, 5])
def test_whatever_comes_back_is_told_in_a_line(store, machines, start, junk):
    store.put(USED)
    machines.outcomes["web1"] = junk

    assert (start().state, "\n" in store.get("web1").highstate.why) == ("failed", False)


def test_one_that_runs_elsewhere_is_left_alone(store, machines, start):
    running = Highstate(state="running", at=time.time(), jid="1")
    store.put(USED.model_copy(update={"highstate": running}))

    assert start() is None
    assert (machines.applied(), store.get("web1").highstate) == ([], running)


def test_one_whose_runner_died_long_ago_is_taken_up(store, start):
    store.put(USED.model_copy(update={"highstate": Highstate(state="running", at=time.time() - STALE - 1)}))

    assert start().state == "done"


def test_of_many_at_once_one_welcomes(store, machines):
    store.put(USED)

    def one(_):
        alone = Welcome(store, machines, lambda minions: dict.fromkeys(minions, "d1"))
        alone.take(["web1"])
        alone.send()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(32)))
    assert machines.applied() == [["web1"]]


def test_a_fault_leaves_no_highstate_that_runs_for_ever(store, machines, welcome):
    store.put(USED)
    machines.gather = lambda seconds: {}["fault"]
    welcome.take(["web1"])
    with pytest.raises(KeyError):
        see_through(machines, welcome)

    assert (store.get("web1").highstate.state, store.get("web1").highstate.why) == ("failed", "it was broken off")


def test_a_spec_with_mistakes_keeps_everybody_waiting(store, machines, welcome):
    store.put(USED)
    welcome.digests = lambda minions: (_ for _ in ()).throw(BadWish("there is a mistake"))
    welcome.take(["web1"])
    with pytest.raises(BadWish):
        welcome.send()
    welcome.digests = lambda minions: {"web1": "d2"}
    see_through(machines, welcome)

    assert store.get("web1").highstate.digest == "d2"


def test_who_gets_no_highstate_here_gets_none(store, machines, welcome):
    store.put(USED)
    welcome.digests = lambda minions: {}
    welcome.take(["web1"])
    see_through(machines, welcome)

    assert (machines.applied(), store.get("web1").highstate) == ([], None)


# Many


def test_many_are_welcomed_by_few_jobs_and_not_too_many_at_once(store, machines, welcome):
    ids = crowd(store, 3 * LIMIT)
    welcome.take(ids)
    at_once = []
    gather = machines.gather

    def look(seconds):
        at_once.append(len(welcome.jobs.running()))
        return gather(seconds)

    machines.gather = look
    see_through(machines, welcome)

    assert [len(minions) for minions in machines.applied()] == [LIMIT] * 3
    assert sorted(sum(machines.applied(), [])) == ids
    assert max(at_once) == LIMIT
    assert {record.highstate.state for record in store.all().values()} == {"done"}


@given(waiting=st.lists(st.integers(), max_size=40), running=st.integers(0, 20), limit=st.integers(1, 20))
def test_who_begins_has_room_and_nobody_waits_for_ever(waiting, running, limit):
    begin = room(waiting, min(running, limit), limit)

    assert begin == waiting[: len(begin)]
    assert len(begin) + min(running, limit) <= limit
    assert begin or not waiting or running


def test_those_who_have_no_room_wait_until_one_job_is_worth_it():
    waiting = list(range(30))

    assert room(waiting, 49, 50) == room(waiting, 26, 50) == []
    assert room(waiting, 25, 50) == waiting[:25]
    assert room(waiting[:1], 49, 50) == [0]


def test_events_that_come_again_and_again_change_nothing(store, machines, welcome):
    ids = crowd(store, 10)
    for _ in range(5):
        welcome.take(ids * 2)
        welcome.send()
    see_through(machines, welcome)

    assert machines.applied() == [ids]


def test_a_return_counts_for_who_was_asked(store, machines, welcome):
    crowd(store, 2)
    machines.away = {"node000", "node001"}
    welcome.take(["node000"])
    welcome.send()
    [jid] = welcome.jobs.out
    for other, minion in [(jid, "node001"), ("1", "node000"), (jid, None), (jid, ["node000"]), (jid, 5)]:
        welcome.heard(other, minion, {"return": DONE})

    assert store.get("node000").highstate.state == "running"
    assert store.get("node001").highstate is None


# Silence


def later(clock, welcome, machines, seconds):
    """Let *seconds* pass, and whatever comes of it."""
    end = clock.now + seconds
    while clock.now < end:
        clock.now += 1
        welcome.look_after()
        welcome.send()
        for jid, minion, answer in hints(machines.gather(0)).returns:
            welcome.heard(jid, minion, answer)


def given_up(store, machines, welcome, clock):
    """Have web1 be given up, and return the id of its job."""
    store.put(USED)
    machines.away = {"web1"}
    welcome.take(["web1"])
    welcome.send()
    [jid] = welcome.jobs.out
    later(clock, welcome, machines, 120)
    assert store.get("web1").highstate.state == "failed"
    return jid


@pytest.mark.parametrize(("answer", "state"), [(DONE, "done"), (FAILED, "failed")])
def test_a_return_that_comes_when_its_machine_was_given_up_counts_once(  # noqa: PLR0913, PLR0917
    store, machines, welcome, clock, answer, state
):
    jid = given_up(store, machines, welcome, clock)
    welcome.heard(jid, "web1", {"return": answer, "retcode": 0})
    ended = store.get("web1").highstate
    welcome.heard(jid, "web1", {"return": FAILED, "retcode": 0})

    assert (ended.state, ended.jid, ended.digest) == (state, jid, "d1" if state == "done" else "")
    assert store.get("web1").highstate == ended
    assert len(machines.applied()) == 1


@pytest.mark.parametrize(("other", "minion"), [("1", "web1"), (None, "web2"), (None, ["web1"]), (None, None)])
def test_a_return_on_another_job_or_of_another_machine_changes_nothing_for_who_was_given_up(  # noqa: PLR0913, PLR0917
    store, machines, welcome, clock, other, minion
):
    jid = given_up(store, machines, welcome, clock)
    welcome.heard(other or jid, minion, {"return": DONE, "retcode": 0})

    assert store.get("web1").highstate.state == "failed"


def test_a_late_return_is_nothing_to_a_machine_that_has_begun_anew(store, machines, welcome, clock):
    jid = given_up(store, machines, welcome, clock)
    welcome.take(["web1"])
    welcome.send()
    begun = store.get("web1").highstate
    welcome.heard(jid, "web1", {"return": FAILED, "retcode": 0})

    assert (begun.state, store.get("web1").highstate) == ("running", begun)


def test_a_machine_that_goes_away_has_failed_and_gets_one_when_it_is_back(store, machines, welcome, clock):
    store.put(USED)
    machines.away = {"web1"}
    welcome.take(["web1"])
    later(clock, welcome, machines, 120)
    assert store.get("web1").highstate.why == "web1 does not answer state.apply"

    machines.away = set()
    welcome.take(["web1"])
    later(clock, welcome, machines, 5)
    assert store.get("web1").highstate.state == "done"
    assert not welcome.busy()


@pytest.fixture
def losing(store, machines, welcome):
    """web1 has lost the highstate that it was given; the id of the job."""
    store.put(USED)
    machines.lost = {"web1"}
    welcome.take(["web1"])
    welcome.send()
    [jid] = welcome.jobs.out
    return jid


def test_a_machine_that_restarts_in_the_middle_of_it_begins_again_at_once(store, machines, welcome, clock, losing):
    machines.lost = set()
    welcome.take(["web1"])
    later(clock, welcome, machines, 10)

    assert store.get("web1").highstate.state == "done"
    assert machines.applied() == [["web1"]] * 2


def test_one_that_always_loses_it_has_failed(store, machines, welcome, clock):
    store.put(USED)
    machines.lost = {"web1"}
    welcome.take(["web1"])
    later(clock, welcome, machines, 120)

    assert store.get("web1").highstate.why == "web1 has lost its highstate, twice"
    assert machines.applied() == [["web1"]] * 2


def test_one_that_says_that_it_is_at_it_is_waited_for(store, machines, welcome, clock):
    store.put(USED)
    machines.lost = {"web1"}
    machines.answer = lambda minion, fun, args: {"jid": "…"}
    welcome.take(["web1"])
    later(clock, welcome, machines, 300)

    assert store.get("web1").highstate.state == "running"
    assert machines.applied() == [["web1"]]


def test_a_return_that_nobody_heard_is_found_where_the_master_keeps_it(store, machines, welcome, clock, losing):
    machines.forgotten = {losing: {"web1": {"return": DONE}}}
    later(clock, welcome, machines, 30)

    assert store.get("web1").highstate.state == "done"
    assert machines.applied() == [["web1"]]


def test_a_return_that_comes_while_it_is_asked_whether_it_is_lost_counts(store, machines, welcome, clock, losing):
    welcome.take(["web1"])
    later(clock, welcome, machines, 2)
    machines.forgotten = {losing: {"web1": {"return": DONE}}}
    later(clock, welcome, machines, 5)

    assert store.get("web1").highstate.state == "done"
    assert machines.applied() == [["web1"]]


def test_a_master_that_takes_no_jobs_is_asked_again(store, machines, welcome, clock):
    store.put(USED)
    publish = machines.publish

    def refuse(*_, **__):
        raise Unreachable("the master on this machine takes no jobs")

    machines.publish = refuse
    welcome.take(["web1"])
    welcome.send()
    machines.publish = publish
    later(clock, welcome, machines, 40)

    assert store.get("web1").highstate.state == "done"


# Restarted


def test_who_was_admitted_while_nobody_was_here_is_welcomed(store, machines, welcome, clock):
    ids = crowd(store, 5)
    machines.away = {"node004"}
    welcome.resume()
    later(clock, welcome, machines, 2)
    assert machines.applied() == [ids[:4]]

    machines.away = set()  # it took a while to find the new master
    later(clock, welcome, machines, 10)
    assert machines.applied() == [ids[:4], ["node004"]]


def test_who_rebooted_while_nobody_was_here_is_welcomed_and_nobody_else(store, machines, welcome, clock):
    ids = crowd(store, 5, highstate=Highstate(state="done", at=1.0, boot="first", jid="1"))
    machines.boots["node002"] = "second"
    welcome.resume()
    later(clock, welcome, machines, 100)

    assert machines.applied() == [["node002"]]
    assert [store.get(minion).highstate.boot for minion in ids] == ["first", "first", "second", "first", "first"]


def test_a_highstate_that_goes_on_over_a_restart_is_not_begun_twice(store, machines, welcome, clock):
    at_it = Highstate(state="running", at=clock.now - 5, jid="9", digest="d0")
    ids = crowd(store, 3, highstate=at_it)
    machines.forgotten = {"9": {"node000": {"return": DONE}}}  # ended while nobody was here
    machines.answer = lambda minion, fun, args: {} if minion == "node002" else {"jid": "9"}
    welcome.resume()
    later(clock, welcome, machines, 2)
    welcome.heard("9", "node001", {"return": DONE})  # ends now
    machines.answer = Machines.answer.__get__(machines)
    later(clock, welcome, machines, 10)

    assert machines.applied() == [["node002"]]  # had been lost
    assert [store.get(minion).highstate.state for minion in ids] == ["done"] * 3
    assert [store.get(minion).highstate.digest for minion in ids] == ["d0", "d0", "d1"]


# What events ask for


def test_each_id_once_and_nothing_else():
    events = [
        ("salt/auth", {"act": "pend", "id": "a"}),
        ("salt/auth", {"act": "denied", "id": "b"}),
        ("salt/auth", {"act": "pend", "id": "a"}),
        ("salt/auth", {"act": "accept", "id": "c"}),
        ("salt/auth", {"act": "pend", "id": ["a"]}),
        ("salt/auth", {"act": "pend", "id": ["a"]}),
        ("salt/auth", {"act": "pend"}),
        ("salt/auth", "junk"),
        ("salt/minion/d/start", {"id": "d"}),
        ("salt/minion/d/start", {"id": "d"}),
        ("salt/job/1/ret/e", {"id": "e", "return": 1}),
        ("salt/job/1/ret/e", None),
    ]
    found = hints(events)

    assert found.knocks == ["a", "b", ["a"], None]
    assert found.starts == ["d"]
    assert found.returns == [("1", "e", {"id": "e", "return": 1})]


ANY = st.recursive(
    st.none() | st.text() | st.integers() | st.binary(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)
)


@given(events=st.lists(st.tuples(st.sampled_from(["salt/auth", "salt/minion/x/start", "salt/job/1/ret/x", ""]), ANY)))
def test_no_junk_on_the_bus_is_an_error(events):
    found = hints([(tag, {"act": "pend", "id": data} if isinstance(data, str) else data) for tag, data in events])

    assert len({repr(one) for one in found.knocks}) == len(found.knocks)


@pytest.mark.parametrize(
    ("tag", "does"),
    [
        ("salt/auth", True),
        ("salt/minion/web1/start", True),
        ("salt/job/2026/ret/web1", True),
        ("salt/auth/creds", False),
        ("salt/job/2026/new", False),
        ("minion_start", False),
        ("", False),
    ],
)
def test_which_events_are_hints(tag, does):
    assert concerns(tag) is does


class Desk:
    """A desk that notes what it is asked."""

    def __init__(self, store):
        self.store, self.asked, self.faults = store, [], []

    def unsettled(self):
        return ["waiting"]

    def admit_all(self, minions, source):
        self.asked.append((list(minions), source))

    def fault(self, minion, source, err):
        self.faults.append((minion, source, str(err)))


def test_a_reception_sweeps_first_and_then_takes_hints_together(store, machines, welcome):
    store.put(USED)
    store.put(USED.model_copy(update={"id": "new1", "admitted": None}))
    reception = Reception(machines, Desk(store), welcome)
    reception.sweep()
    machines.returns += [("salt/auth", {"act": "pend", "id": one}) for one in ("a", "b", "a")]
    machines.returns += [(f"salt/minion/{one}/start", {"id": one}) for one in ("web1", "new1")]
    for _ in range(4):
        reception.step()

    assert reception.desk.asked == [(["waiting"], "sweep"), (["a", "b"], "salt/auth"), (["new1"], "start")]
    assert machines.applied() == [["web1"]]


def test_a_fault_at_the_door_is_told_and_the_next_one_is_served(store, machines, welcome):
    ids = crowd(store, 5)
    take = welcome.take

    def failing(minions, again=False):
        if minions == ["node002"]:
            raise OSError("the disk is full")
        take(minions, again)

    welcome.take = failing
    reception = Reception(machines, Desk(store), welcome)
    machines.returns += [(f"salt/minion/{one}/start", {"id": one}) for one in ids]
    for _ in range(3):
        reception.step()

    assert reception.desk.faults == [("node002", "start", "the disk is full")]
    assert machines.applied() == [[one for one in ids if one != "node002"]]


def test_hosts_of_a_master_without_guests_get_no_highstate_from_it(store, machines, welcome):
    store.put(USED)
    reception = Reception(machines, Desk(store), welcome, guests=False)
    reception.sweep()
    machines.returns += [("salt/minion/web1/start", {"id": "web1"}), ("salt/auth", {"act": "pend", "id": "hv1"})]
    reception.step()

    assert reception.desk.asked == [(["waiting"], "sweep"), (["hv1"], "salt/auth")]
    assert list(filter(None, machines.jobs)) == []


# The digest


def test_a_digest_follows_the_slice_and_every_file(tmp_path):
    formula = tmp_path / "motd/init.sls"
    formula.parent.mkdir()
    formula.write_text("a")

    def digest(part, trees):
        return digests({"web1": part}, trees)["web1"]

    first = digest({"a": 1, "b": 2}, [tmp_path])
    days = [digest({"a": datetime.date(2026, 11, day)}, []) for day in (21, 22)]  # as in YAML
    assert (len(first), len(set(days))) == (16, 2)
    assert digest({"b": 2, "a": 1}, [tmp_path]) == first
    assert digest({"a": 1}, [tmp_path]) != first
    formula.write_text("b")
    assert digest({"a": 1, "b": 2}, [tmp_path]) != first
