"""What each minion's pillar holds, through the loaders and the configuration of a real master."""

import json

import pytest
import salt.config
from salt.pillar import Pillar

from saltext.lab.spec import source
from tests.support.masters import REPOSITORY

SPEC = source.load(REPOSITORY / "pillar")
TEXTS = {vm: SPEC["vms"][vm]["data"]["motd"]["text"] for vm in SPEC["vms"]}
EVERYBODY = [*SPEC["hosts"], *SPEC["vms"], "stranger", "*", "web*", "x\nlab: {}"]
SECRET = ("PRIVATE KEY", "BEGIN ")


@pytest.fixture
def pillar(master):
    """A function that compiles the pillar of *minion* as a master does that serves *serves*."""

    def pillar(minion, serves=("virtual",)):
        opts = salt.config.master_config(str(master.config))
        opts["lab"]["serves"] = list(serves)
        return Pillar(opts, {"id": minion}, minion, "base", ext=None).compile_pillar()

    return pillar


def test_a_running_minion_has_its_slice_and_nothing_else(highstated, home):
    held = json.loads((home / "web1.pillar").read_text())

    assert set(held) == {"lab"}
    assert held["lab"] == {
        "name": "demo",
        "domain": "demo.example",
        "id": "web1",
        "roles": ["motd"],
        "minion": {"of": "virtual", "master": "10.10.0.2"},
        "class": "web",
        "host": "hv1",
        "address": "10.10.0.21",
        "motd": {"text": TEXTS["web1"]},
    }


@pytest.mark.parametrize("minion", ["stranger", "*", "web", "WEB1", "web1\n", "x\nlab: {}", ""])
def test_an_unknown_id_has_nothing(pillar, minion):
    assert pillar(minion, ["physical", "virtual"]) == {}


@pytest.mark.parametrize("host", SPEC["hosts"])
def test_a_host_has_nothing_from_the_master_of_the_vms(pillar, host):
    assert pillar(host, ["virtual"]) == {}
    assert pillar(host, ["physical"])["lab"]["id"] == host


@pytest.mark.parametrize("vm", SPEC["vms"])
def test_a_vm_has_nothing_from_the_master_of_the_hosts(pillar, vm):
    assert pillar(vm, ["physical"]) == {}


@pytest.mark.parametrize("serves", [["physical"], ["virtual"]])
@pytest.mark.parametrize("minion", EVERYBODY)
def test_nobody_holds_the_data_of_another_or_a_key(pillar, minion, serves):
    held = json.dumps(pillar(minion, serves))

    assert [vm for vm, text in TEXTS.items() if text in held and vm != minion] == []
    assert [word for word in SECRET if word in held] == []


def test_a_master_has_to_know_which_spec_it_serves(pillar):
    assert pillar("pi2", ["physical"])["lab"]["master"] == {"serves": ["virtual"], "spec": "demo"}


@pytest.mark.parametrize(
    "text", ["lab: {name: demo}", "lab: {}", "lab: {{ nonsense", "lab: [1, 2]", "lab: {name: [a, secret, of, web2]}"]
)
def test_a_spec_with_a_mistake_gives_nobody_a_slice_and_says_where_to_look(pillar, spec, text):
    spec(text)
    held = pillar("web1")

    assert "lab" not in held
    assert "salt-run lab.check" in " ".join(held.get("_errors", [])), held
    assert "secret" not in json.dumps(held)


def test_a_minion_keeps_what_it_has_when_the_spec_has_a_mistake(master, web1, spec, home):
    spec("lab: {name: demo}")
    refused = master.call("web1", "state.apply")

    assert isinstance(refused, list), refused
    assert "salt-run lab.check" in " ".join(refused)
