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
    assert [line.split()[:2] for line in body] == [["power", "hv1"], ["power", "hv2"], ["minion", "hv2"]]
    assert "off — no [power] — plug it in" in body[1]


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
