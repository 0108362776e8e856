"""libvirtd, or the minion, killed in the middle of a collection: the next run ends as wished, nothing is lost."""

import os
import signal
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import pytest

from saltext.lab.errors import Unreachable
from saltext.lab.outcome import Things
from saltext.lab.virt import link, pool, pool_xml, volume, volume_xml
from saltext.lab.virt.here import Here
from saltext.lab.virt.marks import Marks
from saltext.lab.virt.pool_model import Pools
from saltext.lab.virt.volume_model import Volumes
from saltext.lab.wait import until
from tests.support import storage
from tests.support.libvirtd import libvirtd


class Axe(Marks):
    """Marks whose nth writing is the last that libvirtd sees."""

    def __init__(self, directory, daemon, nth):
        super().__init__(directory)
        self.daemon, self.left = daemon, nth

    def put(self, kind, name, record=None):
        super().put(kind, name, record)
        self.left -= 1
        if self.left == 0:
            kill(self.daemon)


class Killed(BaseException):
    """The minion is no more."""


class Trap(Marks):
    """Marks whose nth writing is the last thing that the minion did not do."""

    def __init__(self, directory, nth):
        super().__init__(directory)
        self.left = nth

    def put(self, kind, name, record=None):
        self.left -= 1
        if self.left == 0:
            raise Killed
        super().put(kind, name, record)


def pids(daemon):
    """Return the processes called libvirtd in the namespaces of *daemon*."""
    ours = os.readlink(f"/proc/{daemon.pid}/ns/net")
    return [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is(entry, "libvirtd", ours)
    ]


def _is(process, name, net):
    try:
        return (process / "comm").read_text().strip() == name and os.readlink(process / "ns/net") == net
    except OSError:
        return False  # it has ended meanwhile


def kill(daemon):
    for pid in pids(daemon):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not pids(daemon), 20, "the end of libvirtd")


def start(daemon):
    inside = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()[0]
    enter = ["nsenter", "-t", inside, "-m", "-n", "-i", "-p"]
    (daemon.home / "run/libvirtd.pid").unlink(missing_ok=True)
    subprocess.run([*enter, "libvirtd", "-d"], check=True, capture_output=True, timeout=60)
    until(partial(answers, daemon), 60, "libvirtd")


def answers(daemon):
    try:
        with link.connect(daemon.uri):
            return True
    except Unreachable:
        return False


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        yield daemon


@pytest.fixture
def run(daemon, tmp_path):
    """A function that brings pools or volumes to a wish; libvirtd dies when the nth mark is written."""

    def run(kind, wish, nth=0, marks=None):
        with link.connect(daemon.uri) as conn:
            here = Here(conn, marks or Axe(tmp_path / "marks", daemon, nth))
            if kind == "pools":
                read, write = partial(pool.read, here), partial(pool.write, here)
                return storage.bring_by(lambda _: Things("p", Pools, read, write, pool_xml.impact))(wish)
            read, write = partial(volume.read, here, ["vms"]), partial(volume.write, here)
            things = Things("v", Volumes, lambda: volume_xml.as_asked(read(), wish), write, volume_xml.impact)
            return storage.bring_by(lambda _: things)(wish)

    yield run
    with link.connect(daemon.uri) as conn:
        storage.clean(conn)


@pytest.fixture
def home(daemon):
    with tempfile.TemporaryDirectory(dir=daemon.home) as home:
        yield Path(home)


@pytest.mark.parametrize("nth", [1, 3])
def test_pools(nth, run, daemon, home):
    wish = {f"p{n}": {"path": f"{home}/p{n}", "running": True, "autostart": True} for n in range(4)}
    dead = run("pools", wish, nth)
    assert dead["result"] is False
    assert "is libvirtd up" in dead["comment"]
    start(daemon)
    made, again = run("pools", wish), run("pools", wish)

    assert (made["result"], again["result"], again["changes"]) == (True, True, {}), made["comment"]
    assert len(list(home.iterdir())) == 4


# The marks of a clone are written before it is made and again after: the 2nd is when base is made, the 4th when v1 is.
@pytest.mark.parametrize("nth", range(1, 8))
def test_volumes(nth, run, daemon, home):
    run("pools", {"vms": {"path": str(home), "running": True, "autostart": True}})
    run("volumes", {"vms:base": {"size_mib": 2}})
    (home / "base").write_bytes(b"content" + bytes((2 << 20) - 7))
    wish = {f"vms:v{n}": {"clone_of": "base", "format": "raw"} for n in range(3)} | {"vms:w": {"size_mib": 1}}
    dead = run("volumes", wish, nth)
    start(daemon)
    made, again = run("volumes", wish), run("volumes", wish)

    assert dead["result"] is False
    assert "is libvirtd up" in dead["comment"]
    assert (made["result"], again["result"], again["changes"]) == (True, True, {}), made["comment"]
    assert sorted(file.name for file in home.iterdir()) == ["base", "v0", "v1", "v2", "w"]
    assert {(home / f"v{n}").read_bytes()[:7] for n in range(3)} == {b"content"}


@pytest.mark.parametrize("nth", range(1, 5))
def test_volumes_when_the_minion_is_killed(nth, run, daemon, home, tmp_path):
    run("pools", {"vms": {"path": str(home), "running": True}})
    run("volumes", {"vms:base": {"size_mib": 2}})
    wish = {f"vms:v{n}": {"clone_of": "base"} for n in range(2)}
    with pytest.raises(Killed):
        run("volumes", wish, marks=Trap(tmp_path / "marks", nth))
    with link.connect(daemon.uri) as conn:
        known = volume.read(Here(conn, Marks(tmp_path / "marks")), ["vms"])
    seen = [name for name, one in known.items() if not one.get("unfinished")]
    there = {f"vms:{file.name}" for file in home.iterdir()}
    made, again = run("volumes", wish), run("volumes", wish)

    assert len(there - set(seen)) == (nth % 2 == 0)  # a clone that was not said to be finished is not counted on
    assert (made["result"], again["result"], again["changes"]) == (True, True, {}), made["comment"]
