"""Racks of real hosts: systemd, libvirtd and Open vSwitch in containers, on real wires."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

import images
from rack.cgroup import OURS
from rack.place import CHECKOUT, Place
from saltext.lab import power
from saltext.lab.admit.key import fingerprint
from saltext.lab.errors import BadWish, Refused, Unreachable
from saltext.lab.power.rack import ask
from saltext.lab.wait import until
from tests.unit.test_rack_topology import SPEC

DOMAIN = """<domain type='qemu'><name>g</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os>
<devices><interface type='bridge'><source bridge='br0'/><virtualport type='openvswitch'/></interface></devices>
</domain>"""
TAGGED = """
import socket, sys
frame = bytes.fromhex("ffffffffffff" "020000000001" "8100" "002a" "88b5") + b"tagged".ljust(1590, b".")
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
line.bind(("trunk0", 0))
if sys.argv[1] == "send":
    sys.exit(line.send(frame) != len(frame))
line.setsockopt(263, 8, 1)  # PACKET_AUXDATA: the kernel takes the tag out of the frame
line.settimeout(10)
print("listening", flush=True)
while True:
    data, more, _, _ = line.recvmsg(9000, 100)
    if b"tagged" in data:
        sys.exit(print(int.from_bytes(more[0][2][16:18], sys.byteorder), len(data)))
