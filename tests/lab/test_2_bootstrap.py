"""The lab comes up with one command, stays as it is with the same command, and heals with it."""

import json
import re
from pathlib import Path

import pytest

from saltext.lab.boot import plan_parts
from saltext.lab.wait import until
from tests.support import storage

VMS = {
    "web1": ("hv1", "10.10.0.21", "the first machine of the demo lab"),
    "web2": ("hv1", "10.10.0.22", "its neighbour on the same hypervisor"),
    "web3": ("hv2", "10.10.0.23", "on the other side of the tunnel"),
}
TUNNEL = "bridges br-int.ports.vx-hv2-underlay.options.remote_ip"
PLANS = "/var/lib/saltext-lab/plans"
#: What Salt keeps of any job: caches, logs, and in memory temporary files.
KEPT = ("/var/cache/salt/", "/var/log/", "/tmp", "/run")


def test_every_vm_is_admitted_and_highstated_from_its_own_slice(lab):
    for vm, (host, address, text) in VMS.items():
        assert lab.steps[f"highstate {vm}"]["state"] == "changed"
        assert lab.salt("pi2", vm, "file.read", "/etc/motd").splitlines() == [
            f"{vm}.demo.example ({address}, class web, on {host})",
            text,
        ]
        assert lab.salt("pi2", vm, "service.status", "motd-http") is True


def test_status_shows_every_machine_and_nothing_wrong(lab):
    found = json.loads(lab.run("pi1", "salt-run", "--out", "json", "lab.status").stdout)

    assert {name: (row["power"], row["minion"], row["wrong"]) for name, row in found["hosts"].items()} == {
        host: ("on", "answers", []) for host in ("pi1", "pi2", "nb1", "hv1", "hv2")
    }
    assert {name: (row["host"], row["address"], row["wrong"]) for name, row in found["vms"].items()} == {
        vm: (host, address, []) for vm, (host, address, _) in VMS.items()
    }


def test_again_it_changes_nothing(lab):
    done, steps = lab.bootstrap()

    assert done.returncode == 0
    assert {step["state"] for step in steps.values()} == {"as wished"}


def test_a_host_without_power_is_named_with_what_to_do_and_heals_when_it_is_back(lab):
    lab.rack("power", "off", "hv2")

    assert changes(plan(lab)) == [
        ("hv2", "power", "off", "on"),
        ("hv2", "everything else", None, "unknown until it answers"),
        ("web3", "everything else", None, "unknown until hv2 can be asked"),
    ]
    done, steps = lab.bootstrap(check=False)
    assert done.returncode == 1
    assert steps["power hv2"]["state"] == "failed"
    assert "hv2" in steps["power hv2"]["said"]
    assert "rack power on hv2" in steps["power hv2"]["said"]
    assert steps["highstate web3"]["state"] == "skipped"
    assert steps["highstate web1"]["state"] == "as wished"
    [failure] = json.loads(done.stdout)["failures"]
    assert failure["step"] == "power hv2"
    assert {"minion hv2", "highstate web3", "prove demo"} <= set(failure["waits"])
    status = lab.run("pi1", "salt-run", "lab.status", check=False)
    assert status.returncode == 1
    assert "its power is off" in status.stdout

    lab.rack("power", "on", "hv2")
    done, steps = lab.bootstrap()
    assert done.returncode == 0
    assert steps["highstate web3"]["state"] == "changed"
    assert lab.salt("pi2", "web3", "test.ping") is True


def test_a_command_runs_on_any_machine_and_its_exit_code_comes_through(lab):
    ended = lab.run("web1", "sh", "-c", "hostname; exit 3", check=False)

    assert (ended.stdout, ended.returncode) == ("web1\n", 3)
    assert lab.run("hv1", "sh", "-c", "exit 4", check=False).returncode == 4
    nowhere = lab.run("web9", "true", check=False)
    assert nowhere.returncode == 125
    assert "there is no host web9" in nowhere.stderr


def test_a_vm_that_reboots_into_an_empty_ram_is_highstated_again(lab):
    before = lab.salt("pi1", "pi2", "lab_master.records", "[web2]")["web2"]["highstate"]
    lab.run("hv1", "virsh", "reset", "web2")

    def again():
        now = lab.salt("pi1", "pi2", "lab_master.records", "[web2]")["web2"]["highstate"]
        return now["state"] == "done" and now["boot"] not in (None, before["boot"])

    until(again, 240, "the highstate after the reboot")
    assert lab.salt("pi2", "web2", "service.status", "motd-http") is True


