import stat
from pathlib import Path

import pytest
import salt.crypt

from saltext.lab.admit.key import fingerprint
from saltext.lab.errors import BadWish, Refused
from saltext.lab.virt import console, identity, power

MASTER = salt.crypt.gen_keys(2048)[1]


def test_the_key_pair_is_one_that_salt_takes(tmp_path):
    found = identity.make("vm1", MASTER, tmp_path / "ids")
    private = salt.crypt.PrivateKey.from_file(tmp_path / "ids/vm1/minion.pem")
    public = salt.crypt.PublicKey.from_file(tmp_path / "ids/vm1/minion.pub")

    assert public.verify(b"hello", private.sign(b"hello"))
    assert found == fingerprint((tmp_path / "ids/vm1/minion.pub").read_text())
    assert (tmp_path / "ids/vm1/master.pub").read_text() == MASTER


def test_only_root_reads_the_private_key_and_nobody_lists_the_others(tmp_path):
    identity.make("vm1", MASTER, tmp_path / "ids")
    modes = {path: stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("ids", "ids/vm1", "ids/vm1/minion.pem")}

    assert modes == {"ids": 0o711, "ids/vm1": 0o711, "ids/vm1/minion.pem": 0o600}


def test_a_rebuilt_guest_gets_a_new_key_and_nothing_old_stays(tmp_path):
    first = identity.make("vm1", MASTER, tmp_path)
    (tmp_path / "vm1/left").touch()

    assert identity.make("vm1", MASTER, tmp_path) != first
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["master.pub", "minion.pem", "minion.pub", "vm1"]


def test_a_private_key_is_spent_once_and_what_is_no_secret_stays(tmp_path):
    identity.make("vm1", MASTER, tmp_path)

    assert (identity.spend("vm1", tmp_path), identity.spend("vm1", tmp_path)) == (True, False)
    assert sorted(path.name for path in (tmp_path / "vm1").iterdir()) == ["master.pub", "minion.pub"]


@pytest.mark.parametrize(
    ("domain", "nothing"),
    [
        ({"kernel": "/k", "boot": ["hd"]}, True),
        ({"boot": ["network"]}, True),
        ({"boot": ["network", "hd"]}, False),
        ({"boot": ["hd"]}, False),
        ({}, False),
    ],
)
def test_who_boots_from_memory_or_network_keeps_nothing(domain, nothing):
    assert power.keeps_nothing(domain) is nothing


def test_forget(tmp_path):
    identity.make("vm1", MASTER, tmp_path)

    assert (identity.forget("vm1", tmp_path), identity.forget("vm1", tmp_path)) == (True, False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "master"), [("../vm1", MASTER), (".", MASTER), ("vm1", "junk"), (5, MASTER)])
def test_what_cannot_be_leaves_no_file(tmp_path, name, master):
    with pytest.raises(BadWish):
        identity.make(name, master, tmp_path / "ids")

    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_the_old_key_pair(tmp_path, monkeypatch):
    identity.make("vm1", MASTER, tmp_path)
    old = (tmp_path / "vm1/minion.pem").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(identity.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        identity.make("vm1", MASTER, tmp_path)

    assert (tmp_path / "vm1/minion.pem").read_bytes() == old
    assert [path.name for path in tmp_path.iterdir()] == ["vm1"]


def test_the_end_of_a_serial_log(tmp_path):
    log = Path(tmp_path, "log")
    log.write_bytes(b"first\r\n" + b"x" * 100_000 + b"\r\n\x1b[1;31mred\x1b[0m \xff\x00\x07\r\nlast")

    assert console.tail(log, 2) == ["red \ufffd", "last"]
    assert console.tail(log, 0) == []
    assert "first" not in str(console.tail(log, 1000))
    with pytest.raises(Refused, match="No such file"):
        console.tail(tmp_path / "none")
