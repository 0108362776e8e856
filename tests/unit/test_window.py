"""The window for a physical machine: who it is, what is let in, and what a machine may say of itself."""

import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path

import pytest
import salt.crypt
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.told import LONGEST, NOTHING, Attributes, attributes
from saltext.lab.admit.window import (
    CONFIRM,
    DIFFERS,
    FREE,
    MATCHES,
    REFUSE,
    UNSEEN,
    Window,
    advice,
    checks,
    opened,
    verdict,
)
from saltext.lab.admit.windows import Windows
from saltext.lab.boot.told import told
from saltext.lab.errors import BadWish, Unreachable
from saltext.lab.spec.check import checked

MAC, UUID = "52:54:00:00:01:03", "4c4c4544-0043-3010-8052-b4c04f4b3132"
OTHER_MAC, OTHER_UUID = "52:54:00:00:01:99", "4c4c4544-0043-3010-8052-b4c04f4b3133"
KEY, OTHER_KEY = "a" * 64, "b" * 64
OPEN = Window(host="hv3", opened=0.0, until=100.0)
PUB = salt.crypt.gen_keys(2048)[1]
CARD = {"macs": [MAC], "uuid": UUID, "vendor": "Dell Inc.", "product": "R640", "serial": "C01", "pub": PUB}
GUEST = Path(__file__).parents[2] / "images/ram/files/usr/lib/lab/key"


def seen(mac=MAC, macs=(MAC,), uuid=UUID, key=KEY):
    machine = {"macs": list(macs), "uuid": uuid} if macs is not None else None
    return Attributes(mac=mac, machine=machine, fingerprint=key)


BLIND = Attributes(why=NOTHING)


def states(*args):
    return [one.state for one in checks(*args)]


# What is known of it, beside what it should be


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ((KEY, MAC, UUID, seen()), [MATCHES] * 4),
        ((KEY, MAC, None, seen()), [MATCHES, MATCHES, MATCHES, FREE]),
        ((KEY, MAC, UUID, BLIND), [UNSEEN] * 4),
        ((None, MAC, UUID, seen()), [FREE, MATCHES, MATCHES, MATCHES]),
        ((OTHER_KEY, MAC, UUID, seen()), [DIFFERS, MATCHES, MATCHES, MATCHES]),
        ((KEY, MAC, UUID, seen(mac=OTHER_MAC)), [MATCHES, DIFFERS, MATCHES, MATCHES]),
        ((KEY, MAC, UUID, seen(mac=None)), [MATCHES, UNSEEN, MATCHES, MATCHES]),
        ((KEY, MAC, UUID, seen(macs=[OTHER_MAC])), [MATCHES, MATCHES, DIFFERS, MATCHES]),
        ((KEY, MAC, UUID, seen(macs=[OTHER_MAC, MAC])), [MATCHES] * 4),
        ((KEY, MAC, UUID, seen(macs=[])), [MATCHES, MATCHES, UNSEEN, MATCHES]),
        ((KEY, MAC, UUID, seen(uuid=OTHER_UUID)), [MATCHES, MATCHES, MATCHES, DIFFERS]),
        ((KEY, MAC, UUID, seen(uuid=None)), [MATCHES, MATCHES, MATCHES, UNSEEN]),
    ],
)
def test_each_attribute_matches_or_differs_or_was_not_seen(args, found):
    assert states(*args) == found


def test_what_is_expected_and_what_is_told_stand_side_by_side():
    assert checks(KEY, MAC, None, seen(mac=OTHER_MAC))[1] == ("MAC, by DHCP", MAC, OTHER_MAC, DIFFERS)


