"""A real master with the suite's own configuration, and minions of it, each a process in a directory of its own."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import jinja2
import salt.config
import salt.utils.event
import yaml

from saltext.lab.errors import Unreachable
from saltext.lab.wait import until
from tests.support.knock import knock

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
TEMPLATE = REPOSITORY / "salt/salt-master/lab.conf.j2"


class Master:
    """A salt-master that runs in *home*, and the questions that tests have for it."""

    def __init__(self, home, pid):
        self.home, self.config, self.pid = home, home / "master", pid
        self.opts = salt.config.master_config(str(self.config))
        self.records, self.audit = Path(self.opts["lab"]["records"]), Path(self.opts["lab"]["audit"])

    def run(self, *words):
        """Return the ended process ``salt-run`` *words*."""
        return self._program("salt-run", *words)

    def call(self, minion, *words):
        """Return what ``salt`` *minion* *words* returned."""
        return json.loads(self._program("salt", "--out=json", minion, *words).stdout)[minion]

    def knock(self, minion, pub):
        """Return what the master says to somebody who presents *pub* as *minion*; no key is asked for."""
        return knock(self.opts["ret_port"], minion, pub)

    def keys(self, status):
        """Return the ids whose keys are in *status*: ``minions``, ``minions_pre``, ``minions_denied``."""
        return {path.name for path in Path(self.opts["pki_dir"], status).iterdir() if not path.name.startswith(".key")}

    def said(self, minion):
        """Return the verdicts on *minion* in the audit, oldest first, each as ``(act, why)``."""
        lines = [json.loads(line) for line in self.audit.read_text().splitlines()] if self.audit.exists() else []
        return [(line["act"], line["why"]) for line in lines if line["id"] == minion]

    def child(self, name):
        """Return the pid of the one process of this master with *name* in its title."""
        return until(lambda: [pid for pid, _, title in self.processes() if name in title], 20, f"process {name}")[0]

    def processes(self):
        """Return ``(pid, resident memory in KiB, title)`` of each process of this master."""
        told = subprocess.check_output(["ps", "-ww", "-o", "pid=,rss=,args=", "-g", str(self.pid)], text=True)
        found = [line.split(maxsplit=2) for line in told.splitlines()]
        return [(int(pid), int(memory), title) for pid, memory, title in found]

    def kill(self):
        """End all of its processes at once, as a power cut does."""
        os.killpg(self.pid, signal.SIGKILL)

    def _program(self, program, *words):
        argv = (PROGRAMS / program, "-c", self.home, *words)
        return subprocess.run(argv, env=_environment(), capture_output=True, text=True, timeout=90, check=False)


class Bus:
    """What happens on a master's event bus while it is watched: ``events`` grows, a list of ``(tag, data)``."""

    def __init__(self, opts):
        self.opts, self.events, self._ended, self._listens = opts, [], threading.Event(), threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        assert self._listens.wait(20)
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(20)

    def ended(self, since=0):
        """Return what is told of every runner that has ended, in order: ``fun``, ``return``, ``success``."""
        return [data for tag, data in self.events[since:] if _is(tag, "run", "ret")]

    def begun(self, since=0):
        """Return the name of every runner, wheel function and job that has begun, in order."""
        new = [(tag, data) for tag, data in self.events[since:] if tag.endswith("/new")]
        return [data["fun"] for tag, data in new if _is(tag, "run") or _is(tag, "wheel") or _is(tag, "job")]

    def _listen(self):
        with salt.utils.event.get_master_event(self.opts, self.opts["sock_dir"], listen=True) as bus:
            self._listens.set()
            while not self._ended.is_set():
                if event := bus.get_event(wait=0.5, full=True, auto_reconnect=True):
                    self.events.append((event["tag"], event["data"]))


@contextmanager
def master(home, spec="demo", serves=("virtual",), admission="engine"):
    """Run a ``Master`` in *home*: its configuration is the formula's, but for places, ports and the file root."""
    configure(home, spec, serves, admission)
    with started(home) as running:
        until(lambda: running.keys("minions") == set(), 1, "its store of keys")
        yield running


@contextmanager
def started(home):
    """Run a ``Master`` with the configuration and whatever else there is in *home*."""
    with _process(PROGRAMS / "salt-master", "-c", home, log=home / "master.out") as process:
        running = Master(home, process.pid)
        until(lambda: _answers(running), 60, f"a master, see {home}/master.out and")
        yield running


