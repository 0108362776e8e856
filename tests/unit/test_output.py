"""What people see: a line for each step, tables, one line for an error."""

import importlib.util
import time
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "_output/lab.py"
SPEC = importlib.util.spec_from_file_location("lab_output", PLACE)
OUTPUT = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(OUTPUT)
UP = {"power": "on", "admitted": True, "wrong": []}


def shown(data, **kwargs):
    return OUTPUT.output({"outputter": "lab", **data}, **kwargs)


def test_mistakes_are_told_one_on_a_line_with_their_place_first_and_their_number_last():
    at = {"path": "lab:vms:web4:adress", "file": "pillar/demo.sls", "line": 41, "wrong": None}
    mistakes = [at | {"message": "lab:vms:web4:adress is unknown"}, at | {"message": "lab:x [y] — z", "line": None}]
    data = {"error": "2 mistake(s) in lab — … — correct the pillar", "mistakes": mistakes, "retcode": 2}

    assert shown(data).splitlines() == [
        "pillar/demo.sls:41  lab:vms:web4:adress is unknown",
        "pillar/demo.sls  lab:x [y] — z",
        "2 mistake(s) in lab: correct the pillar",
    ]


def lines(data):
    return [line.rstrip() for line in shown(data).splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"state": "begun", "took": 0.0, "said": ""}, "    begun  power hv1"),
        (
            {"state": "changed", "took": 1.26, "said": "powered on"},
            "  changed  power hv1               1.3 s  powered on",
        ),
        ({"state": "as wished", "took": 0.1, "said": ""}, "as wished  power hv1               0.1 s"),
        ({"state": "skipped", "took": 0.0, "said": "needs: x"}, "  skipped  power hv1               0.0 s  needs: x"),
    ],
)
def test_a_step_is_a_line_as_it_comes(event, line):
    data = {"suffix": "progress", "event": {"step": "power hv1", "machine": "hv1", **event}}

    assert shown(data).rstrip() == line


def test_what_a_live_view_shows_already_is_no_line():
    assert shown({"suffix": "progress", "event": {"step": "power hv1", "state": "begun", "silent": True}}) == ""


def test_a_long_line_of_progress_stays_one_line():
    event = {"step": "power hv1", "machine": "hv1", "state": "failed", "took": 1.0, "said": "why " * 200}

    assert len(shown({"suffix": "progress", "event": event}).splitlines()) == 1


def test_an_error_is_one_line_as_it_is():
    error = "hv2 does not answer — [Errno 111] — rack power on hv2 " + "x" * 300

    assert shown({"error": error, "retcode": 1}) == error


def test_the_end_of_a_bootstrap_shows_what_changed_and_what_failed_and_counts_all():
    rows = [
        {"step": "power hv1", "machine": "hv1", "state": "changed", "took": 1.0, "said": "powered on"},
        {"step": "minion hv1", "machine": "hv1", "state": "as wished", "took": 0.1, "said": ""},
        {
            "step": "power hv2",
            "machine": "hv2",
            "state": "failed",
            "took": 2.0,
            "said": "off — no [power] — plug it in",
        },
        {"step": "minion hv2", "machine": "hv2", "state": "skipped", "took": 0.0, "said": "needs: power hv2"},
    ]
    title, _, _, *body = lines({"steps": rows, "retcode": 1})

    assert title == "4 steps, 1 changed something, 2 failed or skipped"
    assert [line.split()[:2] for line in body] == [["power", "hv1"]]


def test_a_failure_is_told_with_its_log_and_what_waits_for_it():
    failure = {
        "step": "highstate web1",
        "machine": "web1",
        "tried": "have it admitted",
        "what": "web1 was not admitted",
    }
    failure |= {"why": "no [key]", "fix": "salt-run lab.status web1", "waits": ["prove demo"]}
    log = {"of": "console of web1", "lines": ["[    0.1] Kernel panic", "[/] not syncing"]}

    assert lines({"failures": [failure | {"log": log}]}) == [
        "web1: highstate web1 failed",
        "  tried  to have it admitted",
        "  cause  web1 was not admitted — no [key]",
        "  do     salt-run lab.status web1",
        "  log    console of web1:",
        "    | [    0.1] Kernel panic",
        "    | [/] not syncing",
        "  waits  prove demo",
    ]
    assert len(lines({"failures": [failure | {"log": {}, "waits": [], "fix": ""}]})) == 3


