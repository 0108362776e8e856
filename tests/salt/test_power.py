"""The power of hosts as people ask for it: by salt-run on the master of the hosts."""

import json
import tempfile
from pathlib import Path

import pytest
import yaml

from saltext.lab.plan import merge, plain
from tests.support import bmc, masters
from tests.support.labs import PLAIN
from tests.support.plug import CALLS, Plug, plugged


class Outlet(Plug):
    """A plug with nothing in it but a lamp."""

    def __init__(self):
        super().__init__(self.light, lambda: self.lit)
        self.lit = False

    def light(self, on):
        self.lit = on


@pytest.fixture(scope="module")
def outlet():
    return Outlet()


@pytest.fixture(scope="module")
def here(outlet):
    """The master of the hosts of a lab in which hv1 and pi1 are on plugs, and hv2 is switched by a person."""
    with plugged(outlet) as settings, tempfile.TemporaryDirectory(prefix="lab-") as home:
        its = {"driver": "http", "address": settings["address"], "login": "plug"} | CALLS
        login = {"plug": {"user": bmc.USER, "password": bmc.PASSWORD}}
        off = {name: {"power": None} for name in PLAIN["hosts"]}
        on = {"hv1": {"power": its}, "pi1": {"power": its | {"outlet": 7}}, "hv2": {"power": {"driver": "manual"}}}
        with masters.master(Path(home), serves=("physical",)) as running:
            lab = merge(
                merge(PLAIN, {"hosts": off}), {"logins": login, "plain": ["lab:logins:plug:password"], "hosts": on}
            )
            (running.home / "pillar/demo.sls").write_text(yaml.safe_dump({"lab": plain(lab)}))
            yield running


def power(here, *words, code=0):
    done = here.run("lab.power", *words)
    assert done.returncode == code, done
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


def test_a_host_is_looked_at_and_switched(here, outlet):
    assert power(here, "hv1", "on") == "hv1 is on\n"  # Salt makes true of this word
    assert outlet.lit
    assert json.loads(power(here, "hv1", "off", "--out", "json"))["power"] == {"hv1": "off"}
    assert not outlet.lit


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["hv1", "of"], 2, "of is nothing that power can do (did you mean off?)"),
        (["hv2", "on"], 1, "nobody can be asked to switch hv2 on"),
        (["hv1,pi1", "off"], 1, "pi1 may not be switched off — pi1 carries the physical master"),
        (["pi1", "off", "force=true"], 1, "the plug of pi1 at 127.0.0.1"),
    ],
    ids=["no act", "no terminal", "not safe", "refused"],
)
def test_what_cannot_be_is_one_line_and_an_exit_code(here, outlet, words, code, said):
    told = power(here, *words, code=code)

    assert said in " ".join(told.split())
    assert outlet.orders == ["on", "off"]


def test_the_master_of_the_vms_names_the_one_to_ask(master):
    assert (
        power(master, "hv1", code=1)
        == "lab.power hv1 needs the hosts — pi1 is their master — on pi1: salt-run lab.power hv1\n"
    )


def test_a_password_is_in_no_file_of_the_master_but_the_spec(here):
    assert "no mistakes" in here.run("lab.check").stdout

    holding = [file for file in here.home.rglob("*") if file.is_file() and bmc.PASSWORD.encode() in file.read_bytes()]
    assert holding == [here.home / "pillar/demo.sls"]
