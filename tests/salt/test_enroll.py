"""
A person lets a physical machine in: a real master, a real minion as the netboot host, and machines that knock.

hv3 boots into memory and has told the netboot host who it is; hv4 runs from its own disk, and tells nothing.
"""

import json
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from saltext.lab.admit.knock import knocks
from saltext.lab.admit.record import Record
from saltext.lab.admit.store import Store
from saltext.lab.admit.window import Window
from saltext.lab.admit.windows import Windows
from saltext.lab.wait import until
from tests.salt.conftest import Identity
from tests.support import masters

UUID, MAC = "4c4c4544-0043-3010-8052-b4c04f4b3132", "52:54:00:00:05:03"
OTHER_UUID, OTHER_MAC = UUID.replace("32", "33"), "52:54:00:00:05:99"
SPEC = f"""
lab:
  name: metal
  domain: metal.example
  masters: {{physical: pi1, virtual: pi1}}
  networks: {{lan: {{subnet: 10.10.0.0/24, netboot: true, dhcp: {{range: 100-149}}}}}}
  images: {{ram: {{kind: ram}}}}
  hosts:
    pi1: {{mac: "52:54:00:00:05:01", address: lan+1}}
    nb1: {{mac: "52:54:00:00:05:02", address: lan+2}}
    hv3: {{mac: "{MAC}", address: lan+3, boot: ram, image: ram, uuid: {UUID.upper()}}}
    hv4: {{mac: "52:54:00:00:05:04", address: lan+4}}
  netboot: {{dhcp: nb1}}
"""
OPEN = Window(host="hv3", opened=time.time(), until=time.time() + 900)
CARD = {"macs": [OTHER_MAC, MAC], "uuid": UUID, "vendor": "Dell Inc.", "product": "R640", "serial": "C01RK12"}
BLIND = "not seen: key; MAC, by DHCP; MAC, by itself"