@contextmanager
def minion(of, name, private, public, knows=True, **more):
    """
    Run the minion *name* of master *of* with that key pair, and *more* configuration; yield its directory.

    It *knows* the key of its master, and takes no other; else it takes the first that it is shown.
    """
    home = _minion(of, name, private, public, knows, **more)
    try:
        with _process(PROGRAMS / "salt-minion", "-c", home, log=home / "minion.out"):
            yield home
    finally:
        shutil.rmtree(home)  # another test may have one of that name


@contextmanager
def minions(of, pairs):
    """Run a minion of master *of* for each of *pairs*, ``{name: (private, public)}``: real ones, forked from one."""
    homes = [_minion(of, name, *pair, knows=True, multiprocessing=False) for name, pair in pairs.items()]
    with _process(sys.executable, REPOSITORY / "tests/support/herd.py", *homes, log=of.home / "herd.out"):
        yield


def _minion(of, name, private, public, knows, **more):  # noqa: PLR0913, PLR0917
    """Write what the minion *name* has before it starts; return its directory."""
    home = of.home / f"minion-{name}"
    pki = home / "pki"
    pki.mkdir(parents=True)
    (pki / "minion.pem").touch(mode=0o600)
    (pki / "minion.pem").write_text(private)
    (pki / "minion.pub").write_text(public)
    if knows:
        (pki / "minion_master.pub").write_text(Path(of.opts["pki_dir"], "master.pub").read_text())
    ours = {"id": name, "master": "127.0.0.1", "master_port": of.opts["ret_port"], "root_dir": str(home)}
    ours |= {"acceptance_wait_time": 1, "rejected_retry": True, "random_reauth_delay": 2, "enable_fqdns_grains": False}
    ours |= {"mine_enabled": False, "autoload_dynamic_modules": False, "grains_cache": False}
    (home / "minion").write_text(yaml.safe_dump(ours | _places(home) | more))
    return home


def configuration(**about):
    """Return the configuration that the formula writes for a master with *about* in its slice."""
    jinja = jinja2.Environment()
    jinja.filters["json"] = json.dumps
    about["tree"] = str(REPOSITORY)
    return yaml.safe_load(jinja.from_string(TEMPLATE.read_text()).render(pillar={"lab": {"master": about}}))


def configure(home, spec="demo", serves=("virtual",), admission="engine"):
    """Write the configuration of a master into *home*."""
    opts = configuration(spec=spec, serves=list(serves), admission=admission)
    opts["lab"] |= {"records": str(home / "records"), "audit": str(home / "audit/admission.log")}
    opts["lab"] |= {"overlays": str(home / "overlays"), "standing": str(home / "standing.json")}
    opts |= {"interface": "127.0.0.1", "publish_port": _free(), "ret_port": _free(), "root_dir": str(home)}
    # What a test puts into the first of these stands before what the repository has.
    opts["file_roots"] = {"base": [str(home / "tree")]}
    opts["pillar_roots"] = {"base": [str(home / "pillar"), *opts["pillar_roots"]["base"]]}
    for place in ("tree", "pillar"):
        (home / place).mkdir()
    (home / "master").write_text(yaml.safe_dump(opts | _places(home)))


def _places(home):
    names = {"pki_dir": "pki", "cachedir": "cache", "sock_dir": "run", "pidfile": "pid", "log_file": "log"}
    return {key: str(home / name) for key, name in names.items()} | {"extension_modules": str(home / "cache/extmods")}


def _answers(running):
    with contextlib.suppress(FileNotFoundError):
        return running.knock("../nobody", "") is False and running.keys("minions") is not None
    return False


@contextmanager
def _process(*argv, log):
    with open(log, "w") as out:
        argv = ("setpriv", "--pdeathsig", "TERM", *argv)  # it ends with the tests, even when they are killed
        child = subprocess.Popen(argv, stdout=out, stderr=out, env=_environment(), start_new_session=True)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired as err:
            raise Unreachable(f"{argv[3]} does not end", f"pid {child.pid}") from err
        finally:
            with contextlib.suppress(ProcessLookupError):  # it leads a group of its own; what is left of that goes too
                os.killpg(child.pid, signal.SIGKILL)
            child.wait(10)


def _environment():
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def _free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is(tag, *parts):
    words = tag.split("/")
    return words[0] == "salt" and words[1:2] == [parts[0]] and (len(parts) == 1 or words[-1] == parts[1])