def test_the_runs_are_a_table():
    row = {"run": "r2", "command": "lab.bootstrap", "user": "anna", "at": 0.0, "took": 3.0, "state": "killed"}
    steps = {"changed": 1, "as wished": 0, "failed": 0, "skipped": 0, "all": 26}

    assert cells({"runs": [row | {"steps": steps, "follows": "r1"}]})[-1] == (
        "r2 lab.bootstrap anna 3.0 killed 26: 1 changed r1"
    )


def test_a_bootstrap_with_nothing_to_do_says_so():
    row = {"step": "power hv1", "machine": "hv1", "state": "as wished", "took": 0.1, "said": ""}

    assert lines({"steps": [row], "retcode": 0})[0] == "1 steps, 0 changed something, 0 failed or skipped"


def test_the_status_of_hosts_and_vms():
    when = time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))
    hosts = {"hv1": UP | {"minion": "answers", "address": "10.99.0.21"}}
    hosts["hv2"] = {"power": "off", "minion": "silent", "admitted": False, "address": "10.99.0.22", "wrong": ["a", "b"]}
    vms = {"web1": UP | {"host": "hv1", "highstated": when, "address": "10.10.0.21"}}
    vms["web3"] = UP | {"host": "hv2", "highstated": None, "address": "10.10.0.23", "wrong": ["its host is off"]}
    text = "\n".join(lines({"hosts": hosts, "vms": vms, "retcode": 1}))

    for row in (
        "hv1 on answers yes 10.99.0.21",
        "hv2 off silent no 10.99.0.22 a; b",
        "web1 hv1 on yes 2026-11-20 12:00:00 10.10.0.21",
        "web3 hv2 on yes no 10.10.0.23 its host is off",
    ):
        assert row in [" ".join(line.split()) for line in text.splitlines()]


def proof(**changed):
    reach = {"hv1": {"hv2": 1500}, "hv2": {"hv1": 1500}}
    whole = {"networks": {"lan": {"mtu": 1500, "reach": reach}}, "isolation": {}, "red": [], "silent": {}}
    return {"proof": whole | {"cells": 2, "took": 1.26} | changed}


def test_a_green_proof_is_a_matrix():
    head, title, columns, _, *rows = lines(proof(isolation={"lan": {"wan": "apart"}, "wan": {"lan": "apart"}}))

    assert head == "2 places in 1 networks, 0 wrong; 1.3 s"
    assert title == "lan: bytes that cross, of 1500"
    assert columns.split() == ["from", "\\", "to", "hv1", "hv2"]
    assert [row.split() for row in rows[:2]] == [["hv1", "–", "1500"], ["hv2", "1500", "–"]]
    assert [row.split() for row in rows[-2:]] == [["lan", "–", "apart"], ["wan", "apart", "–"]]


def test_what_is_wrong_is_in_the_matrix_and_in_one_line():
    red = {"kind": "short", "from": "hv1/lan", "to": "hv2/lan", "wrong": "1500 are lost", "why": "x" * 200, "fix": "y"}
    reach = {"hv1": {"hv2": 64, "hv3": None}, "hv2": {"hv1": 0, "hv3": None}, "hv3": {"hv1": None, "hv2": None}}
    lost = red | {"kind": "lost", "from": "hv2/lan", "to": "hv1/lan", "why": ""}
    networks = {"lan": {"mtu": 1500, "reach": reach}}
    shown = lines(proof(networks=networks, red=[red, lost], silent={"hv3": "hv3 does not answer"}))

    assert shown[0] == "2 places in 1 networks, 2 wrong, 1 hosts silent; 1.3 s"
    assert [row.split() for row in shown[4:6]] == [["hv1", "–", "64", "short", "?"], ["hv2", "lost", "–", "?"]]
    assert shown[-3:] == [
        "hv3 does not answer",
        f"hv1/lan → hv2/lan: 1500 are lost — {'x' * 200} — y",
        "hv2/lan → hv1/lan: 1500 are lost — y",
    ]


KEY = {
    "kind": "accepted",
    "id": "web1",
    "fingerprint": "9f86d081884c7d65" * 4,
    "since": None,
    "host": "hv1",
    "why": "y",
}