# The verdict


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"window": None}, "no window is open for it"),
        ({"now": 100.1}, "its window has closed"),
        ({"now": -1.0}, "its window has closed"),
        ({"key": None}, "no key of it waits"),
        ({"confirmed": OTHER_KEY}, f"the key that waits is another: {KEY}"),
        ({"confirmed": KEY[:-1]}, f"the key that waits is another: {KEY}"),
        ({"confirmed": ""}, f"the key that waits is another: {KEY}"),
        ({"confirmed": True}, f"the key that waits is another: {KEY}"),
        ({"attributes": seen(key=OTHER_KEY)}, f"key: {OTHER_KEY}, not {KEY}"),
        ({"attributes": seen(mac=OTHER_MAC)}, f"MAC, by DHCP: {OTHER_MAC}, not {MAC}"),
        ({"attributes": seen(uuid=OTHER_UUID), "unseen": True}, f"SMBIOS UUID: {OTHER_UUID}, not {UUID}"),
        ({"attributes": seen(uuid=None)}, "not seen: SMBIOS UUID"),
        ({"attributes": BLIND}, "not seen: key; MAC, by DHCP; MAC, by itself; SMBIOS UUID"),
        ({"attributes": BLIND, "unseen": "true"}, "not seen: key; MAC, by DHCP; MAC, by itself; SMBIOS UUID"),
    ],
)
def test_who_is_refused_and_why(change, why):
    assert asked(**change) == (REFUSE, why)


@pytest.mark.parametrize("confirmed", [KEY, KEY.upper(), f" {KEY}\n"])
@pytest.mark.parametrize("now", [0.0, 100.0])
def test_the_machine_that_is_meant_is_let_in_while_the_window_is_open(confirmed, now):
    assert asked(confirmed=confirmed, now=now) == (CONFIRM, "by a person")


def test_what_was_not_seen_is_said_where_a_person_does_without():
    assert asked(attributes=seen(mac=None), unseen=True) == (CONFIRM, "by a person; not seen: MAC, by DHCP")


def asked(window=OPEN, now=50.0, key=KEY, confirmed=KEY, attributes=seen(), unseen=False):  # noqa: B008
    return verdict(window, now, key, confirmed, checks(key, MAC, UUID, attributes), unseen)


ATTRIBUTES = st.builds(
    seen,
    mac=st.sampled_from([None, MAC, OTHER_MAC]),
    macs=st.none() | st.lists(st.sampled_from([MAC, OTHER_MAC]), max_size=3),
    uuid=st.sampled_from([None, UUID, OTHER_UUID]),
    key=st.sampled_from([None, KEY, OTHER_KEY]),
)


@given(
    window=st.none() | st.builds(Window, host=st.just("hv3"), opened=st.just(0.0), until=st.sampled_from([10.0, 90.0])),
    now=st.floats(-10, 110),
    key=st.sampled_from([None, KEY, OTHER_KEY]),
    confirmed=st.sampled_from([KEY, OTHER_KEY]) | st.text() | st.none() | st.integers(),
    uuid=st.sampled_from([None, UUID]),
    attributes=ATTRIBUTES,
    unseen=st.booleans(),
)
def test_nobody_is_let_in_but_by_an_open_window_with_that_key_and_nothing_that_differs(
    window, now, key, confirmed, uuid, attributes, unseen
):
    found = verdict(window, now, key, confirmed, checks(key, MAC, uuid, attributes), unseen)
    machine = attributes.machine
    right = window is not None and 0 <= now <= window.until and key is not None and confirmed == key
    right = right and attributes.fingerprint in ((key, None) if unseen else (key,))
    right = right and attributes.mac in ((MAC, None) if unseen else (MAC,))
    right = right and (MAC in machine.macs if machine and machine.macs else unseen)
    told = machine and machine.uuid
    right = right and (uuid is None or told == uuid or (told is None and unseen))

    assert (found.act == CONFIRM) == right, found


@pytest.mark.parametrize(
    ("key", "attributes", "words"),
    [
        (None, seen(), "salt-run lab.enroll hv3 wait=120"),
        (KEY, seen(), f"salt-run lab.enroll hv3 confirm={KEY}"),
        (KEY, BLIND, f"salt-run lab.enroll hv3 confirm={KEY} unseen=true"),
        (KEY, seen(mac=OTHER_MAC), "salt-run lab.enroll hv3 close=true"),
    ],
)
def test_what_a_person_does_next(key, attributes, words):
    assert advice("hv3", key, checks(key, MAC, UUID, attributes)).endswith(words)


# The windows


def test_a_window_is_open_for_so_many_minutes():
    assert opened("hv3", 1000.0, 15, None, None) == Window(host="hv3", opened=1000.0, until=1900.0)


@pytest.mark.parametrize("minutes", [0, -1, 1441, "15", None, True, float("nan"), float("inf")])
def test_a_window_that_never_closes_is_none(minutes):
    with pytest.raises(BadWish, match="a window cannot be open for"):
        opened("hv3", 0.0, minutes, None, None)


