"""The runner as people call it: exit codes, one document, one line for an error."""

import json

import pytest

from saltext.lab.wait import until

ALONE = """
lab:
  name: demo
  domain: demo.example
  masters: {physical: pi1, virtual: pi1}
  hosts:
    pi1: {mac: "52:54:00:00:01:01", address: lan+1}
"""
UNSERVED = ALONE + "  networks: {lan: {subnet: 10.10.0.0/24}}\n"
MISTAKES = UNSERVED.replace("virtual: pi1", "virtual: pi9").replace("lan+1", "lan+1, joins: [lam+2]")
SERVED = ALONE + "  networks: {lan: {subnet: 10.10.0.0/24, dhcp: {range: 100-149}}}\n  netboot: {dhcp: pi1}\n"
NUMBERED = """
lab:
  name: demo
  domain: demo.example
  masters: {physical: pi1, virtual: pi2}
  networks: {lan: {subnet: 10.10.0.0/24, netboot: true, dhcp: {}}}
  netboot: {dhcp: pi1}
  hosts:
    pi1: {mac: "52:54:00:00:01:01", address: lan+1}
    pi2: {mac: "52:54:00:00:01:02", address: lan+2}
  images: {ram: {kind: ram}}
  classes: {compute: {image: ram, nics: [lan], boot: ram}}
  blocks:
    node: {class: compute, ids: 101-102, name: "node{id}", mac: "52:54:00:00:{id:04x}", address: "lan+{id}"}
"""


def test_a_spec_without_mistakes(master):
    done = master.run("lab.check")

    assert (done.returncode, done.stdout) == (0, "lab demo: 5 hosts, 3 VMs, no mistakes\n"), done


def test_all_mistakes_of_a_spec_are_told_and_the_exit_code_is_2(master, spec, bus):
    spec(MISTAKES)
    since = len(bus.events)
    done = master.run("lab.check")

    assert done.returncode == 2, done
    assert "2 mistake(s) in lab" in done.stdout
    assert "lab:masters:virtual names 'pi9' (did you mean pi1?)" in done.stdout
    assert "pillar/demo.sls:7  lab:hosts:pi1:joins:0 names 'lam' (did you mean lan?)" in done.stdout
    # What orchestrate and the other master's `saltutil.runner` look at, for they see no exit code.
    assert until(lambda: bus.ended(since), 10, "the event of its end")[0]["success"] is False


@pytest.mark.parametrize("command", ["check", "bootstrap", "status"])
def test_nothing_is_done_with_a_typo_in_the_spec(master, spec, bus, command):
    spec("lab: {nmae: demo}")
    since = len(bus.events)
    done = master.run(f"lab.{command}")

    assert (done.returncode, done.stdout.splitlines()[-1]) == (2, "6 mistake(s) in lab: correct the pillar"), done
    assert "pillar/demo.sls:1  lab:nmae is unknown (did you mean name?)" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert bus.begun(since) == [f"runner.lab.{command}"]


@pytest.mark.parametrize(
    "words", [["lab.check", "more"], ["lab.expect"], ["lab.admit", "a", "b"], ["lab.check", "x=1"]]
)
def test_a_wrong_call_does_not_exit_with_0(master, words):
    done = master.run(*words)

    assert done.returncode == 2, done
    assert f"{words[0].removeprefix('lab.')} was called wrongly" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_status_of_a_machine_that_there_is_not(master):
    done = master.run("lab.status", "wbe1")

    assert done.returncode == 2, done
    assert done.stdout == "there is no wbe1 in lab demo (did you mean web1?)\n"


def test_a_host_is_not_let_in_by_the_master_of_the_vms(master):
    done = master.run("lab.enroll", "hv1")

    assert (done.returncode, done.stdout) == (2, "hv1 is let in by the master of the hosts — on pi1\n"), done


def test_the_master_of_the_vms_makes_no_plan(master):
    done = master.run("lab.plan")

    assert (done.returncode, done.stdout.count("\n")) == (1, 1), done
    assert "lab.plan needs the hosts — pi1 is their master — on pi1: salt-run lab.plan" in done.stdout


def test_a_numbered_machine_is_let_in_by_the_master_of_the_vms_which_says_who_can_see_it(master, spec):
    spec(NUMBERED)
    done = master.run("lab.enroll", "node101")
    words = " ".join(done.stdout.split())

    assert done.returncode == 0, done
    assert "MAC, by DHCP 52:54:00:00:00:65" in words
    assert "On pi1: salt -L pi1 lab_netboot.told 10.10.0.101" in words


def test_numbered_machines_are_found_by_the_beginning_of_a_mac(master, spec):
    spec(NUMBERED)
    found = master.run("lab.blocks", "mac=52:54:00:00:00:66")
    wrong = master.run("lab.blocks", "subnet=lan")

    assert (found.returncode, found.stdout.splitlines()) == (
        0,
        ["node102  52:54:00:00:00:66  10.10.0.102  number 102 of node", "node: the next free number is 103"],
    )
    assert (wrong.returncode, wrong.stdout.count("\n")) == (2, 1), wrong
    assert "subnet=lan is no network" in wrong.stdout


def test_the_doctor_says_what_is_wrong_and_exits_with_1(master, spec):
    spec(UNSERVED)
    well = master.run("lab.doctor", "dhcp")
    spec(SERVED)
    ill = master.run("lab.doctor", "dhcp")

    assert (well.returncode, well.stdout) == (0, "nothing is wrong, of dhcp\n"), well
    assert ill.returncode == 1, ill
    assert "nobody can tell: pi1 does not answer lab_netboot.servers" in " ".join(ill.stdout.split())


def test_json_is_one_document(master, spec):
    whole = master.run("--out", "json", "lab.check")
    spec(MISTAKES)
    failed = master.run("--out", "json", "lab.check")

    assert json.loads(whole.stdout)["said"] == "lab demo: 5 hosts, 3 VMs, no mistakes"
    assert (json.loads(failed.stdout)["retcode"], failed.returncode) == (2, 2)
    assert json.loads(failed.stdout)["mistakes"][1] == {
        **{"path": "lab:hosts:pi1:joins:0", "file": "pillar/demo.sls", "line": 7, "wrong": "lam"},
        "message": "lab:hosts:pi1:joins:0 names 'lam' (did you mean lan?), which is not in lab:networks; there are lan",
    }


def test_admission_and_welcome_of_somebody_unknown_are_no_errors(master):
    admitted, welcomed = master.run("lab.admit", "nobody"), master.run("lab.welcome", "nobody")

    assert (admitted.returncode, welcomed.returncode) == (0, 0)
    assert "there is no pending key" in admitted.stdout
    assert "not a machine that was enrolled here" in welcomed.stdout


def test_a_host_of_a_master_that_has_both_gets_no_highstate_beside_its_bootstrap(master, spec):
    spec(UNSERVED)
    enrolled = master.run("lab.expect", f"[{{id: pi1, fingerprint: {'ab' * 32}}}]")

    assert enrolled.returncode == 0, enrolled
    assert "a host, which lab.bootstrap brings" in master.run("lab.welcome", "pi1").stdout


def test_an_unknown_function_is_told_as_salt_tells_it(master):
    """Salt exits with 0 here (3008.3), before any code of ours: a script should call `lab.check` first."""
    done = master.run("lab.chekc")

    assert "'lab.chekc' is not available" in done.stdout
