"""``lab_virt`` as Salt calls it: its loaders, an SLS, the pillar of a minion; against a real libvirtd."""

from pathlib import Path

import pytest
import salt.client
import salt.crypt
import yaml
from salt._logging.impl import shutdown_temp_handler

from saltext.lab.admit.key import fingerprint
from tests.support.libvirtd import libvirtd

REPOSITORY = Path(__file__).parents[2]
DOMAINS = {
    "vm1": {"type": "qemu", "memory_mib": 64, "machine": "q35", "autostart": True, "running": True},
    "vm2": {"type": "qemu", "memory_mib": 64, "nics": {"52:54:00:00:01:02": {"bridge": "br-lab", "model": "virtio"}}},
}


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        yield daemon


@pytest.fixture(scope="module")
def minion(daemon, tmp_path_factory):
    """A minion without a master that has our modules and the address of that libvirtd in its configuration."""
    root = tmp_path_factory.mktemp("minion")
    opts = {
        "id": "hv1",
        "file_client": "local",
        "root_dir": str(root),
        "cachedir": str(root / "cache"),
        "extension_modules": str(root / "cache/extmods"),
        "pki_dir": str(root / "pki"),
        "file_roots": {"base": [str(root / "states")]},
        "pillar_roots": {"base": [str(root / "pillar")]},
        "module_dirs": [str(REPOSITORY)],
        "utils_dirs": [str(REPOSITORY / "_utils")],
        "lab": {"virt": {"uri": daemon.uri, "identities": str(root / "identities")}},
    }
    (root / "states").mkdir()
    (root / "minion").write_text(yaml.safe_dump(opts))
    shutdown_temp_handler()  # it keeps records for a set-up that never comes here, and prints them at exit
    return salt.client.Caller(str(root / "minion"))


@pytest.fixture
def apply(minion):
    """A function that applies one state of ours and returns what Salt says of it."""

    def apply(function, name, test=False, **wish):
        states = Path(minion.opts["file_roots"]["base"][0])
        body = [{"name": name}, *({key: value} for key, value in wish.items())]
        (states / "lab.sls").write_text(yaml.safe_dump({"it": {f"lab_virt.{function}": body}}))
        returned = minion.cmd("state.apply", "lab", test=test)
        assert isinstance(returned, dict), returned
        (one,) = returned.values()
        return one

    yield apply
    for name in minion.cmd("lab_virt.domains"):
        apply("domain_absent", name)


def test_a_collection_is_planned_made_and_then_as_wished(apply, minion):
    told = apply("domains", "lab:virt:domains", test=True, **DOMAINS)
    assert (told["result"], minion.cmd("lab_virt.domains")) == (None, {})
    made, again = (apply("domains", "lab:virt:domains", **DOMAINS) for _ in range(2))

    assert (made["result"], made["changes"]) == (True, told["changes"]), made["comment"]
    assert made["changes"]["vm1.autostart"] == {"old": None, "new": True}
    assert (again["result"], again["changes"], again["comment"]) == (True, {}, "as wished")


def test_one_domain_comes_changes_while_it_runs_and_goes(apply, minion):
    apply("domain_present", "vm1", **DOMAINS["vm1"])
    told, made = (apply("domain_present", "vm1", test=test, memory_mib=96) for test in (True, False))
    gone, never = apply("domain_absent", "vm1"), apply("domain_absent", "vm1")

    assert made["changes"] == told["changes"] == {"vm1.memory_mib": {"old": 64, "new": 96, "impact": "next-boot"}}
    assert (made["name"], gone["result"], set(gone["changes"])) == ("vm1", True, {"vm1"})
    assert (never["result"], never["changes"]) == (True, {})
    assert minion.cmd("lab_virt.domains") == {}


def test_a_typo_fails_that_state_and_names_the_path(apply, minion):
    failed = apply("domains", "lab:virt:domains", vm1=DOMAINS["vm1"] | {"memory": 64})

    assert (failed["result"], failed["changes"], minion.cmd("lab_virt.domains")) == (False, {}, {})
    assert "lab:virt:domains:vm1:memory is unknown (did you mean memory_mib?)" in failed["comment"]


def test_start_stop_and_change_by_hand(apply, minion):
    apply("domain_present", "vm2", **DOMAINS["vm2"])
    minion.cmd("lab_virt.change", [[["vm2", "memory_mib"], 64, 96]])

    assert minion.cmd("lab_virt.start", "vm2")["started"] is True
    assert minion.cmd("lab_virt.stop", "vm2")["stopped"] is True
    assert minion.cmd("lab_virt.domains")["vm2"].items() >= {"memory_mib": 96, "running": False}.items()


def test_an_identity_is_a_fingerprint_and_files_in_the_configured_place(minion):
    found = minion.cmd("lab_virt.identity", "vm1", salt.crypt.gen_keys(2048)[1])
    directory = Path(minion.opts["lab"]["virt"]["identities"])

    assert found == fingerprint((directory / "vm1/minion.pub").read_bytes())


def test_the_console_of_a_guest(apply, minion, tmp_path):
    log = tmp_path / "console.log"
    log.write_text("one\ntwo\nthree\n")
    apply("domain_present", "vm2", **DOMAINS["vm2"], serial_log=str(log))

    assert minion.cmd("lab_virt.console", "vm2", lines=2) == ["two", "three"]
    apply("domain_present", "vm2", serial_log=None)
    with pytest.raises(Exception, match="domain vm2 has no serial log"):
        minion.cmd("lab_virt.console", "vm2")


def test_a_dead_libvirt_fails_the_state_and_is_named(apply, minion, monkeypatch, tmp_path):
    uri = f"qemu+unix:///system?socket={tmp_path}/none"
    monkeypatch.setitem(minion.opts["lab"]["virt"], "uri", uri)
    failed = apply("domains", "lab:virt:domains", **DOMAINS)
    monkeypatch.undo()

    assert failed["result"] is False
    assert f"libvirt at {uri} does not answer" in failed["comment"]


def test_a_mac_without_quotes_is_explained(apply):
    assert "put it in quotes" in apply("domain_present", "vm1", memory_mib=64, nics={190500000: {}})["comment"]
