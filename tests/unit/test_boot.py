"""The bootstrap as a graph, and what is read out of the answers of minions."""

import os
import subprocess
import sys
import threading
import time

import pytest
import salt.crypt
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.boot import lock, returns
from saltext.lab.boot.graph import Step, steps
from saltext.lab.boot.hosts import Hosts
from saltext.lab.boot.run import BEGUN, CHANGED, FAILED, SAME, SKIPPED, execute
from saltext.lab.errors import BadWish, NotConverged, Refused, Unreachable
from saltext.lab.plan import merge
from saltext.lab.spec import source
from saltext.lab.spec.check import checked

SPEC = source.load()
PUB = salt.crypt.gen_keys(2048)[1]
STEPS = {step.id: step for step in steps(checked(SPEC))}


def before(step, among):
    """Return every step that has to have ended before *step* begins."""
    needs = set(among[step].needs)
    return needs | {one for need in needs for one in before(need, among)}


def states(events):
    return {event.step: event.state for event in events if event.state != BEGUN}


# The graph


def test_every_need_is_a_step_and_no_step_needs_itself():
    assert [need for step in STEPS.values() for need in step.needs if need not in STEPS] == []
    assert [step for step in STEPS if step in before(step, STEPS)] == []


def test_the_steps_of_the_demo_lab():
    assert set(STEPS) == {
        *(f"power {host}" for host in ("pi2", "nb1", "hv1", "hv2")),
        *(f"{verb} {host}" for verb in ("minion", "converge") for host in ("pi1", "pi2", "nb1", "hv1", "hv2")),
        "forget pi2",
        *(f"enrol {host}" for host in ("hv1", "hv2")),
        *(f"{verb} {vm}" for verb in ("start", "highstate") for vm in ("web1", "web2", "web3")),
        "prove demo",
    }


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("power hv1", "minion hv1"),
        ("minion hv1", "converge hv1"),
        ("converge hv1", "enrol hv1"),
        ("converge pi2", "enrol hv1"),
        ("converge pi2", "forget pi2"),
        ("enrol hv1", "start web1"),
        ("start web1", "highstate web1"),
        ("power pi2", "highstate web3"),
        ("converge nb1", "start web3"),
        *((f"converge {host}", "prove demo") for host in ("pi1", "pi2", "hv1", "hv2")),
    ],
)
def test_what_comes_before_what(first, then):
    assert first in before(then, STEPS)


@pytest.mark.parametrize(
    ("one", "other"), [("hv1", "hv2"), ("web1", "web3"), ("hv2", "web1"), ("web1", "web2"), ("nb1", "web1")]
)
def test_what_does_not_wait_for_each_other(one, other):
    needed = {need.split()[1] for step in STEPS for need in before(step, STEPS) if step.endswith(one)}

    assert other not in needed


def test_the_proof_waits_for_no_guest_and_no_guest_for_it():
    assert not [step for step in before("prove demo", STEPS) if step.split()[0] in ("enrol", "start", "highstate")]
    assert not [step for step in STEPS if "prove demo" in before(step, STEPS)]


def test_a_hypervisor_that_is_the_master_of_the_vms_is_named_once():
    spec = merge(SPEC, {"masters": {"virtual": "hv1"}, "hosts": {"hv1": {"joins": ["underlay+21", "lan+4"]}}})
    found = {step.id: step for step in steps(checked(spec))}

    assert found["enrol hv1"].needs == ("converge hv1",)
    assert found["enrol hv2"].needs == ("converge hv2", "converge hv1")


def test_a_vm_starts_after_the_highstates_of_those_that_it_and_its_class_need():
    spec = merge(SPEC, {"classes": {"web": {"needs": ["web3"]}}, "vms": {"web1": {"needs": ["web2"]}}})
    found = {step.id: step for step in steps(checked(spec))}

    assert {"highstate web2", "highstate web3"} <= before("start web1", found)
    assert "highstate web2" not in before("start web3", found)
    assert "start web3" not in before("start web3", found)


def test_of_vms_that_could_start_at_once_those_with_the_smaller_priority_come_first():
    spec = merge(
        SPEC, {"classes": {"web": {"priority": 20}}, "vms": {"web2": {"priority": 0}, "web3": {"priority": 9}}}
    )
    starts = [step.machine for step in steps(checked(spec)) if step.verb == "start"]

    assert starts == ["web2", "web3", "web1"]
    assert [step.machine for step in steps(checked(SPEC)) if step.verb == "start"] == ["web1", "web2", "web3"]


