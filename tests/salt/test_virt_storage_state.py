"""Pools, volumes, images, networks and secrets as Salt calls them: its loaders, an SLS, the pillar of a minion."""

import base64
import hashlib
import tempfile
from pathlib import Path

import pytest

from saltext.lab.virt import link, secret

SECRET = {"client.libvirt": {"cluster": "attic", "value_pillar": "keys:libvirt"}}
NETWORK = {"forward": "bridge", "bridge": "br-int", "virtualport": "openvswitch", "portgroups": {"lan": {"tag": 10}}}


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


def test_v11_the_value_of_a_secret_is_in_no_return_no_job_and_no_file_of_the_minion(apply, minion, caplog, daemon, key):
    told = [apply("secrets", "lab:virt:secrets", test=test, **SECRET) for test in (True, False)]
    with link.connect(daemon.uri) as conn:
        (one,) = conn.listAllSecrets()
        one.setValue(b"changed by hand")
    told += [apply("secrets", "lab:virt:secrets", test=test, **SECRET) for test in (True, False)]
    told += [minion.cmd("lab_virt.secrets"), minion.cmd("lab_virt.secrets", wish=SECRET)]
    root = Path(minion.opts["root_dir"])
    ours = [file for file in root.rglob("*") if file.is_file() and root / "pillar" not in file.parents]
    written = {file: file.read_bytes().decode(errors="replace") for file in ours}
    # At level debug Salt shows each SLS that it renders, the pillar's too where it is compiled: here, else the master.
    logged = str([record.getMessage() for record in caplog.records if record.name != "salt.template"])

    assert set(told[3]["changes"]) == {"client.libvirt.value_pillar"}
    assert "Executing state lab_virt.secrets" in logged
    for word in (key, "topsecret", "changed by hand"):
        assert word not in str(told) + logged
        assert [file for file, text in written.items() if word in text] == []


def test_v11_no_trace_of_a_value_is_in_what_salt_call_prints_and_keeps(run, salt_call, minion, daemon, tmp_path):
    files = {name: tmp_path / name for name in ("good", "bad", "barred")}
    for name, file in files.items():
        file.touch(mode=0o600)
        file.write_text("hush!hush!" if name == "bad" else base64.b64encode(b"hush-hush-hush").decode())
    barred = secret.uuid("attic", "ceph", "barred")
    (daemon.home / f"etc/libvirt/secrets/{barred}.base64/in the way").mkdir(parents=True)
    wish = [{name: {"cluster": "attic", "value_file": str(file)}} for name, file in files.items()]
    told = run({"it": {"lab_virt.secrets": wish}}, test=True)["it"]
    done = salt_call("-l", "trace", "state.apply", "lab")
    root = Path(minion.opts["root_dir"])
    kept = {file: file.read_bytes().decode(errors="replace") for file in root.rglob("*") if file.is_file()}

    assert done.returncode == 1
    for said in (f"value_file {files['bad']} has no key of Ceph", "libvirt refused to set the value of secret barred"):
        assert said in done.stdout
    assert "Executing state lab_virt.secrets" in done.stderr
    assert any("cache" in file.parts for file in kept)
    for word in ("hush", base64.b64encode(b"hush-hush-hush").decode()):
        assert word not in str(told) + done.stdout + done.stderr
        assert [file for file, text in kept.items() if word in text] == []


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
