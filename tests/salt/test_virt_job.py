"""One job with all kinds of things of libvirt: what it plans, what it does, and how it reaches libvirt."""

import hashlib
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from saltext.lab.virt import link
from tests.support import masters, storage

#: What `systemctl restart libvirtd` would do after a crash.
RESTART = """
from pathlib import PosixPath
from saltext.lab.virt import link
from saltext.lab.wait import until
from tests.support.libvirtd import Libvirtd
daemon = {daemon!r}
daemon.crash()
daemon.start()
until(lambda: link.kept(daemon.uri), 60, "libvirtd")
"""


@pytest.fixture
def home(daemon):
    """A directory for a pool, with an image beside it."""
    with tempfile.TemporaryDirectory(dir=daemon.home) as home:
        Path(home).chmod(0o755)
        Path(home, "deb.img").write_bytes(bytes(1 << 20))
        yield Path(home)


@pytest.fixture
def sls(home):
    """The states of a hypervisor, each kind after those it needs."""
    image = home / "deb.img"
    sha256 = hashlib.sha256(image.read_bytes()).hexdigest()
    wishes = {
        "secrets": {"client.libvirt": {"cluster": "attic", "value_pillar": "keys:libvirt"}},
        "networks": {"lan": {"forward": "bridge", "bridge": "br-lab", "running": True, "autostart": True}},
        "pools": {"vms": {"path": str(home / "vms"), "running": True, "autostart": True}},
        "images": {"vms": {"deb": {"source": str(image), "sha256": sha256, "source_format": "raw"}}},
        "volumes": {"vms": {"root": {"size_mib": 2, "backing": {"volume": "deb"}}, "data": {"size_mib": 1}}},
        "domains": {
            "vm1": {
                "type": "qemu",
                "memory_mib": 64,
                "machine": "q35",
                "disks": {"vda": {"pool": "vms", "volume": "root", "bus": "virtio", "format": "qcow2"}},
                "nics": {"52:54:00:00:01:01": {"network": "lan", "model": "virtio"}},
                "running": True,
                "autostart": True,
            }
        },
    }
    return {
        kind: {f"lab_virt.{kind}": [{"name": f"lab:virt:{kind}"}, *({name: one} for name, one in wish.items())]}
        for kind, wish in wishes.items()
    }


def test_v1_a_plan_of_all_kinds_makes_no_write_and_is_what_the_run_then_does(run, sls, daemon, snapshot):
    before, since = snapshot(), len(daemon.calls())
    told = run(sls, test=True)
    calls = set(daemon.calls()[since:])
    assert snapshot() == before
    made, again = run(sls), run(sls)

    assert calls
    assert calls - storage.ALL_LOOKS == set()
    assert {kind: one["result"] for kind, one in told.items()} == dict.fromkeys(sls)
    assert {kind: one["comment"] for kind, one in told.items()} == dict.fromkeys(sls, "to be changed")
    assert {kind: one["result"] for kind, one in made.items()} == dict.fromkeys(sls, True), made["domains"]["comment"]
    assert {kind: one["changes"] for kind, one in made.items()} == {kind: told[kind]["changes"] for kind in sls}
    assert {kind: one["changes"] for kind, one in again.items()} == dict.fromkeys(sls, {})


def test_v1_a_plan_for_what_is_there_makes_no_write_either(run, sls, daemon, snapshot):
    assert all(one["result"] for one in run(sls).values())
    text = yaml.safe_dump(sls).replace("size_mib: 1", "size_mib: 3").replace("memory_mib: 64", "memory_mib: 96")
    changed = yaml.safe_load(text)
    before, since = snapshot(), len(daemon.calls())
    told = run(changed, test=True)
    calls = set(daemon.calls()[since:])
    assert snapshot() == before
    made = run(changed)

    assert calls - storage.ALL_LOOKS == set()
    assert {kind for kind, one in told.items() if one["changes"]} == {"volumes", "domains"}
    assert {kind: one["changes"] for kind, one in made.items()} == {kind: one["changes"] for kind, one in told.items()}


def test_v12_a_job_opens_one_connection_and_leaves_no_word_in_the_log(salt_call, run, sls, daemon):
    run(sls, test=True)  # writes the SLS
    log, before = daemon.home / "var/log/libvirt/libvirtd.log", newest_client(daemon)
    done = salt_call("state.apply", "lab")

    assert (done.returncode, done.stderr) == (0, ""), done
    assert newest_client(daemon) - before == 1 + 1  # that of the job, and the one that asks
    assert "End of file" not in log.read_text(errors="replace")


def test_a_libvirtd_that_is_killed_and_started_between_two_states_is_found_again(run, sls, daemon):
    env = {"PYTHONPATH": f"{masters.REPOSITORY / '_utils'}:{masters.REPOSITORY}"}
    command = shlex.join([sys.executable, "-c", RESTART.format(daemon=daemon)])
    restart = {"restart": {"cmd.run": [{"name": command}, {"env": env}]}}
    order = dict(list(sls.items())[:3]) | restart | dict(list(sls.items())[3:])
    returned = run(order)

    assert {name: one["result"] for name, one in returned.items()} == dict.fromkeys(order, True), returned["restart"]
    assert sorted(returned, key=lambda name: returned[name]["__run_num__"]) == list(order)


def newest_client(daemon):
    """Return the number of the newest client of libvirtd, which counts them; it is the one that asks."""
    uri = f"libvirtd:///system?socket={daemon.home}/run/libvirt/libvirt-admin-sock"
    with link.connect(daemon.uri):
        listed = subprocess.run(
            ["virt-admin", "-c", uri, "client-list", "libvirtd"], check=True, capture_output=True, text=True
        )
    return max(int(line.split()[0]) for line in listed.stdout.splitlines() if "unix" in line)


@pytest.fixture
def snapshot(daemon, minion, home):
    """A function that returns all that libvirt knows, and all files that are ours or in a pool."""
    places = [home, *(Path(minion.opts["lab"]["virt"][name]) for name in ("marks", "images", "identities"))]

    def snapshot():
        with link.connect(daemon.uri) as conn:
            domains = {one.name(): (one.XMLDesc(), one.autostart()) for one in conn.listAllDomains()}
            files = {file: file.stat().st_mtime_ns for place in places for file in place.rglob("*")}
            return storage.everything(conn), domains, files

    return snapshot