def cells(data):
    return [" ".join(line.split()) for line in lines(data)]


def test_the_keys_of_both_masters_are_one_table():
    when = time.mktime((2026, 11, 21, 12, 0, 0, 0, 0, -1))
    stale = KEY | {"kind": "stale", "id": "hv3", "since": when, "host": None, "fingerprint": None, "why": "not [in] it"}
    head, columns, _, *rows = cells({"keys": {"pi1": [stale], "pi2": [KEY]}, "silent": {}, "retcode": 0})

    assert head == "2 in all"
    assert columns == "kind id fingerprint since host master why"
    assert rows == ["stale hv3 2026-11-21 12:00:00 pi1 not [in] it", "accepted web1 9f86d081884c7d65 hv1 pi2 y"]


def test_a_master_that_cannot_be_asked_is_told_beside_the_keys_of_the_other():
    shown = cells({"keys": {"pi1": [KEY]}, "silent": {"pi2": "the master on pi2 was not asked"}, "retcode": 1})

    assert shown[-1] == "the master on pi2 was not asked"
    assert "web1" in shown[-2]


@pytest.mark.parametrize(
    ("minion", "shown"),
    [
        ("web1\x1b[2J", '"web1\\u001b[2J"'),
        ("x\nrun it:", '"x\\nrun it:"'),
        ("wеb1", '"w\\u0435b1"'),
        ("[red]*[/red]", "[red]*[/red]"),
        ("y" * 200, "y" * 64 + "…"),
    ],
)
def test_an_id_that_a_stranger_sent_moves_no_cursor_and_fills_no_screen(minion, shown):
    tables = (
        {"keys": {"pi1": [KEY | {"id": minion}]}},
        {"audit": {"pi1": [{"at": 1.0, "act": "leave", "id": minion}]}},
    )

    assert [shown in " ".join(cells(table)) for table in tables] == [True, True]
    assert cells({"revoke": {"pi1": {minion: []}}}) == [f"{shown}: nothing was there"]


def test_the_decisions_of_both_masters_are_in_the_order_of_their_time():
    of = {at: {"at": float(at), "act": "accept", "id": f"web{at}", "why": "w", "source": "sweep"} for at in (1, 2, 3)}
    rows = cells({"audit": {"pi1": [of[1], of[3]], "pi2": [of[2]]}})[-3:]

    assert [row.split()[2:5] for row in rows] == [
        ["pi1", "accept", "web1"],
        ["pi2", "accept", "web2"],
        ["pi1", "accept", "web3"],
    ]


def test_what_went_and_from_where():
    gone = {"removed": {"hv1": {"web4": ["domain", "key pair"]}}, "revoke": {"pi2": {"web4": ["enrolment"]}}}

    assert cells(gone) == ["web4: gone are domain, key pair (hv1)", "web4: gone are enrolment (pi2)"]


def test_what_has_no_table_is_shown_as_it_is():
    assert shown({"said": "lab demo: no mistakes", "retcode": 0}) == "lab demo: no mistakes"
    assert shown({"enrolled": ["web1"], "retcode": 0}) == "{'enrolled': ['web1']}"


def test_what_an_error_holds_is_not_taken_for_markup():
    assert shown({"error": "[red]no[/red] [/]"}) == "[red]no[/red] [/]"


def test_a_window_shows_whole_keys_each_attribute_and_what_to_do():
    key, other = "a" * 64, "b" * 64
    checks = [("key", key, other, "differs"), ("MAC, by DHCP", "52:54:00:00:01:03", "", "unseen")]
    told = {
        "host": "hv3",
        "until": 0.0,
        "machine": None,
        "why": "it has told nothing",
        "next": "salt-run lab.enroll hv3",
    }
    rows = [dict(zip(("what", "expected", "told", "state"), check, strict=True)) for check in checks]
    title, *found = lines({"window": told | {"checks": rows}, "said": "not shown"})

    assert title.startswith("hv3: a window until ")
    assert found[:2] == [f"key that waits: {key}", f"key that it told of: {other}"]
    assert " ".join(found[-3].split()) == "MAC, by DHCP 52:54:00:00:01:03 unseen"
    assert found[-2:] == ["it has told nothing", "salt-run lab.enroll hv3"]
