"""`salt-run lab.reinstall`, with a minion that is the host which machines are installed from."""

from pathlib import Path

import pytest
import salt.crypt
import yaml

from saltext.lab.netboot.asks import Asks
from saltext.lab.plan import plain
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.wait import until
from tests.support import masters
from tests.support.labs import ONCE

SERVER = "pi2"
INSTALLS = compile(checked(ONCE))[SERVER]["netboot"]["installs"]
OURS = {"module_dirs": [str(masters.REPOSITORY)], "utils_dirs": [str(masters.REPOSITORY / "_utils")]}


class Site:
    """What the server has by HTTP, which the machine web1 reads and writes."""

    def __init__(self, root):
        self.asks, self.told = Asks(root), root / "told" / INSTALLS["web1"]["ip"]

    def tell(self, generation):
        """Tell what a machine tells that was installed."""
        self.told.mkdir(parents=True, exist_ok=True)
        (self.told / f"installed-{generation}").touch()

    def look(self):
        """Return which generation is asked for, and which was done."""
        return tuple(self.asks.look(**INSTALLS["web1"]).values())


@pytest.fixture(autouse=True)
def once(spec):
    """The lab whose web1 is installed once."""
    spec(yaml.safe_dump({"lab": plain(ONCE)}))


@pytest.fixture(scope="module")
def site(master, bus, home):
    """A ``Site``; its server's minion is up."""
    private, public = salt.crypt.gen_keys(2048)
    Path(master.opts["pki_dir"], "minions", SERVER).write_text(public)
    netboot = {"http": str(home / "http"), "installs": INSTALLS}
    with masters.minion(master, SERVER, private, public, **OURS, lab={"netboot": netboot}):
        until(lambda: f"salt/minion/{SERVER}/start" in {tag for tag, _ in bus.events}, 60, SERVER)
        yield Site(home / "http")


def test_where_the_server_is_silent_it_is_named_and_the_exit_code_is_1(master):
    done = master.run("lab.reinstall", "web1")

    assert (done.returncode, done.stdout.count("\n")) == (1, 1), done
    assert done.stdout.startswith("pi2 does not answer lab_netboot.reinstall — its minion is silent")


def test_a_machine_is_asked_for_once_until_it_has_told_that_it_is_done(master, site):
    early = master.run("lab.reinstall", "web1")
    assert (early.returncode, early.stdout.count("\n"), site.look()) == (1, 1, (1, None)), early
    assert "web1 is not asked to be installed again — generation 1 is asked for, and none was told of" in early.stdout

    site.tell(1)
    first = master.run("lab.reinstall", "web1")
    assert (first.returncode, site.look()) == (0, (2, 1)), first
    assert first.stdout == "web1 is installed anew when it boots next: generation 2\n"

    second = master.run("lab.reinstall", "web1")
    assert (second.returncode, second.stdout.count("\n"), site.look()) == (1, 1, (2, 1)), second
    assert "generation 2 is asked for, and 1 is installed — boot web1, and look at its console" in second.stdout

    site.tell(2)
    third = master.run("lab.reinstall", "web1")
    assert (third.returncode, site.look()) == (0, (3, 2)), third


@pytest.mark.parametrize("name", ["web2", "wbe1"])
def test_a_machine_that_is_not_installed_once_is_told_by_the_master_itself(master, bus, name):
    since = len(bus.events)
    done = master.run("lab.reinstall", name)

    assert (done.returncode, done.stdout.count("\n")) == (2, 1), done
    assert done.stdout.startswith(f"{name} is not installed once in lab demo (did you mean web1?)")
    assert bus.begun(since) == ["runner.lab.reinstall"]