def test_a_guest_trusts_the_one_master_that_its_hypervisor_told_it_of(lab):
    pinned = lab.salt("pi2", "web1", "file.read", "/etc/salt/pki/minion/minion_master.pub")

    assert pinned.strip() == lab.salt("pi1", "pi2", "lab_master.public_key").strip()


# Plans


@pytest.fixture
def calls(lab):
    """A function that returns which calls the libvirtd of hv1 has had since the test began."""
    log, admin = "/run/calls.log", ("virt-admin", "-c", "libvirtd:///system")
    outputs = lab.run("hv1", *admin, "daemon-log-outputs").stdout.partition(":")[2].strip()
    lab.run("hv1", *admin, "daemon-log-outputs", "--outputs", f"1:file:{log}")
    lab.run("hv1", *admin, "daemon-log-filters", "--filters", storage.FILTERS)
    yield lambda: set(re.findall(r"debug : (vir\w+):\d+ : ", lab.run("hv1", "cat", log).stdout))
    lab.run("hv1", *admin, "daemon-log-filters", "--filters", "")
    lab.run("hv1", *admin, "daemon-log-outputs", "--outputs", outputs)


@pytest.fixture
def written(lab):
    """A function that returns what on the disks of hosts was written since the test began, but for what Salt keeps."""
    hosts, begun = ("pi1", "pi2", "nb1", "hv1", "hv2"), "/run/begun"
    for host in hosts:
        lab.run(host, "touch", begun)

    def written():
        found = {host: lab.run(host, "find", "/", "-xdev", "-cnewer", begun).stdout.splitlines() for host in hosts}
        return {(host, path) for host, paths in found.items() for path in paths if not path.startswith(KEPT)}

    return written


@pytest.fixture
def by_hand(lab):
    """A function that leads a tunnel of hv1 to nobody, and has web1 start with its host."""

    def change(peer="10.98.0.99", *how):
        lab.run("hv1", "ovs-vsctl", "set", "interface", "vx-hv2-underlay", f"options:remote_ip={peer}")
        lab.run("hv1", "virsh", "autostart", *how, "web1")

    yield change
    change("10.98.0.22", "--disable")


def plan(lab):
    return json.loads(lab.run("pi1", "salt-run", "--out", "json", "lab.plan").stdout)["plan"]


def changes(plan):
    return [(machine, one["path"], one["old"], one["new"]) for machine, one in plan_parts.changes(plan)]


def test_the_plan_of_a_lab_that_is_up_is_empty_and_making_it_writes_nothing_anywhere(lab, calls, written):
    empty = plan(lab)
    called, new = calls(), written()

    assert changes(empty) == plan_parts.problems(empty) == []
    assert called
    assert called - storage.ALL_LOOKS == set()
    assert new <= {("pi1", path) for path in (str(Path(PLANS).parent), PLANS, f"{PLANS}/{empty['id']}.json")}


def test_what_was_changed_by_hand_since_a_plan_is_named_and_a_plan_that_has_it_mends_it(lab, by_hand):
    empty = plan(lab)
    by_hand()
    refused = lab.run("pi1", "salt-run", "lab.bootstrap", f"plan={empty['id']}", check=False)
    planned = plan(lab)

    assert refused.returncode == 1
    assert f"hv1: {TUNNEL} was 10.98.0.22 when planned, is 10.98.0.99 now" in refused.stdout
    assert "hv1: domains web1.autostart was false when planned, is true now" in refused.stdout
    of_spec = [change for change in changes(planned) if not change[1].startswith("network-")]  # arming of the revert
    assert sorted(of_spec) == [
        ("hv1", TUNNEL, "10.98.0.99", "10.98.0.22"),
        ("hv1", "domains web1.autostart", True, False),
    ]
    done, steps = lab.bootstrap(f"plan={planned['id']}", "until=converge")
    assert (done.returncode, {step for step, one in steps.items() if one["state"] == "changed"}) == (
        0,
        {"converge hv1"},
    )
    assert plan(lab)["id"] == empty["id"]
