"""One master of the virtual machines for the whole tier, and hypervisors whose minion has no master."""

import base64
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import salt.client
import salt.crypt
import yaml
from salt._logging.impl import shutdown_temp_handler

from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.store import Store
from saltext.lab.virt import link
from saltext.lab.wait import until
from tests.support import masters, storage
from tests.support.libvirtd import libvirtd

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
    enrolled = master.run("lab.expect", f"[{{id: web1, fingerprint: {identity.fingerprint}, host: hv1}}]")
    assert enrolled.returncode == 0, enrolled
    with masters.minion(master, "web1", identity.private, identity.public):
        yield identity


@pytest.fixture
def highstated(master, web1):
    """The record of web1 once its first highstate has ended."""
    store = Store(master.records)

    def ended():
        record = store.get("web1")
        return record if record.highstate and record.highstate.boot else None

    return until(ended, 60, "the highstate of web1", f"see {master.home}/log")


@pytest.fixture
def spec(home):
    """A function that puts its text in the place of the demo lab's spec, until the test ends."""
    place = home / "pillar/demo.sls"
    yield place.write_text
    place.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def key():
    """The value of a secret: what of it is in no return, log and file is ``topsecret``, in base64 and plain."""
    return base64.b64encode(b"topsecret-topsecret").decode()


@pytest.fixture(scope="module")
def daemon():
    """A libvirtd that logs the calls of clients."""
    with libvirtd() as daemon:
        storage.trace(daemon)
        yield daemon


@pytest.fixture(scope="module")
def minion(daemon, key, tmp_path_factory):
    """A minion of that hypervisor, without a master; its pillar has the key of a secret."""
    root = tmp_path_factory.mktemp("minion")
    ours = {"uri": daemon.uri} | {name: str(root / name) for name in ("identities", "marks", "images")}
    opts = {
        "id": "hv1",
        "file_client": "local",
        "root_dir": str(root),
        "cachedir": str(root / "cache"),
        "extension_modules": str(root / "cache/extmods"),
        "pki_dir": str(root / "pki"),
        "file_roots": {"base": [str(root / "states")]},
        "pillar_roots": {"base": [str(root / "pillar")]},
        "module_dirs": [str(masters.REPOSITORY)],
        "utils_dirs": [str(masters.REPOSITORY / "_utils")],
        "enable_fqdns_grains": False,
        "lab": {"virt": ours},
    }
    for name in ("states", "pillar"):
        (root / name).mkdir()
    (root / "pillar/top.sls").write_text("base: {'*': [keys]}")
    (root / "pillar/keys.sls").write_text(yaml.safe_dump({"keys": {"libvirt": key}}))
    (root / "minion").write_text(yaml.safe_dump(opts))
    return salt.client.Caller(str(root / "minion"))


@pytest.fixture
def run(minion, daemon):
    """A function that applies *sls*, a dict, and returns ``{state id: return}``; what it made goes with the test."""

    def run(sls, test=False):
        Path(minion.opts["file_roots"]["base"][0], "lab.sls").write_text(yaml.safe_dump(sls, sort_keys=False))
        returned = minion.cmd("state.apply", "lab", test=test)
        assert isinstance(returned, dict), returned
        return {one["__id__"]: one for one in returned.values()}

    yield run
    with link.connect(daemon.uri) as conn:
        storage.clean(conn)


@pytest.fixture
def apply(run):
    """A function that applies one state of ours and returns what Salt says of it."""

    def apply(function, name, test=False, **wish):
        body = [{"name": name}, *({key: value} for key, value in wish.items())]
        return run({"it": {f"lab_virt.{function}": body}}, test)["it"]

    return apply


@pytest.fixture
def salt_call(minion):
    """A function that returns the ended ``salt-call`` *words* of that minion."""

    def salt_call(*words):
        argv = [masters.PROGRAMS / "salt-call", "-c", minion.opts["root_dir"], "--local", *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    return salt_call
