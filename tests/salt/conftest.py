"""One master of the virtual machines for the whole tier, with the suite's own configuration."""

import shutil
import tempfile
from pathlib import Path

import pytest
import salt.crypt
from salt._logging.impl import shutdown_temp_handler

from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.store import Store
from saltext.lab.wait import until
from tests.support import masters

shutdown_temp_handler()  # it keeps records for a set-up that never comes here, and prints them at exit

# The role `motd` for the machine that runs the tests: the real one writes /etc/motd.
MOTD = """\
{{%- set lab = pillar.lab %}}

{home}/{{{{ lab.id }}}}.motd:
  file.managed:
    - contents: "{{{{ lab.id }}}}: {{{{ lab.motd.text }}}}"

{home}/{{{{ lab.id }}}}.pillar:
  file.managed:
    - contents: {{{{ pillar | json | json }}}}

echo highstate >> {home}/{{{{ lab.id }}}}.runs:
  cmd.run: []
"""


class Identity:
    """A key pair, as a minion has one."""

    def __init__(self):
        self.private, self.public = salt.crypt.gen_keys(2048)
        self.fingerprint = fingerprint(self.public)


@pytest.fixture(scope="session")
def home():
    with tempfile.TemporaryDirectory(prefix="lab-") as home:  # short: sockets are in it
        yield Path(home)


@pytest.fixture(scope="session")
def master(home):
    """A running master that serves ``virtual``."""
    with masters.master(home) as running:
        (home / "tree/motd").mkdir()
        (home / "tree/motd/init.sls").write_text(MOTD.format(home=home))
        shutil.copy(masters.REPOSITORY / "salt/top.sls", home / "tree")
        yield running


@pytest.fixture(scope="session")
def bus(master):
    """The event bus of that master, watched from the start."""
    with masters.Bus(master.opts) as bus:
        yield bus


@pytest.fixture
def identity():
    return Identity


@pytest.fixture(scope="session")
def web1(master, bus):
    """The minion web1 of the demo lab, enrolled, and up; yield its key pair."""
    identity = Identity()
    enrolled = master.run("lab.enrol", f"[{{id: web1, fingerprint: {identity.fingerprint}, host: hv1}}]")
    assert enrolled.returncode == 0, enrolled
    with masters.minion(master, "web1", identity.private, identity.public):
        yield identity


@pytest.fixture
def highstated(master, web1):
    """The record of web1 once its first highstate has ended."""
    store = Store(master.records)

    def ended():
        record = store.get("web1")
        return record if record.highstate and record.highstate.state != "running" else None

    return until(ended, 60, "the highstate of web1", f"see {master.home}/log")


@pytest.fixture
def spec(home):
    """A function that puts its text in the place of the demo lab's spec, until the test ends."""
    place = home / "pillar/demo.sls"
    yield place.write_text
    place.unlink(missing_ok=True)
