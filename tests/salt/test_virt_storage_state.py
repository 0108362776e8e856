"""Pools, volumes, images, networks and secrets as Salt calls them: its loaders, an SLS, the pillar of a minion."""

import base64
import hashlib
import tempfile
from pathlib import Path

import pytest
import salt.client
import yaml
from salt._logging.impl import shutdown_temp_handler

from saltext.lab.virt import link
from tests.support import storage
from tests.support.libvirtd import libvirtd

REPOSITORY = Path(__file__).parents[2]
KEY = base64.b64encode(b"topsecret-topsecret").decode()
SECRET = {"client.libvirt": {"cluster": "attic", "value_pillar": "keys:libvirt"}}
NETWORK = {"forward": "bridge", "bridge": "br-int", "virtualport": "openvswitch", "portgroups": {"lan": {"tag": 10}}}


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        storage.trace(daemon)
        yield daemon


@pytest.fixture(scope="module")
def minion(daemon, tmp_path_factory):
    """A minion without a master whose pillar has the key of a secret."""
    root = tmp_path_factory.mktemp("minion")
    opts = {
        "id": "hv1",
        "file_client": "local",
        "root_dir": str(root),
        "cachedir": str(root / "cache"),
        "extension_modules": str(root / "cache/extmods"),
        "pki_dir": str(root / "pki"),
        "file_roots": {"base": [str(root / "states")]},
        "pillar_roots": {"base": [str(root / "pillar")]},
        "module_dirs": [str(REPOSITORY)],
        "utils_dirs": [str(REPOSITORY / "_utils")],
        "lab": {"virt": {"uri": daemon.uri, "marks": str(root / "marks"), "images": str(root / "images")}},
    }
    (root / "states").mkdir()
    (root / "pillar").mkdir()
    (root / "pillar/top.sls").write_text("base: {'*': [keys]}")
    (root / "pillar/keys.sls").write_text(yaml.safe_dump({"keys": {"libvirt": KEY}}))
    (root / "minion").write_text(yaml.safe_dump(opts))
    shutdown_temp_handler()  # it keeps records for a set-up that never comes here, and prints them at exit
    return salt.client.Caller(str(root / "minion"))


@pytest.fixture
def apply(minion, daemon):
    """A function that applies one state of ours and returns what Salt says of it."""

    def apply(function, name, test=False, **wish):
        states = Path(minion.opts["file_roots"]["base"][0])
        body = [{"name": name}, *({key: value} for key, value in wish.items())]
        (states / "lab.sls").write_text(yaml.safe_dump({"it": {f"lab_virt.{function}": body}}))
        returned = minion.cmd("state.apply", "lab", test=test)
        assert isinstance(returned, dict), returned
        (one,) = returned.values()
        return one

    yield apply
    with link.connect(daemon.uri) as conn:
        storage.clean(conn)


@pytest.fixture
def only_once(apply):
    """A function that applies a state: as told under test, and only once."""

    def only_once(function, name, **wish):
        told, made, again = (apply(function, name, test=test, **wish) for test in (True, False, False))
        assert (made["result"], made["changes"]) == (True, told["changes"]), made["comment"]
        assert (again["result"], again["changes"]) == (True, {}), again["comment"]
        assert (told["result"], told["name"]) == (None if told["changes"] else True, name), told["comment"]
        return made["changes"]

    return only_once


@pytest.fixture
def vms(only_once, daemon):
    with tempfile.TemporaryDirectory(dir=daemon.home) as home:
        only_once("pools", "lab:virt:pools", vms={"path": f"{home}/vms", "running": True, "autostart": True})
        yield Path(home, "vms")


def test_collections_come_and_go(only_once, minion, vms, tmp_path):
    image = tmp_path / "deb.img"
    image.write_bytes(bytes(1 << 20))
    wish = {"source": str(image), "sha256": hashlib.sha256(image.read_bytes()).hexdigest(), "source_format": "raw"}
    only_once("images", "lab:virt:images", vms={"deb": wish})
    only_once("volumes", "lab:virt:volumes", vms={"root": {"size_mib": 2, "clone_of": "deb"}, "data": {"size_mib": 1}})
    only_once("networks", "lab:virt:networks", lab=NETWORK | {"running": True})
    only_once("secrets", "lab:virt:secrets", **SECRET)

    assert set(minion.cmd("lab_virt.pools")) == {"vms"}
    assert set(minion.cmd("lab_virt.volumes")) == {"vms:deb", "vms:root", "vms:data"}
    assert minion.cmd("lab_virt.volumes", pools=["none"]) == {}
    assert set(minion.cmd("lab_virt.images")) == {"vms:deb"}
    assert set(minion.cmd("lab_virt.networks")) == {"lab"}
    assert set(minion.cmd("lab_virt.secrets")) == {"client.libvirt"}
    assert minion.cmd("lab_virt.pool_refresh", "vms") == 3
    only_once("secrets", "lab:virt:secrets", **dict.fromkeys(SECRET))
    only_once("networks", "lab:virt:networks", lab=None)
    only_once("volumes", "lab:virt:volumes", vms={"root": None, "data": None})
    only_once("images", "lab:virt:images", vms={"deb": None})
    only_once("pools", "lab:virt:pools", vms=None)
    assert list(vms.iterdir()) == []