def test_a_bootstrap_can_be_asked_to_end_early_and_not_at_a_step_that_there_is_not():
    assert {step.verb for step in steps(checked(SPEC), until="converge")} == {"power", "minion", "converge"}
    assert {step.verb for step in steps(checked(SPEC), until="forget")} == {"power", "minion", "converge", "forget"}
    with pytest.raises(BadWish, match=r"until=convrege is no step \(did you mean converge\?\)"):
        steps(checked(SPEC), until="convrege")


# The run


def test_steps_begin_when_what_they_need_has_ended():
    events = list(execute([Step("c", "m", ("b m",)), Step("a", "m", ()), Step("b", "m", ("a m",))], lambda step: ""))

    assert [(event.step, event.state) for event in events] == [
        (f"{verb} m", state) for verb in "abc" for state in (BEGUN, SAME)
    ]


def test_what_a_step_changed_is_told():
    *_, event = execute([Step("a", "m", ())], lambda step: "bridge br-int")

    assert (event.step, event.machine, event.state, event.said) == ("a m", "m", CHANGED, "bridge br-int")
    assert event.took >= 0


def test_steps_that_do_not_need_each_other_run_at_the_same_time():
    together = threading.Barrier(4, timeout=20)

    def meet(step):
        together.wait()
        return ""

    assert set(states(execute([Step("a", str(n), ()) for n in range(4)], meet)).values()) == {SAME}


def test_what_needs_a_step_that_failed_is_skipped_and_all_else_goes_on():
    def act(step):
        if step.id == "power hv2":
            raise Unreachable("hv2 is off", "no power", "rack power on hv2")
        return ""

    events = list(execute(STEPS.values(), act))
    found = states(events)
    lost = {step for step in STEPS if step == "power hv2" or "power hv2" in before(step, STEPS)}

    assert {step for step, state in found.items() if state in (FAILED, SKIPPED)} == lost
    host = {"power hv2", "minion hv2", "converge hv2", "enrol hv2", "start web3", "highstate web3"}
    assert lost == host | {"prove demo"}
    assert found["highstate web1"] == found["highstate web2"] == SAME
    said = {event.step: event.said for event in events}
    assert said["power hv2"] == "hv2 is off — no power — rack power on hv2"
    assert said["minion hv2"] == "needs: power hv2"


@pytest.mark.parametrize("error", [Unreachable("x"), Refused("x"), NotConverged("x")])
def test_every_error_of_ours_is_a_failure_of_that_step(error):
    def act(step):
        raise error

    assert states(execute([Step("a", "m", ())], act)) == {"a m": FAILED}


def test_a_fault_of_ours_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        list(execute([Step("a", "m", ())], lambda step: 1 / 0))


def test_no_steps_are_no_events():
    assert list(execute([], lambda step: "")) == []


@given(data=st.data(), count=st.integers(1, 12))
def test_in_any_graph_each_step_ends_once_and_after_its_needs(data, count):
    among = {}
    for number in range(count):
        needs = data.draw(st.lists(st.sampled_from(sorted(among)), unique=True)) if among else []
        among[f"do {number}"] = Step("do", str(number), tuple(needs))
    bad = data.draw(st.sets(st.sampled_from(sorted(among))))

    def act(step):
        if step.id in bad:
            raise Refused("no")
        return ""

    ended = []
    for event in execute(data.draw(st.permutations(list(among.values()))), act):
        if event.state == BEGUN:
            assert set(among[event.step].needs) <= set(ended)
        else:
            ended.append(event.step)
    assert sorted(ended) == sorted(among)


# A host whose key no power driver can tell


class Silence:
    """A lab in which nobody answers; the accepted key is *pub*."""

    def __init__(self, pub):
        self.keys, self.accepted = self, pub

    def pub(self, minion, status):
        return self.accepted

    def answers(self, minion):
        return False

    def wait_for(self, minion, seconds):
        return False


@pytest.mark.parametrize(
    ("host", "pub", "words"),
    [
        ({"boot": "local"}, None, "hv1 is not enrolled — no power .* — start it, then: salt-run lab.enroll hv1"),
        ({"boot": "local"}, PUB, "no minion of it connected .* — look at `journalctl -u salt-minion` on hv1"),
        ({"boot": "ram"}, PUB, "another key if it has booted anew: salt-run lab.enroll hv1"),
    ],
)
def test_a_host_that_a_person_has_to_let_in_says_how(host, pub, words):
    lab = checked(SPEC)
    hv1 = lab.hosts["hv1"].model_copy(update={"power": None, **host})
    lab = lab.model_copy(update={"hosts": lab.hosts | {"hv1": hv1}})
    silence = Silence(pub)

    with pytest.raises(Unreachable, match=words):
        Hosts(lab, silence, silence).minion(Step("minion", "hv1", ()))


