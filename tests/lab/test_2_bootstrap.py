"""The lab comes up with one command, stays as it is with the same command, and heals with it."""

import json

from saltext.lab.wait import until

VMS = {
    "web1": ("hv1", "10.10.0.21", "the first machine of the demo lab"),
    "web2": ("hv1", "10.10.0.22", "its neighbour on the same hypervisor"),
    "web3": ("hv2", "10.10.0.23", "on the other side of the tunnel"),
}


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

    done, steps = lab.bootstrap(check=False)
    assert done.returncode == 1
    assert steps["power hv2"]["state"] == "failed"
    assert "hv2" in steps["power hv2"]["said"]
    assert "rack power on hv2" in steps["power hv2"]["said"]
    assert steps["highstate web3"]["state"] == "skipped"
    assert steps["highstate web1"]["state"] == "as wished"
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


@pytest.fixture
def port(lab):
    """The port of web1 on its hypervisor, in the VLAN of its network again when the test ends."""
    port = lab.port("hv1", "web1")
    yield port
    lab.run("hv1", "ovs-vsctl", "set", "port", port, "tag=10")


@pytest.fixture
def calls(lab):
    """A function that returns which calls libvirtd on hv1 has had since the test began."""
    log, admin = "/run/calls.log", ["virt-admin", "-c", "libvirtd:///system"]
    before = lab.run("hv1", *admin, "daemon-log-outputs").stdout.split("outputs:")[1].strip()
    lab.run("hv1", *admin, "daemon-log-filters", "--filters", storage.FILTERS)
    lab.run("hv1", *admin, "daemon-log-outputs", "--outputs", f"1:file:{log}")
    yield lambda: set(re.findall(r"debug : (vir\w+):\d+ : ", lab.run("hv1", "cat", log).stdout))
    lab.run("hv1", *admin, "daemon-log-outputs", "--outputs", before)
    lab.run("hv1", *admin, "daemon-log-filters", "--filters", "")


@pytest.fixture
def written(lab):
    """A function that returns which files on disks of the hosts were written to since the test began, by host."""
    for host in HOSTS:
        lab.run(host, "touch", "/run/begun")

    def written():
        argv = ["find", "/", "-xdev", "-cnewer", "/run/begun", "-not", "-path", "/run/begun"]
        return {host: set(lab.run(host, *argv).stdout.splitlines()) - {"/"} for host in HOSTS}

    return written


def plan(lab, code=0):
    done = lab.run("pi1", "salt-run", "--out", "json", "lab.plan", check=False)
    assert done.returncode == code, done
    return json.loads(done.stdout)["plan"]


def changed(plan):
    return [(machine, one["path"], one["old"], one["new"]) for machine, one in plan_parts.changes(plan)]


def test_a_lab_that_is_up_has_an_empty_plan(lab):
    shown = lab.run("pi1", "salt-run", "lab.plan").stdout

    assert re.fullmatch(r"plan p\w+ of lab demo: nothing would change\n", shown)


def test_a_plan_writes_nothing_on_any_host_and_what_it_saw_is_what_is_done_or_nothing_is(lab, port, calls, written):
    empty = plan(lab)
    lab.run("hv1", "ovs-vsctl", "set", "port", port, "tag=20")
    assert {"hv1"} == {host for host, paths in written().items() if any("conf.db" in path for path in paths)}
    refused = lab.run("pi1", "salt-run", "lab.bootstrap", f"plan={empty['id']}", check=False)

    assert (changed(empty), refused.returncode) == ([], 1)
    assert f"hv1: bridges br-int.ports.{port}.tag was 10 when planned, is 20 now" in refused.stdout