@pytest.fixture(scope="module")
def lab():
    """The master of the hosts, and its netboot host nb1, whose files are in ``home/srv``."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))
        master = stack.enter_context(masters.master(home, spec="metal", serves=["physical"]))
        (home / "pillar/metal.sls").write_text(SPEC)
        for kind in ("_modules", "_utils"):
            (home / "tree" / kind).symlink_to(masters.REPOSITORY / kind)
        (home / "srv").mkdir()
        own = Identity()
        Path(master.opts["pki_dir"], "minions/nb1").write_text(own.public)
        bus = stack.enter_context(masters.Bus(master.opts))
        serves = {"http": str(home / "srv"), "leases": str(home / "srv/leases")}
        stack.enter_context(masters.minion(master, "nb1", own.private, own.public, lab={"netboot": serves}))
        until(lambda: "salt/minion/nb1/start" in {tag for tag, _ in bus.events}, 90, "nb1")
        for sync in ("utils", "modules"):
            master.call("nb1", f"saltutil.sync_{sync}")
        yield master


class Machine:
    """A machine that makes itself a key, tells the netboot host of itself, and knocks."""

    def __init__(self, master, name="hv3"):
        self.master, self.name, self.key = master, name, Identity()
        self.srv = master.home / "srv"

    def tells(self, mac=MAC, **more):
        """Have it told what is true but for *more*; *mac* is what it got its address with."""
        self.srv.joinpath("leases").write_text(f"0 {mac} 10.10.0.3 {self.name} *\n" if mac else "")
        said = self.srv / "told/10.10.0.3/enrol"
        said.parent.mkdir(parents=True, exist_ok=True)
        said.write_text(json.dumps(CARD | {"pub": self.key.public} | more))
        return self

    def knocks(self):
        """Present its key; True: it waits, False: another one is in its place, a dict: let in."""
        return self.master.knock(self.name, self.key.public)

    def enroll(self, *words):
        return self.master.run("lab.enroll", self.name, *words)

    def confirmed(self, *words, key=None):
        return self.enroll(f"confirm={key or self.key.fingerprint}", *words)


@pytest.fixture
def hv3(lab):
    return fresh(lab, "hv3")


@pytest.fixture
def windows(lab):
    return Windows(lab.records)


def fresh(lab, name):
    """Return a ``Machine`` that this master has never heard of."""
    for status in ("minions", "minions_pre", "minions_denied"):
        Path(lab.opts["pki_dir"], status, name).unlink(missing_ok=True)
    Store(lab.records).drop(name)
    Windows(lab.records).drop(name)
    shutil.rmtree(lab.home / "srv/told", ignore_errors=True)
    return Machine(lab, name)


def refused(done, machine, why):
    """Say whether *done* is one line that says *why*, noted as the last wish of a person, and nobody was let in."""
    said = [verdict for verdict in machine.master.said(machine.name) if verdict[0] in ("confirm", "refuse")]
    assert (done.returncode, done.stdout.count("\n")) == (1, 1), done
    assert said[-1] == ("refuse", why)
    assert f"{machine.name} is not let in — {why} — look again: salt-run lab.enroll {machine.name}" in done.stdout
    assert machine.name not in machine.master.keys("minions")
    assert Store(machine.master.records).get(machine.name) is None
    return True


def test_a_window_shows_who_knocks_and_what_to_do_and_lets_nobody_in(lab, hv3):
    nobody = hv3.enroll("wait=1")
    hv3.tells().knocks()
    shown = hv3.enroll("wait=60")
    words = " ".join(shown.stdout.split())

    assert (nobody.returncode, shown.returncode) == (0, 0), shown
    assert "no key of hv3 waits: start it, then: salt-run lab.enroll hv3 wait=120" in nobody.stdout
    for row in (
        f"key that waits: {hv3.key.fingerprint} key that it told of: {hv3.key.fingerprint}",
        f"MAC, by DHCP {MAC} {MAC} matches",
        f"MAC, by itself {MAC} {OTHER_MAC} matches {MAC}",
        f"SMBIOS UUID {UUID} {UUID} matches",
        "vendor: Dell Inc., product: R640, serial: C01RK12",
        f"if the console of hv3 shows this key: salt-run lab.enroll hv3 confirm={hv3.key.fingerprint}",
    ):
        assert row in words, shown.stdout
    assert "hv3" in lab.keys("minions_pre") - lab.keys("minions")


def test_the_machine_that_is_meant_is_let_in_once_and_the_window_is_closed(lab, hv3, windows):
    hv3.tells().knocks()
    hv3.enroll()
    done = hv3.confirmed()

    assert (done.returncode, done.stdout) == (0, "hv3 is admitted\n"), done
    assert "hv3" in lab.keys("minions")
    assert hv3.knocks()["enc"] == "pub"
    assert lab.said("hv3")[-2:] == [("confirm", "by a person"), ("accept", "the key that was enrolled")]
    assert windows.get("hv3") is None

    again = hv3.confirmed()
    assert (again.returncode, lab.said("hv3")[-1]) == (1, ("refuse", "no window is open for it")), again


def test_without_a_window_nobody_gets_in(hv3):
    hv3.tells().knocks()

    assert refused(hv3.confirmed(), hv3, "no window is open for it")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"mac": OTHER_MAC}, f"MAC, by DHCP: {OTHER_MAC}, not {MAC}"),
        ({"macs": [OTHER_MAC]}, f"MAC, by itself: {OTHER_MAC}, not {MAC}"),
        ({"uuid": OTHER_UUID}, f"SMBIOS UUID: {OTHER_UUID}, not {UUID}"),
        ({"mac": None, "uuid": None}, "not seen: MAC, by DHCP; SMBIOS UUID"),
        ({"vendor": "\x1b[2J"}, "not seen: key; MAC, by itself; SMBIOS UUID"),
    ],
    ids=["another MAC", "another card", "another UUID", "neither", "junk"],
)
def test_another_machine_stays_outside_though_its_key_is_confirmed(hv3, windows, told, why):
    hv3.tells(**told).knocks()
    windows.put(OPEN)

    assert refused(hv3.confirmed(), hv3, why)
    assert windows.get("hv3") == OPEN


def test_another_key_than_the_one_that_waits_is_not_confirmed(hv3, windows):
    hv3.tells().knocks()
    windows.put(OPEN)

    assert refused(hv3.confirmed(key="0" * 64), hv3, f"the key that waits is another: {hv3.key.fingerprint}")


def test_a_second_machine_of_that_name_is_seen_and_neither_gets_in(hv3):
    other = Machine(hv3.master)
    other.knocks()
    hv3.tells()
    assert hv3.knocks() is False
    shown = hv3.enroll()

    assert "this is not the machine that is meant: salt-run lab.enroll hv3 close=true" in shown.stdout, shown
    assert refused(hv3.confirmed(), hv3, f"the key that waits is another: {other.key.fingerprint}")
    differs = f"key: {hv3.key.fingerprint}, not {other.key.fingerprint}"
    assert refused(hv3.confirmed(key=other.key.fingerprint), hv3, differs)


def test_a_window_that_has_expired_or_was_closed_lets_nobody_in(hv3, windows):
    hv3.tells().knocks()
    windows.put(Window(host="hv3", opened=time.time() - 60, until=time.time() - 1))
    assert refused(hv3.confirmed(), hv3, "its window has closed")

    hv3.enroll()
    assert hv3.enroll("close=true").stdout == "the window of hv3 is closed\n"
    assert refused(hv3.confirmed(), hv3, "no window is open for it")


def test_a_machine_that_booted_anew_takes_the_place_of_its_former_key(lab, hv3):
    Path(lab.opts["pki_dir"], "minions/hv3").write_text(hv3.key.public)
    now = time.time()
    Store(lab.records).put(Record(id="hv3", fingerprint=hv3.key.fingerprint, expires=now, admitted=now))
    anew = Machine(lab).tells()
    hv3.enroll()
    assert anew.knocks() is False
    done = anew.confirmed()

    assert (done.returncode, done.stdout) == (0, "hv3 is admitted when it knocks next\n"), done
    anew.knocks()
    until(lambda: isinstance(anew.knocks(), dict), 30, "its admission")
    assert hv3.knocks() is False


def test_a_machine_that_tells_nothing_gets_in_where_a_person_says_so(lab):
    hv4 = fresh(lab, "hv4")
    hv4.knocks()
    shown = hv4.enroll()
    assert f"confirm={hv4.key.fingerprint} unseen=true" in shown.stdout, shown
    assert "it does not boot into memory, and so tells nothing" in shown.stdout

    assert refused(hv4.confirmed(), hv4, BLIND)
    done = hv4.confirmed("unseen=true")
    assert (done.returncode, "hv4" in lab.keys("minions")) == (0, True), done
    assert ("confirm", f"by a person; {BLIND}") in lab.said("hv4")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["hv9"], "there is no host hv9 in lab metal (did you mean hv4?)"),
        (["hv3", f"uuid={OTHER_UUID}"], "hv3 has another UUID in the spec"),
        (["hv3", "confrim=x"], "enroll was called wrongly"),
    ],
)
def test_a_wrong_wish_opens_no_window(lab, hv3, windows, words, why):
    done = lab.run("lab.enroll", *words)

    assert (done.returncode, done.stdout.count("\n")) == (2, 1), done
    assert why in done.stdout
    assert windows.get("hv3") is None


def test_who_waits_for_a_key_hears_its_knock_and_no_other(lab, hv3):
    heard = knocks(lab.opts, "hv3", 30)
    next(heard)
    fresh(lab, "hv4").knocks()
    hv3.knocks()

    assert (next(heard), lab.keys("minions_pre") >= {"hv3"}) == ("hv3", True)
    assert next(knocks(lab.opts, "hv9", 0)) == "hv9"