"""


class Rack:
    """A rack of its own with the hosts pi1, pi2 and hv1, driven as a person would: by its commands."""

    def __init__(self, home, name):
        self.place, self.home, self.spec = Place(name), home, home / "lab.yaml"
        self.spec.write_text(yaml.safe_dump({"lab": SPEC}, sort_keys=False))

    def start(self, *words, **more):
        env = os.environ | {"RACK": self.place.instance, "RACK_STATE": str(self.home), "PYTHONPATH": "_utils:."}
        # A test run in the background ignores Ctrl-C, and what it starts would inherit that.
        argv = ["env", "--default-signal=INT", sys.executable, "-m", "rack", "--spec", str(self.spec), *words]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(argv, cwd=CHECKOUT, env=env, **pipes | more)

    def __call__(self, *words, code=0, **more):
        process = self.start(*words, **more)
        out, err = process.communicate(timeout=120)
        assert code in (process.returncode, None), f"{words}: {process.returncode} {out} {err}"
        return err if code else out

    def on(self, host, *argv, **more):
        return self("run", host, "--", *argv, **more)

    def status(self):
        return json.loads(self("status", "--json"))["hosts"]

    def driver(self, host):
        return power.driver({"driver": "rack", "path": self.place.socket}, host)


@contextmanager
def racked(home):
    rack = Rack(home, f"t-{os.getpid()}-{home.name[0]}")
    try:
        yield rack
    finally:
        rack("down")
    assert left(rack) == []


def left(rack):
    """Return what of *rack* is on this machine: processes, namespaces, mounts, control groups, directories."""
    name = rack.place.instance
    commands = subprocess.run(["ps", "-eo", "stat=,args="], capture_output=True, text=True, check=True).stdout
    found = [line for line in commands.splitlines() if line[0] != "Z" and f"--machine={name}" in line]
    found += [str(path) for path in Path("/run/netns").glob(f"{name}*")]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{OURS}/{name}*")]
    found += [str(path) for path in Path("/run").glob(f"s*/**/{name}*") if path.parent.name != "netns"]
    found += [str(path) for path in rack.home.iterdir() if path != rack.spec]
    mounts = Path("/proc/mounts").read_text().splitlines()
    if not any(Path("/run/netns").glob("*")):
        found += [line for line in mounts if " /run/netns " in line]
    return found + [line for line in mounts if name in line or str(rack.home) in line]


@pytest.fixture(scope="module", autouse=True)
def image():
    assert os.geteuid() == 0, "a rack needs root: it makes namespaces and mounts"
    return images.build("host")


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with racked(tmp_path_factory.mktemp("a")) as rack:
        said = [line.split(",")[0] for line in rack("up", "pi1", "hv1").splitlines()]
        assert said == ["pi1 is running", "hv1 is running"]
        yield rack


@pytest.fixture
def other(tmp_path_factory):
    with racked(tmp_path_factory.mktemp("b")) as rack:
        yield rack


def test_a_second_up_says_so_at_once_and_changes_nothing(rack):
    before = rack.status()
    used = os.times().children_user
    assert "is up already" in rack("up", "pi2")
    assert os.times().children_user - used < 1  # seconds of a processor: what a clock shows depends on the neighbours
    assert rack.status() == before


@pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", -9)])
def test_run_ends_as_the_command_did(rack, command, code):
    rack.on("hv1", "sh", "-c", command, code=code)


def test_run_passes_input_output_and_a_clean_environment(rack):
    assert rack.on("hv1", "cat", stdin=subprocess.PIPE) == ""
    lines = rack.on("hv1", "sh", "-c", "hostname; pwd; env").splitlines()
    assert lines[:2] == ["hv1", "/root"]
    assert {line.partition("=")[0] for line in lines[2:]} <= {"PATH", "HOME", "LANG", "TERM", "PWD"}
    assert "No such file" in rack.on("hv1", "no-such-command", code=127)


def test_run_on_a_host_that_is_off_or_unknown_says_so_and_is_not_taken_for_the_command(rack):
    assert "power on pi2" in rack.on("pi2", "true", code=125)
    assert "pi1, pi2, hv1" in rack.on("hv9", "true", code=125)


def test_hosts_run_what_a_hypervisor_runs(rack):
    units = ("libvirtd", "openvswitch-switch", "salt-minion", "systemd-networkd")
    assert rack.on("hv1", "systemctl", "is-active", *units).split() == ["active"] * 4
    rack.on("hv1", "ovs-vsctl", "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
    rack.on("hv1", "sh", "-c", f'printf "%s" "{DOMAIN}" >g.xml && virsh create g.xml && virsh destroy g')


def test_a_unit_that_stops_ends_all_of_its_processes_and_none_in_other_hosts(rack):
    for host in ("pi1", "hv1"):
        rack.on(host, "systemd-run", "--unit=same", "sh", "-c", "sleep 1000 & sleep 1001")
    rack.on("hv1", "systemctl", "stop", "same")
    rack.on("hv1", "pgrep", "-x", "sleep", code=1)
    assert rack.on("pi1", "pgrep", "-xc", "sleep") == "2\n"


def test_a_host_is_who_its_installation_says(rack):
    uuid = rack.on("hv1", "cat", "/etc/machine-id").strip()
    assert uuid in rack.on("hv1", "virsh", "capabilities").replace("-", "")
    assert rack.on("hv1", "hostname", "-f").strip() == "hv1.demo.example"
    record = json.loads(rack.on("pi1", "cat", "/run/rack/enrolments/hv1.json"))
    assert record == {"id": "hv1", "fingerprint": fingerprint(rack.on("hv1", "cat", "/etc/salt/pki/minion/minion.pub"))}
    assert rack.driver("hv1").fingerprint() == record["fingerprint"]


def test_only_the_physical_master_reaches_the_power(rack):
    client = "import socket; socket.socket(socket.AF_UNIX).connect('/run/rack/power.sock')"
    rack.on("pi1", "python3", "-c", client)
    rack.on("pi1", "sh", "-c", "test -e /srv/lab/rack && ! touch /srv/lab/x /run/rack/x")
    rack.on("hv1", "sh", "-c", "! test -e /run/rack && ! test -e /srv/lab && ! test -e /dev/kvm")


def test_hosts_reach_each_other_by_name(rack):
    rack.on("hv1", "ping", "-c", "1", "-W", "2", "pi1.demo.example")


def test_large_and_tagged_frames_pass_the_switch(rack):
    # pi1 has no second card, so the frame comes back to a socket of hv1's own: trunk1 hears what trunk0 sends.
    receiver = rack.start("run", "hv1", "--", "python3", "-uc", TAGGED.replace('"trunk0"', '"trunk1"'), "receive")
    assert receiver.stdout.readline() == "listening\n"
    rack.on("hv1", "python3", "-c", TAGGED, "send")
    assert receiver.communicate(timeout=20)[0].split() == ["42", str(1590 + 14)]


def test_pulling_the_plug_loses_what_ran_and_keeps_the_disk(rack):
    rack.on("hv1", "sh", "-c", "echo kept >/root/file; ip link add lost type bridge")
    rack("power", "off", "hv1")
    assert rack.status()["hv1"]["power"] == "unplugged"
    assert not Path("/run/netns", rack.place.machine("hv1")).exists()
    with pytest.raises(Refused, match="no mains power.*rack power on hv1"):
        rack.driver("hv1").on()
    assert rack("power", "on", "hv1").startswith("hv1 is running")
    assert rack.on("hv1", "cat", "/root/file") == "kept\n"
    assert "lost" not in rack.on("hv1", "ip", "link")


def test_a_driver_switches_on_and_off_and_may_be_asked_twice(rack):
    button = rack.driver("pi2")
    for press, state in ((button.on, "on"), (button.on, "on"), (button.off, "off"), (button.off, "off")):
        press()
        assert button.status() == state


def test_a_driver_says_why_it_cannot(tmp_path):
    with pytest.raises(Unreachable, match="is the rack up"):
        power.driver({"driver": "rack", "path": tmp_path / "power.sock"}, "hv1").status()
    with pytest.raises(BadWish, match="there are rack"):
        power.driver({"driver": "steam"}, "hv1")
    with pytest.raises(BadWish, match="lab:hosts:hv1:power"):
        power.driver({"driver": "rack", "volts": 230}, "hv1")


def test_a_host_that_reboots_or_goes_off_by_itself_is_noticed(rack):
    first = rack.status()["hv1"]["pid"]
    rack.on("hv1", "systemctl", "reboot", "--force", "--force", code=None)
    until(lambda: rack.status()["hv1"]["pid"] not in (None, first), 20, "another first process of hv1")
    until(lambda: rack.status()["hv1"]["booted"], 20, "the boot of hv1")
    rack.on("hv1", "systemctl", "poweroff", "--force", "--force", code=None)
    until(lambda: rack.status()["hv1"]["power"] == "off", 20, "the end of hv1")
    rack.driver("hv1").on()


@pytest.mark.parametrize("request_", [{}, [], 7, {"op": "melt"}, {"op": "on"}, {"op": "on", "host": ["hv1"]}])
def test_a_request_that_makes_no_sense_is_refused_and_harms_nobody(rack, request_):
    with pytest.raises(Refused, match="cannot do that|no host"):
        ask(request_, rack.place.socket)
    assert rack.status()["pi1"]["power"] == "on"


def test_stop_at_the_socket_ends_everything_and_another_up_starts_it(other):
    other("up")
    assert ask({"op": "stop"}, other.place.socket) == {"hosts": {}}
    assert not any("--machine" in line for line in left(other))
    until(lambda: other("up").startswith("pi1 is running"), 20, "another rack")  # the daemon is still on its way out


def test_up_boots_the_physical_master_and_down_leaves_nothing(other, rack):
    assert other("up").startswith("pi1 is running")
    assert {name: host["power"] for name, host in other.status().items()} == {"pi1": "on", "pi2": "off", "hv1": "off"}
    assert rack.status()["pi1"]["power"] == "on"  # two racks at once
    assert left(other) != []
    other("down")
    assert left(other) == []
    assert rack.status()["pi1"]["power"] == "on"
    assert other("down") == f"rack {other.place.instance} is down\n"
    assert "is not up" in other("status", code=1)


def test_a_rack_whose_daemon_was_killed_comes_up_again_with_its_disks(other):
    other("up")
    other.on("pi1", "touch", "/root/file")
    daemon = next(Path("/sys/fs/cgroup").glob(f"**/{OURS}/{other.place.instance}/cgroup.procs"))
    os.kill(int(daemon.read_text().split()[0]), signal.SIGKILL)
    until(lambda: "is not up" in other.start("status").communicate()[1], 5, "the end of the daemon")
    other("up")
    other.on("pi1", "test", "-e", "/root/file")


def test_disks_can_outlive_a_rack(other):
    other("up")
    other.on("pi1", "touch", "/root/file")
    key = other.driver("pi1").fingerprint()
    other("down", "--keep-disks")
    assert left(other) == [str(other.home / other.place.instance)]
    other("up")
    other.on("pi1", "test", "-e", "/root/file")
    assert other.driver("pi1").fingerprint() == key


@pytest.mark.parametrize("sight", ["lock", "enrolments/hv1.json", "power.sock", "pi1.notify", "hv1.notify"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_up_that_is_interrupted_leaves_nothing(other, how, sight):
    going = other.start("up", "pi1", "hv1")
    until((other.place.runtime / sight).exists, 30, sight)
    going.send_signal(how)
    assert going.wait(30) != 0
    assert left(other) == []


def written(file):
    """Return when *file* was written last, or None where it is gone."""
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_mtime_ns
    return None


def test_a_down_ends_an_up_that_is_still_going_on(other):
    lock = other.place.runtime / "lock"
    going = other.start("up", "pi1", "hv1")
    until(lock.exists, 30, "the lock", longest=0.05)
    going.send_signal(signal.SIGSTOP)  # so that it is not done before the other begins
    held = written(lock)
    ending = other.start("down")  # opens the lock; where a daemon has it already, ends that and removes it
    until(lambda: written(lock) != held, 30, "a down that wants the lock")
    going.send_signal(signal.SIGCONT)
    assert ending.wait(60) == 0
    assert going.wait(30) != 0
    assert left(other) == []


def test_an_up_that_cannot_be_builds_nothing(other):
    assert "pi1, pi2, hv1" in other("up", "hv9", code=1)
    assert "no root directory" in other("up", "--image", str(other.home / "none"), code=1)
    assert left(other) == []