@pytest.mark.parametrize("uuid", ["x", 5])
def test_a_uuid_that_is_none_is_told(uuid):
    with pytest.raises(BadWish, match=r"lab\.enroll:uuid"):
        opened("hv3", 0.0, 15, uuid, None)


def test_a_window_that_is_opened_again_keeps_the_uuid_it_was_opened_for_until_it_has_closed():
    before = opened("hv3", 0.0, 1, UUID.upper(), None)

    assert opened("hv3", 60.0, 1, None, before).uuid == UUID
    assert opened("hv3", 60.0, 1, OTHER_UUID, before).uuid == OTHER_UUID
    assert opened("hv3", 61.0, 1, None, before).uuid is None


def test_a_window_comes_back_as_it_was_put_and_only_root_reads_it(tmp_path):
    windows = Windows(tmp_path)
    windows.put(OPEN)

    assert (Windows(tmp_path).get("hv3"), windows.get("hv4")) == (OPEN, None)
    assert (tmp_path / "hv3.window").stat().st_mode & 0o777 == 0o600
    assert (windows.drop("hv3"), windows.drop("hv3"), windows.get("hv3")) == (True, False, None)


@pytest.mark.parametrize("text", ["", "{", '{"host": "hv3"}', "\0" * 100])
def test_a_torn_window_is_none_and_can_be_opened_again(tmp_path, text):
    windows = Windows(tmp_path)
    (tmp_path / "hv3.window").write_text(text)
    assert windows.get("hv3") is None

    windows.put(OPEN)
    assert windows.get("hv3") == OPEN


# What a machine says


def test_what_a_machine_says_is_data():
    found = attributes(json.dumps(CARD).encode(), MAC)

    assert found.model_dump() == {
        "mac": MAC,
        "machine": {key: value for key, value in CARD.items() if key != "pub"},
        "fingerprint": fingerprint(PUB),
        "why": "",
    }


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"macs": ["52:54:00:00:01:0g"]}, "macs:0: String should match"),
        ({"macs": [MAC] * 33}, "macs: List should have at most 32 items"),
        ({"macs": MAC}, "macs: Input should be a valid"),
        ({"uuid": "\x1b[2J"}, "uuid: Value error"),
        ({"vendor": "Dell\x1b[2J"}, "vendor: String should match"),
        ({"product": "R640\nsalt-run: all is well"}, "product: String should match"),
        ({"serial": "C" * 65}, "serial: String should have at most 64 characters"),
        ({"pub": "-----BEGIN PRIVATE KEY-----"}, "this is no public key of a minion"),
        ({"pub": PUB * 9}, "this is no public key of a minion"),
        ({"\x1b]0;x": 1}, "extra forbidden"),
        ({"pub": None}, "pub: Input should be a valid string"),
    ],
)
def test_what_cannot_be_is_told_without_repeating_it(change, why):
    found = attributes(json.dumps(CARD | change).encode(), MAC)

    assert (found.mac, found.machine, found.fingerprint) == (MAC, None, None)
    assert found.why.startswith(f"what it has told cannot be used: {why}")
    assert not any(value in found.why for value in change.values() if isinstance(value, str))


@given(data=st.binary() | st.text().map(json.dumps).map(str.encode))
def test_no_junk_is_an_error_or_a_machine(data):
    found = attributes(data, None)

    assert (found.machine, found.fingerprint) == (None, None)
    assert found.why.isprintable()


@given(
    change=st.dictionaries(st.sampled_from([*CARD, "more"]), st.none() | st.text() | st.lists(st.text(), max_size=2))
)
def test_whatever_a_machine_says_nothing_of_it_moves_a_cursor(change):
    found = attributes(json.dumps(CARD | change).encode(), None)
    words = found.machine.model_dump().values() if found.machine else [found.why]

    assert all(str(word).isprintable() for word in words)
    assert (found.machine is None) == (found.fingerprint is None)


# What the image `ram` says, by the program that is in it


@pytest.fixture(scope="module")
def program():
    loader = importlib.machinery.SourceFileLoader("lab_key", str(GUEST))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("lab_key", loader))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)  # it would be in the image
        loader.exec_module(module)
    return module


