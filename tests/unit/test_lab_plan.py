"""The plan of the whole lab: what is in it, what of it is as it was, how it is kept and shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.admit.record import LIFETIME
from saltext.lab.boot import due, plan_guests, plan_hosts, plan_states, synced
from saltext.lab.boot.plan_moved import moved
from saltext.lab.boot.plan_parts import HIDDEN, Fact, Planned, Problem, changes, document, problems, unknown
from saltext.lab.boot.plan_shelf import KEPT, Shelf
from saltext.lab.boot.plan_tree import shown
from saltext.lab.errors import Refused, Unreachable
from saltext.lab.plan import diff, merge
from saltext.lab.spec.check import checked
from tests.support.labs import PLAIN
from tests.unit.test_output import lines

LAB = checked(PLAIN)
NOW = 10_000.0
DIGESTS = {"web1": "d1", "web2": "d2", "web3": "d3"}
SILENT = Unreachable("hv1 does not answer")
RUNNING = {"running": True}


def record(vm, **more):
    """Return the record of *vm*, which took 42 s to come and was highstated with what is right."""
    admitted = NOW - 1000
    done = {"state": "done", "at": NOW - 900, "digest": DIGESTS.get(vm, ""), "why": "", "boot": None, "jid": None}
    common = {"id": vm, "fingerprint": f"key of {vm}", "admitted": admitted, "expires": admitted - 42 + LIFETIME}
    return {**common, "highstate": done, **more}


RECORDS = {vm: record(vm) for vm in DIGESTS}
DOMAINS = {"hv1": {"web1": RUNNING, "web2": RUNNING}, "hv2": {"web3": RUNNING}}


def of_guests(domains=DOMAINS, records=RECORDS):
    """Return the changes that are planned for VMs."""
    found = plan_guests.parts(LAB, domains, records, DIGESTS, NOW)
    return [tuple(one) for one in found if isinstance(one, Planned)]


def plan(*parts, slices=None, spec="s", secrets=()):
    return document("demo", spec, slices or {}, parts, secrets)


# The states of a host


def states(**returned):
    """Return what ``state.apply`` returned: each of *returned* is ``kind_function=(id, result, changes, comment)``."""
    found = {}
    for number, (function, (its, result, changed, comment)) in enumerate(returned.items()):
        kind, _, name = function.rpartition("__")
        found[f"{kind}_|-{its}_|-{its}_|-{name}"] = {
            "__id__": its,
            "name": its,
            "result": result,
            "changes": changed,
            "comment": comment,
            "__run_num__": number,
        }
    return found


def of_states(guests=None, **returned):
    return list(plan_states.parts("hv1", states(**returned), guests or {}))


PORT = {"br-int.ports.vnet0.tag": {"old": 20, "new": 10}}
MEMORY = {"web1.memory_mib": {"old": 64, "new": 96, "impact": "next-boot"}}
AGAIN = {"web1.vcpus": {"old": 1, "new": 2, "impact": "restart"}}
SIZE = {"vms:web1.size_mib": {"old": 9, "new": 8, "impact": "recreate"}}
GONE = {"vms:old": {"old": {"size_mib": 9}, "new": None}}
BACKED = {"vms:old.backing": {"old": {"path": "/a"}, "new": {}}}
NEW_PACKAGE = {"ethtool": {"old": "", "new": "installed"}}
RESTARTED = "Service is set to be restarted"


@pytest.mark.parametrize(
    ("function", "returned", "told"),
    [
        ("lab_ovs__bridges", ("bridges", None, PORT, ""), ("bridges br-int.ports.vnet0.tag", 20, 10, "live")),
        ("lab_virt__domains", ("domains", None, MEMORY, ""), ("domains web1.memory_mib", 64, 96, "next-boot")),
        (
            "lab_virt__domains",
            ("domains", None, AGAIN, ""),
            ("domains web1.vcpus", 1, 2, "restart ≈ 42 s of downtime"),
        ),
        (
            "lab_virt__volumes",
            ("volumes", None, GONE, ""),
            ("volumes vms:old", {"size_mib": 9}, None, "data loss"),
        ),
        ("lab_virt__volumes", ("volumes", None, BACKED, ""), ("volumes vms:old.backing", {"path": "/a"}, {}, "live")),
        ("lab_virt__pools", ("pools", None, GONE, ""), ("pools vms:old", {"size_mib": 9}, None, "live")),
        ("file__managed", ("/etc/motd", None, {"diff": "-a\n+b\n"}, ""), ("/etc/motd", None, "-a\n+b\n", "live")),
        ("file__managed", ("/etc/new", None, {"newfile": "/etc/new"}, ""), ("/etc/new", None, "/etc/new", "live")),
        ("file__managed", ("/etc/x", None, {"mode": "0600"}, ""), ("/etc/x mode", None, "0600", "live")),
        ("pkg__installed", ("packages", None, NEW_PACKAGE, ""), ("packages ethtool", None, "installed", "live")),
        ("service__running", ("nginx", None, {}, "Service is set to be reloaded"), ("nginx", None, ..., "live")),
        (
            "service__running",
            ("dnsmasq", None, {}, RESTARTED),
            ("dnsmasq", None, RESTARTED, "restart ≈ 1 s of downtime"),
        ),
        ("service__running", ("theirs", None, {}, RESTARTED), ("theirs", None, RESTARTED, "restart")),
        (
            "cmd__run",
            ("salt-minion-restart", None, {}, "Command would have been\nexecuted"),
            ("salt-minion-restart", None, "Command would have been executed", "restart ≈ 5 s of downtime"),
        ),
    ],
)
def test_what_a_state_under_test_says_is_a_change_with_its_impact(function, returned, told):
    [change] = of_states({"web1": 42}, **{function: returned})
    path, old, new, impact = told

    assert (change.machine, change.path, change.old, change.impact) == ("hv1", path, old, impact)
    assert new is ... or change.new == new


def test_what_is_as_wished_is_no_change_and_all_come_in_the_order_in_which_they_run():
    found = of_states(
        service__running=("z", None, {}, "Service z is set to start"),
        file__managed=("b", True, {}, "in the correct state"),
        lab_ovs__bridges=("a", None, PORT, ""),
    )

    assert [change.path for change in found] == ["z", "a br-int.ports.vnet0.tag"]


def test_what_cannot_be_changed_is_told_and_is_a_problem_but_for_a_host_that_lacks_the_modules():
    failed = {"lab_virt__volumes": ("volumes", False, SIZE, "cannot\nchange")}

    assert of_states(**failed) == [
        Planned("hv1", "volumes vms:web1.size_mib", 9, 8, "recreate"),
        Problem("hv1", "volumes would fail: cannot change"),
    ]
    assert [type(one) for one in plan_states.parts("hv1", states(**failed), {}, stale=True)] == [Planned]


# A host

OF_PORT = states(lab_ovs__bridges=("bridges", None, PORT, ""))


def of_host(**seen):
    common = {"power": "on", "known": "k", "accepted": "k", "heard": False, "modules": "m", "states": {}}
    return list(plan_hosts.parts("hv1", plan_hosts.Seen(**common | seen), "m", {}))


def test_a_host_that_is_as_wished_is_a_fact_and_no_change():
    assert of_host() == of_host(power="unknown", domains={}, records={}) == [Fact("hv1", "key", "k")]


def test_a_host_that_is_off_is_powered_on_and_nobody_knows_what_then():
    assert of_host(power="off", heard=SILENT) == [
        Planned("hv1", "power", "off", "on"),
        Fact("hv1", "key", "k"),
        unknown("hv1", "it answers"),
    ]


def test_a_host_whose_button_cannot_tell_is_switched_on_where_it_does_not_answer():
    assert of_host(power="unknown") == [Fact("hv1", "key", "k")]
    assert of_host(power="unknown", heard=SILENT)[1:] == [
        Planned("hv1", "power", "unknown", "on"),
        unknown("hv1", "it answers"),
    ]


def test_a_host_that_was_installed_anew_is_admitted():
    assert of_host(accepted=None, heard=SILENT) == [Planned("hv1", "key", None, "k"), unknown("hv1", "it answers")]
    assert of_host(accepted="old", heard=SILENT)[0] == Planned("hv1", "key", "old", "k")


def test_a_host_that_a_person_has_to_let_in_is_a_problem_that_says_how():
    [problem, left] = of_host(known=None, accepted=None, heard=SILENT)

    assert problem.why.endswith("salt-run lab.enroll hv1")
    assert left == unknown("hv1", "it answers")


def test_a_host_that_is_on_and_silent_is_a_problem():
    assert Problem("hv1", str(SILENT)) in of_host(heard=SILENT)


@pytest.mark.parametrize("part", ["states", "domains", "records", "power"])
def test_what_a_host_does_not_tell_is_a_problem(part):
    assert of_host(**{part: SILENT})[-1 if part != "power" else 0] == Problem("hv1", str(SILENT))


@pytest.mark.parametrize(("modules", "old"), [("older", "older"), (SILENT, None)])
def test_modules_that_are_not_those_of_the_master_are_a_change_and_what_they_say_is_not_all(modules, old):
    found = of_host(modules=modules, states=OF_PORT, domains=SILENT)

    assert found[1:] == [
        Planned("hv1", "bridges br-int.ports.vnet0.tag", 20, 10),
        Planned("hv1", "modules", old, "m"),
        unknown("hv1", "it has the modules of its master"),
    ]


@pytest.mark.parametrize(
    ("heard", "modules", "may"),
    [(False, "m", True), (False, "x", True), (True, "m", True), (True, "x", False), (SILENT, None, False)],
)
def test_states_are_not_tested_where_that_would_sync_modules(heard, modules, may):
    assert plan_hosts.may_test(heard, modules, "m") is may


# VMs


def test_vms_that_run_and_are_highstated_are_left_alone():
    assert of_guests() == []


def test_a_vm_that_is_off_or_was_never_there_is_started_with_a_new_key():
    domains = {"hv1": {"web1": {"running": False}}, "hv2": DOMAINS["hv2"]}

    assert of_guests(domains, {**RECORDS, "web2": None}) == [
        ("web1", "power", "off", "on", "live"),
        ("web1", "key", "key of web1", plan_guests.NEW, "live"),
        ("web1", "highstate", "d1", "d1", "live"),
        ("web2", "power", "off", "on", "live"),
        ("web2", "key", None, plan_guests.NEW, "live"),
        ("web2", "highstate", None, "d2", "live"),
    ]


def test_a_vm_that_runs_and_cannot_join_any_more_is_restarted_which_takes_as_long_as_it_did():
    lost = record("web1", admitted=None, expires=NOW - 1, highstate=None)

    assert of_guests(records=RECORDS | {"web1": lost})[0] == (
        ("web1", "power", "on", plan_guests.AGAIN, "restart ≈ 60 s of downtime")
    )
    assert plan_guests.away(["web1", "web9"], RECORDS) == {"web1": 42, "web9": plan_guests.BOOT}


@pytest.mark.parametrize("admitted", [0.0, -1e9, 1e12])
def test_from_a_clock_that_was_wrong_nothing_is_learnt(admitted):
    assert plan_guests.away(["web1"], {"web1": record("web1", admitted=admitted)}) == {"web1": plan_guests.BOOT}


@pytest.mark.parametrize(("state", "digest", "old"), [("done", "other", "other"), ("failed", "d1", "failed")])
def test_a_vm_whose_slice_has_changed_or_whose_highstate_failed_gets_another(state, digest, old):
    highstate = {**RECORDS["web1"]["highstate"], "state": state, "digest": digest}

    assert of_guests(records=RECORDS | {"web1": record("web1", highstate=highstate)}) == [
        ("web1", "highstate", old, "d1", "live")
    ]


@pytest.mark.parametrize(
    ("domains", "records", "who", "vms"),
    [(DOMAINS | {"hv1": SILENT}, RECORDS, "hv1", ["web1", "web2"]), (DOMAINS, None, "pi2", [*DIGESTS])],
)
def test_nobody_knows_what_becomes_of_a_vm_whose_host_or_master_does_not_tell(domains, records, who, vms):
    assert of_guests(domains, records) == [tuple(unknown(vm, f"{who} can be asked")) for vm in vms]


def test_where_one_machine_is_hypervisor_and_master_its_records_count_too():
    lab = checked(merge(PLAIN, {"masters": {"virtual": "hv1"}, "hosts": {"hv1": {"joins": ["underlay+21", "lan+4"]}}}))
    found = list(plan_guests.parts(lab, DOMAINS, SILENT, DIGESTS, NOW))

    assert found == [unknown(vm, "hv1 can be asked") for vm in DIGESTS]


def test_keys_of_machines_that_the_spec_has_no_more_go_and_many_have_to_be_asked_for():
    some = {f"old{number}": record(f"old{number}") for number in range(3)}

    assert list(plan_guests.gone(LAB, RECORDS)) == []
    assert list(plan_guests.gone(LAB, RECORDS | {"old0": some["old0"]})) == [
        Planned("old0", "key", "key of old0", None)
    ]
    assert list(plan_guests.gone(LAB, RECORDS | some))[-1].why.endswith("lab.bootstrap wants remove=true")


def test_a_vm_that_is_elsewhere_moves():
    assert list(plan_guests.moves(LAB, {})) == []
    assert list(plan_guests.moves(LAB, {"web1": "hv2", "web3": "hv2", "gone": "hv1"})) == [
        Planned("web1", "host", "hv2", "hv1", "restart ≈ 60 s of downtime")
    ]


@pytest.mark.parametrize(
    ("known", "accepted", "what"),
    [
        ("a", "a", due.ACCEPTED),
        (None, "a", due.ACCEPTED),
        ("b", "a", due.ADMIT),
        ("b", None, due.ADMIT),
        (None, None, due.ASK),
    ],
)
def test_what_the_key_of_a_host_needs(known, accepted, what):
    assert due.entry(known, accepted) == what


# The document


def test_a_plan_is_by_machine_and_its_id_is_that_of_what_it_says():
    parts = [Planned("hv1", "a", 1, 2), Problem("hv2", "silent"), Planned("hv1", "b", None, {"c": (1,)})]
    made = plan(*parts)

    assert [(machine, one["path"]) for machine, one in changes(made)] == [("hv1", "a"), ("hv1", "b")]
    assert problems(made) == [("hv2", "silent")]
    assert made["id"] == plan(*parts)["id"] != plan(*parts[1:])["id"]
    assert made == json.loads(json.dumps(made))


PEM = "+-----BEGIN RSA PRIVATE KEY-----\n+MIIE\n+-----END RSA PRIVATE KEY-----\n+after\n"


def test_no_secret_and_no_private_key_is_in_a_plan():
    made = plan(
        Planned("hv1", "key AQhidden", {"AQhidden": ["xAQhidden"]}, f"+key = AQhidden\n{PEM}"),
        Problem("hv1", "AQhidden is wrong"),
        Fact("hv1", "key", "AQhidden"),
        secrets=["AQhidden"],
    )

    assert "AQhidden" not in json.dumps(made)
    assert "MIIE" not in json.dumps(made)
    assert made["machines"]["hv1"]["changes"][0]["new"] == f"+key = {HIDDEN}\n+{HIDDEN}\n+after\n"


# Whether it is as it was

TAG = Planned("hv1", "bridges br-int.ports.vnet0.tag", 20, 10)


@pytest.mark.parametrize(
    ("planned", "now", "told"),
    [
        ([], [TAG], "hv1: bridges br-int.ports.vnet0.tag was 10 when planned, is 20 now"),
        ([TAG], [], "hv1: bridges br-int.ports.vnet0.tag was 20 when planned, is as wished now"),
        ([TAG], [TAG._replace(old=30)], "hv1: bridges br-int.ports.vnet0.tag was 20 when planned, is 30 now"),
        (
            [Planned("hv1", "/etc/motd", None, "+a")],
            [Planned("hv1", "/etc/motd", None, "+b")],
            "hv1: /etc/motd was to become +a when planned, is to become +b now",
        ),
        (
            [TAG],
            [TAG._replace(impact="next-boot")],
            "hv1: bridges br-int.ports.vnet0.tag was to become live when planned, is to become next-boot now",
        ),
        ([], [Planned("hv1", "/etc/motd", None, "+a")], "hv1: /etc/motd was as wished when planned, is not now"),
        ([Fact("hv1", "key", "a")], [Fact("hv1", "key", "b")], "hv1: key was a when planned, is b now"),
        ([Fact("hv1", "key", "a")], [], "hv1: key was a when planned, is null now"),
        ([], [Problem("hv1", "silent")], "hv1: was not so when planned: silent"),
        ([Problem("hv1", "silent")], [], "hv1: no more is so what was so when planned: silent"),
    ],
)
def test_each_difference_is_named(planned, now, told):
    assert moved(plan(*planned), plan(*now)) == [told]


def test_a_machine_with_another_slice_is_told_of_once():
    before = plan(TAG, slices={"hv1": "a", "hv2": "b"})

    assert moved(before, plan(slices={"hv1": "x", "hv2": "b"}, spec="t")) == [
        "hv1: its slice or a formula is another one now"
    ]
    assert moved(plan(), plan(spec="t")) == ["the spec is another one now, of which no slice tells"]


PARTS = st.one_of(
    st.builds(Planned, st.sampled_from("ab"), st.sampled_from("pq"), st.integers(0, 2), st.integers(0, 2)),
    st.builds(Fact, st.sampled_from("ab"), st.sampled_from("kl"), st.integers(0, 2)),
    st.builds(Problem, st.sampled_from("ab"), st.sampled_from("xy")),
)
PLANS = st.builds(
    lambda parts, slices, spec: plan(*parts, slices=slices, spec=spec),
    st.lists(PARTS, max_size=5),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 1)),
    st.integers(0, 1),
)


def whatever_the_order(plan):
    """Return what *plan* says: in which order its paths and problems come is no matter."""
    machines = {
        machine: (its["facts"], sorted(its["changes"], key=lambda one: one["path"]), set(its["problems"]))
        for machine, its in plan["machines"].items()
    }
    return plan["spec"], plan["slices"], machines


@given(PLANS, PLANS)
def test_nothing_has_moved_exactly_where_two_plans_say_the_same(one, other):
    assert moved(one, one) == []
    assert (moved(one, other) == []) == (whatever_the_order(one) == whatever_the_order(other))


TREES = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(st.sampled_from("abc"), TREES), *[st.dictionaries(st.sampled_from("abc"), TREES)] * 2)
def test_of_one_wish_each_thing_that_was_changed_by_hand_is_named(wish, actual, later):
    """What the states of a host tell of two worlds differs wherever what they manage does."""

    def seen(world):
        return plan(*(Planned("hv1", ".".join(one.path), one.old, one.new) for one in diff(world, wish)))

    paths = {".".join(one.path) for world in (actual, later) for one in diff(world, wish)}
    told = moved(seen(actual), seen(later))

    assert bool(told) == (seen(actual)["id"] != seen(later)["id"])
    assert all(any(text.startswith(f"hv1: {path} ") for path in paths) for text in told)


# On disk


def test_a_plan_is_kept_for_its_owner_alone_and_found_by_its_id(tmp_path):
    shelf = Shelf(tmp_path / "plans")
    made = plan(TAG)
    shelf.put(made)

    assert {key: shelf.get(made["id"])[key] for key in made} == made
    assert (tmp_path / "plans" / f"{made['id']}.json").stat().st_mode & 0o777 == 0o600
    assert [(one["id"], one["changes"]) for one in shelf.listed()] == [(made["id"], 1)]


def test_the_last_ones_are_kept_and_one_that_is_made_again_is_new(tmp_path):
    shelf = Shelf(tmp_path)
    made = [plan(spec=str(number)) for number in range(KEPT)]
    for one in [*made, made[0], plan(spec="new")]:
        shelf.put(one)

    kept = [one["id"] for one in shelf.listed()]
    assert kept == [plan(spec="new")["id"], made[0]["id"], *(one["id"] for one in reversed(made[2:]))]


@pytest.mark.parametrize("name", ["p0000000000", "../../etc/passwd", 17, None, "*"])
def test_an_unknown_plan_is_refused_with_those_that_there_are(tmp_path, name):
    shelf = Shelf(tmp_path)
    with pytest.raises(Refused, match=r"there are: none — make one: salt-run lab\.plan"):
        shelf.get(name)
    shelf.put(plan())
    with pytest.raises(Refused, match=f"no plan .* there are: {plan()['id']} — make one"):
        shelf.get(name)


def test_a_torn_plan_is_none(tmp_path):
    (tmp_path / "p0000000000.json").write_text("{")

    assert Shelf(tmp_path).listed() == []


# What was synced


def test_what_a_minion_was_synced_has_the_digest_of_what_the_master_has(tmp_path):
    first, second, minion = (tmp_path / name for name in ("first", "second", "minion"))
    files = {first / "_modules/a.py": "1", second / "_modules/a.py": "2", second / "_utils/x/y/b.py": "3"}
    files |= {minion / "modules/a.py": "1", minion / "utils/x/y/b.py": "3", minion / "modules/a.pyc": "compiled"}
    files |= {first / "_runners/of_master.py": "", first / "_modules/notes.txt": "", first / "top.sls": ""}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    before = synced.of_minion(minion)

    assert synced.of_master([first, second]) == before != synced.of_master([second, first])
    (minion / "states").mkdir()
    (minion / "states/c.py").touch()
    assert synced.of_minion(minion) != before


def test_the_suite_itself_has_something_to_sync():
    assert synced.of_master(["salt"]) != synced.of_master(["salt/motd"])


# On a terminal


def test_a_plan_is_a_tree_by_machine():
    made = plan(
        TAG,
        Planned("hv1", "/etc/motd", None, "--- \n+++ \n-[a]\n+b\n"),
        Planned("web1", "power", "on", plan_guests.AGAIN, "restart ≈ 42 s of downtime"),
        Problem("hv2", "hv2 [is] silent"),
        Fact("pi1", "key", "a"),
    )
    head, *body, last = lines({"plan": made, "retcode": 1})

    assert head == (
        f"plan {made['id']} of lab demo: 3 changes on 2 machines (2 live, 1 restart ≈ 42 s of downtime);"
        " 1 could not be looked at, or would fail"
    )
    assert body == [
        "hv1",
        "├── bridges br-int.ports.vnet0.tag: 20 → 10  live",
        "└── /etc/motd  live",
        "    ├── ---",
        "    ├── +++",
        "    ├── -[a]",
        "    └── +b",
        "web1",
        "└── power: on → off, and on with another key  restart ≈ 42 s of downtime",
        "hv2",
        "└── hv2 [is] silent",
    ]
    assert last.endswith(f"salt-run lab.bootstrap plan={made['id']}")


def test_an_empty_plan_is_one_line():
    made = plan(Fact("pi1", "key", "a"))

    assert lines({"plan": made, "retcode": 0}) == [f"plan {made['id']} of lab demo: nothing would change"]


def test_a_long_text_is_cut_on_a_terminal_alone():
    [_, tree, _] = shown(plan(Planned("hv1", "/etc/x", None, "+line\n" * 50)))
    [branch] = tree.children

    assert len(branch.children) == 13
    assert str(branch.children[-1].label) == "… 38 lines more: --out json"


def test_the_plans_that_are_kept_are_a_table():
    row = {"id": "p0123456789", "made": 0.0, "lab": "demo", "changes": 3}

    assert lines({"plans": [row], "said": ""})[-1].split()[0] == "p0123456789"
