"""An overlay comes from a machine to its master, and from a VM by the other master, in pieces that a job can carry."""

import hashlib
import json
import os
import tarfile
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
import salt.crypt

from saltext.lab.wait import until
from tests.support import masters

MINIONS = ("pi2", "web1")  #: the host that the virtual master of the demo lab is on, and a VM


@pytest.fixture(scope="module")
def lab():
    """A master that is both masters; its minions have layers as a machine in memory has them."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))
        master = stack.enter_context(masters.master(home, serves=["physical"]))
        for kind in ("_modules", "_utils"):
            (home / "tree" / kind).symlink_to(masters.REPOSITORY / kind)
        bus = stack.enter_context(masters.Bus(master.opts))
        for name in MINIONS:
            private, public = salt.crypt.gen_keys(2048)
            Path(master.opts["pki_dir"], "minions", name).write_text(public)
            layers = {kind: str(home / name / kind) for kind in ("upper", "lower", "file")}
            stack.enter_context(masters.minion(master, name, private, public, lab={"image": layers}))
            for kind in ("upper", "lower"):
                (home / name / kind / "etc").mkdir(parents=True)
        (home / "minion-pi2/master").symlink_to(master.config)
        until(lambda: {f"salt/minion/{name}/start" for name in MINIONS} <= {tag for tag, _ in bus.events}, 90, "all")
        for sync in ("utils", "modules"):  # as the bootstrap does on hosts
            master.call("pi2", f"saltutil.sync_{sync}")
        yield master


@pytest.fixture
def upper(lab):
    """The layer of web1 that took what was written; empty but for /etc."""
    root = lab.home / "web1/upper"
    for file in root.glob("etc/*"):
        file.unlink()
    return root


def made(lab, name):
    return json.loads((lab.home / f"overlays/{name}.json").read_text())


def test_what_differs_on_a_vm_is_an_overlay_on_the_master_and_leaves_nothing_there(lab, upper):
    noise = os.urandom(600_000)  # three pieces
    (upper / "etc/noise").write_bytes(noise)
    (upper / "etc/motd").write_text("hello")
    done = lab.run("lab.overlay_commit", "web1", "/etc/noise,/etc/motd")
    assert done.returncode == 0, done
    file = lab.home / "overlays/web1.tar.gz"
    told = made(lab, "web1")

    assert done.stdout.startswith(f"{file}: 2 files, ")
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (told["size"], told["from"]) == (file.stat().st_size, "web1")
    with tarfile.open(file) as archive:
        assert archive.extractfile("etc/noise").read() == noise
        assert archive.extractfile("etc/motd").read() == b"hello"
    assert not (lab.home / "web1/file").exists()
    assert sorted(path.name for path in file.parent.iterdir()) == ["web1.json", "web1.tar.gz"]


def test_one_of_a_host_has_the_name_that_was_stated(lab):
    (lab.home / "pi2/upper/etc/motd").write_text("hello")
    done = lab.run("lab.overlay_commit", "pi2", "/etc/motd", "name=masters")

    assert done.returncode == 0, done
    assert made(lab, "masters")["from"] == "pi2"


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["web1", "/etc/large", "limit_mib=1"], 1, "the overlay of web1 has 2 MiB — more than 1"),
        (["web1", "/etc/key"], 1, "an overlay is no place for secrets — /etc/key (a private key is in it)"),
        (["web1", "/etc/none"], 1, "/etc/none is not there"),
        (["web1", "/etc/large", "name=../web1"], 2, "an overlay cannot be called ../web1"),
        (["wbe1", "/etc/large"], 2, "there is no wbe1 in lab demo (did you mean web1?)"),
    ],
    ids=["too large", "a secret", "not there", "a path as its name", "unknown"],
)
def test_one_that_is_refused_leaves_the_one_before(lab, upper, words, code, why):
    before = {path.name: path.read_bytes() for path in (lab.home / "overlays").iterdir()}
    (upper / "etc/large").write_bytes(os.urandom(2 << 20))
    (upper / "etc/key").write_text("-----BEGIN PRIVATE KEY-----")
    done = lab.run("lab.overlay_commit", *words)

    assert (done.returncode, done.stdout.count("\n")) == (code, 1), done
    assert why in done.stdout
    assert {path.name: path.read_bytes() for path in (lab.home / "overlays").iterdir()} == before
    assert not (lab.home / "web1/file").exists()