def test_single_ones_come_and_go(only_once, vms, tmp_path):
    image = tmp_path / "deb.img"
    image.write_bytes(bytes(1 << 20))
    sha256 = hashlib.sha256(image.read_bytes()).hexdigest()
    only_once("pool_present", "name", path=str(tmp_path / "p"), running=True)
    only_once("image_present", "vms:deb", source=str(image), sha256=sha256, source_format="raw")
    only_once("volume_present", "vms:root", size_mib=2)
    only_once("network_present", "lab", **NETWORK)
    only_once("secret_present", "client.libvirt", **SECRET["client.libvirt"])

    gone = {"secret": "client.libvirt", "network": "lab", "volume": "vms:root", "image": "vms:deb", "pool": "name"}
    for thing, name in gone.items():
        assert only_once(f"{thing}_absent", name)
        assert only_once(f"{thing}_absent", name) == {}


def test_a_typo_fails_that_state_and_names_the_path(apply, vms):
    failed = apply("volumes", "lab:virt:volumes", vms={"root": {"size": 2}})
    worse = apply("volumes", "lab:virt:volumes", vms=None)

    assert (failed["result"], failed["changes"]) == (False, {})
    assert "lab:virt:volumes:vms:root:size is unknown (did you mean size_mib?)" in failed["comment"]
    assert worse["result"] is False
    assert "lab:virt:volumes:vms" in worse["comment"]


def test_v11_the_value_of_a_secret_is_in_no_return_no_job_and_no_file_of_the_minion(apply, minion, caplog, daemon):
    told = [apply("secrets", "lab:virt:secrets", test=test, **SECRET) for test in (True, False)]
    with link.connect(daemon.uri) as conn:
        (secret,) = conn.listAllSecrets()
        secret.setValue(b"changed by hand")
    told += [apply("secrets", "lab:virt:secrets", test=test, **SECRET) for test in (True, False)]
    told += [minion.cmd("lab_virt.secrets"), minion.cmd("lab_virt.secrets", wish=SECRET)]
    root = Path(minion.opts["root_dir"])
    ours = [file for file in root.rglob("*") if file.is_file() and root / "pillar" not in file.parents]
    written = {file: file.read_bytes().decode(errors="replace") for file in ours}
    # At level debug Salt shows each SLS that it renders, the pillar's too where it is compiled: here, else the master.
    logged = str([record.getMessage() for record in caplog.records if record.name != "salt.template"])

    assert set(told[3]["changes"]) == {"client.libvirt.value_pillar"}
    assert "Executing state lab_virt.secrets" in logged
    for word in (KEY, "topsecret", "changed by hand"):
        assert word not in str(told) + logged
        assert [file for file, text in written.items() if word in text] == []


def test_changes_by_hand(minion, vms, tmp_path, apply):
    minion.cmd("lab_virt.volume_change", [[["vms:v"], None, {}], [["vms:v", "size_mib"], None, 1]])
    minion.cmd("lab_virt.network_change", [[["lab"], None, {}], [["lab", "bridge"], None, "br7"]])
    minion.cmd("lab_virt.secret_change", [[["client.a"], None, {}], [["client.a", "description"], None, "x"]])
    minion.cmd("lab_virt.pool_change", [[["vms", "autostart"], True, False]])

    assert minion.cmd("lab_virt.volumes")["vms:v"].items() >= {"size_mib": 1, "adopt": True}.items()
    assert minion.cmd("lab_virt.networks")["lab"]["bridge"] == "br7"
    assert minion.cmd("lab_virt.secrets")["client.a"]["description"] == "x"
    assert minion.cmd("lab_virt.pools")["vms"]["autostart"] is False
    minion.cmd("lab_virt.image_change", [])
