"""The bootstrap proves the networks, and says which of them are not as wished."""

import json

import pytest


def prove(lab):
    done = lab.run("pi1", "salt-run", "--out", "json", "lab.prove", check=False)
    return done.returncode, json.loads(done.stdout)["proof"]


def test_after_a_bootstrap_all_is_green_and_the_proof_is_kept(lab):
    retcode, proof = prove(lab)

    assert (retcode, proof["red"], proof["silent"]) == (0, [], {})
    assert lab.steps["prove demo"]["state"] == "as wished"
    assert proof["networks"]["lan"]["reach"]["hv1"] == {"pi2": 1500, "nb1": 1500, "hv2": 1500}
    assert proof["networks"]["underlay"]["reach"]["hv1"] == {"pi2": 1600, "nb1": 1600, "hv2": 1600}
    assert proof["isolation"]["guests"] == {"mgmt": "apart", "underlay": "apart", "lan": "apart"}
    assert json.loads(lab.run("pi1", "cat", "/var/lib/saltext-lab/prove.json").stdout) == proof
    assert "lab-probe" not in lab.run("hv1", "ovs-vsctl", "show").stdout


@pytest.fixture
def broken(lab):
    """A tunnel of hv1 leads to nobody; and a flow that the spec knows nothing of keeps the tunnels of pi2 shut."""
    flow = "priority=9,udp,tp_dst=4789"
    lab.run("hv1", "ovs-vsctl", "set", "interface", "vx-hv2-underlay", "options:remote_ip=10.98.0.99")
    lab.run("pi2", "ovs-ofctl", "add-flow", "br-trunk0", f"{flow},actions=drop")
    yield
    lab.run("pi2", "ovs-ofctl", "--strict", "del-flows", "br-trunk0", flow)


def test_what_is_broken_is_named_and_a_bootstrap_mends_what_the_spec_knows(lab, broken):
    shown = lab.run("pi1", "salt-run", "lab.prove", check=False)
    done, steps = lab.bootstrap(check=False)

    assert shown.returncode == 1
    assert "hv1/lan → hv2/lan: nothing arrives — hv1: neighbor cache miss for 10.98.0.99" in shown.stdout
    assert "pi2/lan → hv2/lan: nothing arrives — pi2: 0. udp,tp_dst=4789, priority 9: drop" in shown.stdout
    assert (done.returncode, steps["prove demo"]["state"], steps["converge hv1"]["state"]) == (1, "failed", "changed")
    assert "pi2/lan → hv2/lan: nothing arrives, pi2: 0. udp" in steps["prove demo"]["said"]
    assert "hv1/lan → hv2/lan" not in steps["prove demo"]["said"]
    assert steps["highstate web3"]["state"] == "as wished"


def test_mended_it_is_green_again(lab):
    retcode, proof = prove(lab)

    assert (retcode, proof["red"]) == (0, [])