# What minions returned


def test_the_value_of_an_answer():
    assert returns.value("hv1", "test.ping", {"return": True, "retcode": 0}) is True
    assert returns.value("hv1", "state.apply", {"return": {"a": 1}, "retcode": 2}) == {"a": 1}


@pytest.mark.parametrize("answer", [None, {}])
def test_no_answer_names_the_minion_and_what_to_do(answer):
    with pytest.raises(Unreachable, match="hv1 does not answer test.ping .* salt-run lab.status hv1"):
        returns.value("hv1", "test.ping", answer)


@pytest.mark.parametrize("said", ["ERROR: no such bridge", ["no such", "bridge"], "no such bridge"])
def test_a_function_that_failed_says_so_in_the_words_of_the_minion(said):
    with pytest.raises(Refused, match=r"lab_ovs\.change failed on hv1 — no such bridge"):
        returns.value("hv1", "lab_ovs.change", {"return": said, "retcode": 1})


def test_the_value_of_a_runner_on_the_other_master():
    assert returns.runner("pi2", "lab.expect", {"return": {"enrolled": []}, "success": True}) == {"enrolled": []}


@pytest.mark.parametrize(
    ("ret", "words"),
    [
        ("Minion did not return", "the master on pi2 did not run lab.expect — Minion did not return"),
        ({}, "the master on pi2 did not run lab.expect"),
        ({"return": "Traceback:\n  x\nValueError: no\n", "success": False}, "on the master pi2 — ValueError: no"),
        ({"return": "", "success": False}, "lab.expect failed on the master pi2"),
    ],
)
def test_a_runner_that_failed_on_the_other_master(ret, words):
    with pytest.raises(Refused) as caught:
        returns.runner("pi2", "lab.expect", ret)

    assert words in str(caught.value)


def test_what_a_highstate_changed_and_what_failed():
    states = {
        "file_|-a_|-/a_|-managed": {"__id__": "a", "result": True, "changes": {"diff": "x"}, "comment": ""},
        "file_|-b_|-/b_|-managed": {"__id__": "b", "result": True, "changes": {}, "comment": ""},
        "file_|-c_|-/c_|-managed": {"__id__": "c", "result": False, "changes": {}, "comment": "denied"},
        "file_|-d_|-/d_|-managed": {"__id__": "d", "result": None, "changes": {"new": 1}, "comment": ""},
    }

    assert returns.applied(states) == ({"a": {"diff": "x"}, "d": {"new": 1}}, {"c": "denied"})


@pytest.mark.parametrize("said", [["Rendering SLS 'x' failed", "line 3"], "Rendering SLS 'x' failed line 3"])
def test_a_highstate_that_was_not_rendered_has_failed(said):
    assert returns.applied(said) == ({}, {"state.apply": "Rendering SLS 'x' failed line 3"})


def test_a_machine_without_any_state_is_told_and_is_no_fault_of_ours():
    said = {
        "no_|-states_|-states_|-None": {
            "result": False,
            "comment": "No states found",
            "name": "No States",
            "changes": {},
        }
    }

    assert returns.applied(said) == ({}, {"state.apply": "No states found"})


# The lock


def test_only_one_holds_a_lock_and_the_other_is_told_who(tmp_path):
    taken = r"lab\.bootstrap is running already — pid \d+ since .* wait for its end"
    with lock.held("lab.bootstrap", tmp_path):
        with pytest.raises(Unreachable, match=taken), lock.held("lab.bootstrap", tmp_path):
            pytest.fail("two hold it")
        with lock.held("another", tmp_path):
            pass
    with lock.held("lab.bootstrap", tmp_path):
        pass


def test_a_lock_is_let_go_of_when_its_holder_fails(tmp_path):
    def fail():
        with lock.held("lab.bootstrap", tmp_path):
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()
    assert time.strftime("%F") in (tmp_path / "lab.bootstrap.lock").read_text()


def test_an_interrupted_bootstrap_ends_at_once_and_says_how_to_go_on():
    code = "from saltext.lab.boot.run import interruptible\nwith interruptible():\n    raise SystemExit(0)"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)

    assert ended.returncode == 130
    assert "salt-run lab.bootstrap" in ended.stdout