@pytest.fixture
def board(program, tmp_path, monkeypatch):
    """What the kernel says of a machine: a card, and what has no card behind it."""
    files = {
        "class/net/eth0/address": f"{MAC}\n",
        "class/net/eth0/device/vendor": "",
        "class/net/lo/address": "00:00:00:00:00:00\n",
        "class/dmi/id/product_uuid": f"{UUID.upper()}\n",
        "class/dmi/id/sys_vendor": "Société Générale\n",
        "class/dmi/id/product_name": "x" * 100,
    }
    for name, text in files.items():
        (tmp_path / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys" / name).write_text(text)
    monkeypatch.setattr(program, "SYSTEM", tmp_path / "sys")
    return tmp_path


def test_the_key_that_a_machine_makes_is_told_by_the_same_fingerprint_and_stays_with_it(program, board, capsys):
    (board / "pki").mkdir()
    program.main(board / "pki", board / "said")
    public, private = ((board / "pki" / name).read_text() for name in ("minion.pub", "minion.pem"))
    found = attributes((board / "said").read_bytes(), None)

    assert capsys.readouterr().out == f"lab: key sha256 {fingerprint(public)}\n"
    assert found.fingerprint == fingerprint(public)
    assert salt.crypt.PrivateKey.from_str(private).key.public_key() == salt.crypt.PublicKey.from_str(public).key
    assert (board / "pki/minion.pem").stat().st_mode & 0o777 == 0o400
    assert "PRIVATE" not in (board / "said").read_text()
    assert (board / "said").stat().st_size < LONGEST


def test_who_a_machine_says_that_it_is_can_be_shown_on_any_terminal(program, board):
    told = {"macs": [MAC], "uuid": UUID, "vendor": "Soci?t? G?n?rale", "product": "x" * 64, "serial": ""}

    assert program.machine() == told


def test_a_board_that_says_nothing_has_no_uuid(program, board):
    (board / "sys/class/dmi/id/product_uuid").unlink()

    assert program.machine()["uuid"] is None


# What the servers of a lab say


LAB = checked(
    {
        **{"name": "metal", "domain": "metal.example", "masters": {"physical": "pi1", "virtual": "pi1"}},
        "networks": {"lan": {"subnet": "10.10.0.0/24", "netboot": True, "dhcp": {"range": "100-149"}}},
        "images": {"ram": {"kind": "ram"}},
        "hosts": {
            "pi1": {"mac": "52:54:00:00:01:01", "address": "lan+1"},
            "web1": {"mac": "52:54:00:00:01:02", "address": "lan+2"},
            "hv3": {"mac": MAC, "address": "lan+3", "boot": "ram", "image": "ram"},
        },
        "netboot": {"dhcp": "pi1", "http": "web1"},
    }
)
SAID = {"mac": None, "machine": {"macs": [MAC], "uuid": UUID}, "fingerprint": KEY, "why": ""}
LEASED = {"mac": MAC, "machine": None, "fingerprint": None, "why": NOTHING}


class Servers:
    """The netboot servers of that lab, by what they answer."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, None

    def call_all(self, minions, fun, *args, timeout):
        self.asked = (minions, fun, *args)
        return {minion: self.answers[minion] for minion in minions}


def test_the_mac_is_that_of_the_dhcp_server_and_the_rest_is_what_the_http_server_was_told():
    servers = Servers(pi1=LEASED, web1=SAID)

    assert told(LAB, servers, "hv3") == Attributes(**SAID | {"mac": MAC})
    assert servers.asked == (["pi1", "web1"], "lab_netboot.told", "10.10.0.3")


@pytest.mark.parametrize("junk", [None, "x", [1], {"macs": []}, SAID | {"fingerprint": "\x1b"}, {"mac": "\x1b[2J"}])
def test_a_server_that_says_what_cannot_be_tells_nothing(junk):
    found = told(LAB, Servers(pi1=junk, web1=junk), "hv3")

    assert (found.mac, found.machine, found.fingerprint) == (None, None, None)
    assert "mistake" in found.why
    assert found.why.isprintable()


def test_a_server_that_does_not_answer_is_told_and_a_host_that_boots_its_disk_is_not_asked_for():
    silent = Unreachable("web1 does not answer lab_netboot.told", "its minion is not connected")

    assert told(LAB, Servers(pi1=LEASED, web1=silent), "hv3").why == f"{silent.what}: {silent.why}"
    assert told(LAB, None, "pi1") == Attributes(why="it does not boot into memory, and so tells nothing")
