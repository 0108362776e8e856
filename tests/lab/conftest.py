"""One rack for all tests of this tier, beside whatever rack a person has up; gone when they end."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
EAR = 12  #: seconds that tcpdump listens
INSTANCE = "lt"  # short: it is part of the names of network interfaces


class Lab:
    """The lab of pillar SLS *sls* in a rack of its own."""

    def __init__(self, instance=INSTANCE, sls="demo"):
        self.names = {"RACK": instance, "LAB": sls}

    def rack(self, *words, check=True, timeout=300):
        """Run ``python -m rack`` with *words*."""
        argv, env = self._command(words)
        done = subprocess.run(argv, env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=timeout, check=False)
        assert not check or done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def _command(self, words):
        env = os.environ | self.names | {"PYTHONPATH": f"{CHECKOUT}/_utils:{CHECKOUT}"}
        return [sys.executable, "-m", "rack", *words], env

    @contextmanager
    def listening(self, **places):
        """
        Yield a function that ends the listening and returns ``{name: [line for each frame]}``.

        *places* is ``{name: (host, interface, tcpdump's filter)}``; it is heard there from now on.
        """
        ears = {name: self._ear(*place) for name, place in places.items()}
        try:
            for ear in ears.values():
                while "listening on" not in (line := ear.stderr.readline()):
                    assert line, "tcpdump ended before it began"
            yield lambda: {name: _lines(ear) for name, ear in ears.items()}
        finally:
            for ear in ears.values():
                ear.kill()

    def _ear(self, host, interface, words):
        dump = ["timeout", "-s", "INT", str(EAR), "tcpdump", "-l", "-n", "-e", "-i", interface, *words.split()]
        argv, env = self._command(["run", host, "--", *dump])
        pipe = subprocess.PIPE
        return subprocess.Popen(
            argv, env=env, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )

    def port(self, host, vm, card=0):
        """Return the name of the port of card number *card* of *vm* on *host*."""
        return self.run(host, "virsh", "domiflist", vm).stdout.splitlines()[2 + card].split()[0]

    def run(self, host, *words, check=True, timeout=300):
        """Run a command on *host* and return how it ended."""
        return self.rack("run", host, "--", *words, check=check, timeout=timeout)

    def seed(self):
        """Make the first master of a bare machine."""
        seed = ["salt-call", "--local", "-c", "/srv/lab/seed", "--retcode-passthrough", "-l", "error", "state.apply"]
        self.run("pi1", *seed)

    @contextmanager
    def spec(self, spec):
        """Have both masters take *spec*, a dict, for that of the lab while the block runs."""
        file = f"/srv/lab/pillar/{self.names['LAB']}.sls"
        lay = f'printf "%s" "$1" >/run/lab.sls && mount --bind /run/lab.sls {file}'
        for master in ("pi1", "pi2"):
            self.run(master, "sh", "-c", lay, "sh", json.dumps(spec))
        yield
        for master in ("pi1", "pi2"):
            self.run(master, "umount", file)

    def bootstrap(self, *words, check=True):
        """Return how ``salt-run lab.bootstrap`` ended, and its steps by name."""
        done = self.run("pi1", "salt-run", "--out", "json", "lab.bootstrap", *words, check=check, timeout=900)
        return done, {step["step"]: step for step in json.loads(done.stdout)["steps"]}

    def salt(self, master, minion, *words, timeout=120):
        """Return what an execution function returned on *minion* of *master*."""
        argv = ["salt", "--out", "json", "--static", "-t", str(timeout), minion, *words]
        done = self.run(master, *argv, check=False, timeout=timeout + 60)
        return json.loads(done.stdout)[minion]


def _lines(ear):
    return [line for line in ear.communicate(timeout=EAR + 20)[0].splitlines() if line]


@pytest.fixture(scope="session")
def seeded():
    """The lab as a person finds it who has racked up the machines and seeded the first master."""
    lab = Lab()
    lab.rack("down")
    lab.rack("up")
    try:
        lab.seed()
        yield lab
    finally:
        lab.rack("down")


@pytest.fixture(scope="session")
def lab(seeded):
    """The lab after ``lab.bootstrap``; ``lab.steps`` tells what that did."""
    _, seeded.steps = seeded.bootstrap()
    return seeded
