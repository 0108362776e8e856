"""How strict a master is, and which master a host trusts: told by the doctor, and tried with real ones."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
import salt.config
import yaml
from salt.pillar import Pillar

from saltext.lab.admit import strict
from saltext.lab.wait import until
from tests.salt.conftest import Identity
from tests.support import masters

ONE = """
lab:
  name: demo
  domain: demo.example
  masters: {physical: pi1, virtual: pi1}
  networks: {lan: {subnet: 10.10.0.0/24}}
  hosts:
    pi1: {mac: "52:54:00:00:01:01", address: lan+1}
"""
CODE = {"module_dirs": [str(masters.REPOSITORY / "salt")], "utils_dirs": [str(masters.REPOSITORY / "_utils")]}
OTHER = ":".join(["0a"] * 32)
LAX = {
    "auto_accept": True,
    "open_mode": True,
    "autosign_file": "/etc/salt/autosign.conf",
    "minimum_auth_version": 0,
    "allow_minion_key_revoke": True,
    "file_recv": True,
    "peer": {".*": [".*"]},
    "peer_run": {".*": ["lab.*"]},
    "mine_get": {".*": [".*"]},
    "file_roots": {"base": [str(masters.REPOSITORY)]},
    "pillar_roots": {"base": [str(masters.REPOSITORY / "pillar")]},
}


@pytest.fixture(scope="module")
def host(master, bus):  # noqa: ARG001
    """A function that runs a minion with *more* configuration until its test ends, admitted if it gets that far."""

    @contextmanager
    def host(name, **more):
        key = Identity()
        assert master.run("lab.expect", f"[{{id: {name}, fingerprint: {key.fingerprint}}}]").returncode == 0
        with masters.minion(master, name, key.private, key.public, **CODE, **more) as home:
            (home / "master").symlink_to(master.config)  # it runs beside that master
            yield home

    return host


@pytest.fixture(scope="module")
def pi1(master, bus, host):
    """The directory of the minion beside the master, which is a hypervisor too and logs all it does."""
    born = {"virt": {"identities": str(master.home / "identities")}}
    with host("pi1", lab=born, log_level_logfile="trace") as home:
        started(bus, "pi1")
        yield home


@pytest.fixture(scope="module")
def pinning(master, pi1, home):  # noqa: ARG001
    """What the formula salt-minion writes for pi1 to trust its master alone, from the slice that its master gives."""
    opts = salt.config.master_config(str(master.config))
    opts["lab"]["serves"] = ["physical"]
    part = Pillar(opts, {"id": "pi1"}, "pi1", "base", ext=None).compile_pillar()
    shutil.copytree(masters.REPOSITORY / "salt/salt-minion", home / "tree/salt-minion")
    low = master.call("pi1", "state.show_low_sls", "salt-minion", f"pillar={json.dumps(part)}")
    shutil.rmtree(home / "tree/salt-minion")
    [written] = [one for one in low if one["__id__"] == "/etc/salt/minion.d/lab-master.conf"]
    return written["contents"]


def started(bus, name):
    until(lambda: any(tag == f"salt/minion/{name}/start" for tag, _ in bus.events), 60, f"the start of {name}")


def wrong(master):
    """Return what the doctor finds, as ``{(where, what): fix}``."""
    done = master.run("--out", "json", "lab.doctor", "masters")
    found = json.loads(done.stdout)["findings"]
    assert done.returncode == (1 if found else 0), done
    return {(one["where"], one["what"]): one["fix"] for one in found}


def test_a_host_that_trusts_nobody_in_particular_is_told_of_until_the_formula_was_applied(master, spec, pi1, pinning):
    spec(ONE)
    before = wrong(master)
    (pi1 / "minion.d").mkdir(exist_ok=True)
    (pi1 / "minion.d/lab-master.conf").write_text(pinning)

    assert before == {
        (
            "pi1",
            "its minion trusts whichever master answers it first, not pi1 alone",
        ): "salt pi1 state.apply salt-minion"
    }
    assert wrong(master) == {}
    (pi1 / "minion.d/lab-master.conf").write_text(pinning.replace(yaml.safe_load(pinning)["master_finger"], OTHER))
    assert list(wrong(master)) == [("pi1", f"its minion trusts the master with the key {OTHER}, not pi1 alone")]
    (pi1 / "minion.d/lab-master.conf").write_text(pinning)


def test_every_setting_that_is_not_strict_is_told_of_with_what_it_shall_be(master, spec, pi1):
    spec(ONE)
    pki, lax = Path(master.opts["pki_dir"]), pi1 / "master.d/zz.conf"
    lax.parent.mkdir()
    lax.write_text(yaml.safe_dump(LAX))
    (pki / "minions_autosign").mkdir(exist_ok=True)
    (pki / "minions_autosign/web9").touch()
    pki.chmod(0o755)
    try:
        found = master.call("pi1", "lab_master.settings")
        told = wrong(master)
    finally:
        pki.chmod(0o700)
        shutil.rmtree(lax.parent)
        shutil.rmtree(pki / "minions_autosign")

    served = [str(masters.REPOSITORY / "pillar")]
    lax = {name: LAX[name] for name in LAX.keys() & strict.STRICT.keys()}
    lax |= {
        "autosign_file": f"{master.home}{LAX['autosign_file']}",
        "minions_autosign": ["web9"],
        "pillar_served": served,
        "pki_mode": "0755",
    }
    assert strict.deviations(found) == lax
    for name, value in lax.items():
        assert ("pi1", f"{name} is {value!r}, and shall be {strict.STRICT[name]!r}") in told
    assert strict.deviations(master.call("pi1", "lab_master.settings")) == {}


def test_a_minion_that_lost_its_copy_of_the_key_takes_that_of_its_own_master(host, bus, pinning):
    with host("pinned1", knows=False, **yaml.safe_load(pinning)) as home:
        started(bus, "pinned1")

        assert (home / "pki/minion_master.pub").exists()


def test_a_minion_refuses_a_master_with_another_key(host, bus):
    with host("pinned2", knows=False, hash_type="sha256", master_finger=OTHER) as home:
        until(lambda: "Does not match the authenticating master's" in said(home), 60, "the refusal")

    assert not any(tag == "salt/minion/pinned2/start" for tag, _ in bus.events)


def said(home):
    return (home / "log").read_text() if (home / "log").exists() else ""


def test_a_job_that_makes_the_key_of_a_guest_leaves_it_in_one_file(master, pi1):
    trusted = json.dumps(Path(master.opts["pki_dir"], "master.pub").read_text())  # a word in quotes is no option
    shown = master.call("pi1", "lab_virt.identity", "vm1", trusted)
    pem = master.home / "identities/vm1/minion.pem"
    secret = pem.read_text().splitlines()[10]
    files = [path for path in master.home.rglob("*") if path.is_file()]
    holding = {path for path in files if secret in path.read_text(errors="replace")}

    assert holding == {pem}
    assert any(
        shown in path.read_text(errors="replace") for path in files if path.is_relative_to(master.home / "cache")
    )
    assert "lab_virt.identity" in said(pi1)
