"""``lab_virt`` as Salt calls it: its loaders, an SLS, the pillar of a minion; against a real libvirtd."""

import contextlib
import re
from pathlib import Path

import pytest
import salt.crypt
import yaml
from salt.exceptions import CommandExecutionError

from saltext.lab.admit.key import fingerprint
from saltext.lab.errors import Unreachable

DOMAINS = {
    "vm1": {"type": "qemu", "memory_mib": 64, "machine": "q35", "autostart": True, "running": True},
    "vm2": {"type": "qemu", "memory_mib": 64, "nics": {"52:54:00:00:01:02": {"bridge": "br-lab", "model": "virtio"}}},
}

#: For each function of ``lab_virt`` how it is called; a new one has to be entered.
CALLS = {
    "domains": [],
    "change": [[[["vm2", "memory_mib"], 64, 96]]],
    "start": ["vm2"],
    "stop": ["vm2"],
    "shutdown": ["vm2"],
    "console": ["vm2"],
    "pools": [],
    "pool_change": [[[["vms"], None, {}], [["vms", "path"], None, "/srv/vms"]]],
    "pool_refresh": ["vms"],
    "volumes": [],
    "volume_change": [[[["vms:a"], {}, None]]],
    "images": [],
    "image_change": [[[["vms:a"], {}, None]]],
    "networks": [],
    "network_change": [[[["lan"], None, {}], [["lan", "bridge"], None, "br7"]]],
    "secrets": [],
    "secret_change": [[[["client.a"], None, {}]]],
}
#: These ask no libvirt.
ALONE = {"forget", "identity"}


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


def test_v4_every_function_asks_the_libvirt_of_the_configuration(run, minion, daemon, monkeypatch, tmp_path):
    there = {name.partition(".")[2] for name in minion.cmd("sys.list_functions", "lab_virt")}
    assert there == set(CALLS) | ALONE
    uri = f"qemu+unix:///system?socket={tmp_path}/none"
    for name, arguments in CALLS.items():
        since = len(daemon.calls())
        with contextlib.suppress(CommandExecutionError):  # Refused is an answer too
            minion.cmd(f"lab_virt.{name}", *arguments)
        assert len(daemon.calls()) > since, name
        monkeypatch.setitem(minion.opts["lab"]["virt"], "uri", uri)
        with pytest.raises(Unreachable, match=re.escape(f"libvirt at {uri} does not answer")):
            minion.cmd(f"lab_virt.{name}", *arguments)
        monkeypatch.undo()


@pytest.mark.parametrize("kind", ["domains", "pools", "volumes", "images", "networks", "secrets"])
def test_a_dead_libvirt_fails_the_state_and_is_named(apply, minion, monkeypatch, tmp_path, kind):
    uri = f"qemu+unix:///system?socket={tmp_path}/none"
    monkeypatch.setitem(minion.opts["lab"]["virt"], "uri", uri)
    wish = {"a": {"b": None} if kind in {"volumes", "images"} else None}
    failed = [apply(kind, f"lab:virt:{kind}", test=test, **wish) for test in (True, False)]
    monkeypatch.undo()

    for one in failed:
        assert (one["result"], one["changes"]) == (False, {})
        assert f"libvirt at {uri} does not answer" in one["comment"]


def test_a_mac_without_quotes_is_explained(apply):
    assert "put it in quotes" in apply("domain_present", "vm1", memory_mib=64, nics={190500000: {}})["comment"]


def test_h1_one_domain_changes_and_the_guests_of_all_go_on(apply, minion, pids):
    wish = {f"vm{n}": DOMAINS["vm1"] | {"title": "a"} for n in range(3)}
    apply("domains", "lab:virt:domains", **wish)
    uuids, before = {name: one["uuid"] for name, one in minion.cmd("lab_virt.domains").items()}, pids()
    made = apply("domains", "lab:virt:domains", **(wish | {"vm1": wish["vm1"] | {"title": "b", "memory_mib": 96}}))

    assert set(made["changes"]) == {"vm1.title", "vm1.memory_mib"}
    assert {name: one["uuid"] for name, one in minion.cmd("lab_virt.domains").items()} == uuids
    assert (len(before), pids()) == (3, before)


def test_h1_an_apply_that_failed_is_tried_again_by_the_next(apply, daemon, pids):
    kernel = daemon.home / "kernel"
    wish = {"vm1": DOMAINS["vm1"] | {"kernel": str(kernel)}, "vm2": DOMAINS["vm2"] | {"running": True}}
    failed = apply("domains", "lab:virt:domains", **wish)
    before = pids()
    kernel.write_bytes(bytes(8192))
    told, made, again = (apply("domains", "lab:virt:domains", test=test, **wish) for test in (True, False, False))

    assert (failed["result"], set(before)) == (False, {"vm2"})
    assert "libvirt refused to start domain vm1" in failed["comment"]
    assert told["changes"] == made["changes"] == {"vm1.running": {"old": False, "new": True}}
    assert (made["result"], again["result"], again["changes"]) == (True, True, {})
    assert pids()["vm2"] == before["vm2"]


@pytest.mark.parametrize("kind", ["domains", "pools", "volumes", "images", "networks", "secrets"])
@pytest.mark.parametrize("body", ["[]", "[name: lab:virt]", "[{name: lab:virt}, null]"])
def test_h3_a_wish_for_nothing_changes_nothing_and_says_so(run, minion, daemon, kind, body):
    since = len(daemon.calls())
    returned = run({"it": {f"lab_virt.{kind}": yaml.safe_load(body)}})["it"]

    assert (returned["result"], returned["changes"]) == (True, {})
    assert returned["comment"] == "nothing is stated: nothing is changed"
    assert daemon.calls()[since:] == []


@pytest.mark.parametrize("body", [None, {}, "", "vms"])
def test_h3_a_wish_that_is_broken_changes_nothing_and_is_refused(minion, apply, pids, body):
    apply("domains", "lab:virt:domains", vm1=DOMAINS["vm1"])
    before = pids()
    Path(minion.opts["file_roots"]["base"][0], "lab.sls").write_text(yaml.safe_dump({"it": {"lab_virt.domains": body}}))
    returned = minion.cmd("state.apply", "lab")

    assert isinstance(returned, list), returned  # what Salt says of an SLS that it cannot read
    assert (len(before), pids()) == (1, before)


def test_h3_many_domains_go_only_by_name(apply, minion, pids):
    wish = {f"vm{n}": DOMAINS["vm1"] for n in range(3)}
    apply("domains", "lab:virt:domains", **wish)
    apply("domains", "lab:virt:domains", vm0=DOMAINS["vm1"])
    assert set(pids()) == set(wish)
    gone = apply("domains", "lab:virt:domains", **dict.fromkeys(wish))

    assert (gone["result"], set(gone["changes"]), pids()) == (True, set(wish), {})
    assert minion.cmd("lab_virt.domains") == {}


@pytest.fixture
def pids(daemon):
    """A function that returns the process of each guest that runs: ``{domain: pid}``."""
    return lambda: {file.stem: file.read_text() for file in (daemon.home / "run/libvirt/qemu").glob("vm*.pid")}
