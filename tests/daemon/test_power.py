"""Power drivers against what they drive: VirtualBMC, sushy-tools, a plug, libvirt, a wire, a terminal."""

import os
import pty
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import libvirt
import pytest

from saltext.lab import power
from saltext.lab.errors import LabError, NotConverged, NotSafe, Refused, Unreachable
from saltext.lab.plan import merge
from saltext.lab.power import child
from saltext.lab.power.order import order
from saltext.lab.spec.check import checked
from saltext.lab.wait import until
from tests.support import bmc, plug
from tests.support.labs import PLAIN
from tests.support.libvirtd import libvirtd

DOMAIN = """<domain type='qemu'><name>{}</name><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>"""
TELL = ("ipmi", "redfish", "http", "libvirt")  #: those that can tell what became of an order
LOGGED_IN = ("ipmi", "redfish", "http")
#: VirtualBMC says nothing to a user that it does not know.
WRONG = [(kind, {"password": "hush-hush/43"}) for kind in LOGGED_IN] + [
    (kind, {"user": "nobody"}) for kind in ("redfish", "http")
]
RUNNING = libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE
#: A machine's card w1 is on the wire of the master's w0; what it hears is printed.
WAKE = """
ip link add w0 type veth peer name w1
ip address add 10.9.9.1/24 dev w0
ip link set w0 up
ip link set w1 up
exec "$0" -c '
import socket
from saltext.lab import power
ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
ear.bind(("w1", 0))
ear.settimeout(10)
button = power.driver({"driver": "wol", "mac": "52:54:00:00:01:03", "card": "w0"}, "hv1")
button.on()
print(button.status(), ear.recv(2000).hex())
'
"""
#: The first terminal that the leader of a session opens is its own.
PERSON = """
import os, sys
from saltext.lab import power
from saltext.lab.errors import LabError
if sys.argv[1:]:
    os.open(sys.argv[1], os.O_RDWR)
try:
    power.driver({"driver": "manual", "patience": 1}, "hv1").on()
    print("done")
except LabError as err:
    print(type(err).__name__, err)
"""


@pytest.fixture(scope="module")
def daemon():
    with libvirtd() as daemon:
        yield daemon


@pytest.fixture(scope="module")
def conn(daemon):
    conn = libvirt.open(daemon.uri)
    for name in ("hv1", "hv2"):
        conn.defineXML(DOMAIN.format(name))
    yield conn
    conn.close()


@pytest.fixture
def hv1(conn):
    for domain in conn.listAllDomains(RUNNING):
        domain.destroy()
    return conn.lookupByName("hv1")


@pytest.fixture(scope="module")
def peer(daemon, conn, tmp_path_factory):
    """A function that returns the context of the settings for hv1, by the kind of its driver; its peer may lie."""

    @contextmanager
    def running(kind, lies=False):
        if kind == "ipmi":
            peer = bmc.ipmi(daemon.uri, "hv1", lies)
        elif kind == "redfish":
            peer = bmc.redfish(daemon.uri, tmp_path_factory.mktemp("bmc"), lies)
        elif kind == "http":
            peer = plug.plugged(outlet(conn, "hv1", lies=lies))
        else:
            peer = ExitStack()  # libvirt itself, which is there
        with peer as settings:
            more = {"system": conn.lookupByName("hv1").UUIDString()} if kind == "redfish" else {}
            yield (settings if kind != "libvirt" else {"driver": "libvirt", "uri": daemon.uri}) | more

    return running


@pytest.fixture(scope="module")
def honest(peer):
    """The settings for hv1 by the kind of its driver, whose peer does as it is told."""
    with ExitStack() as stack:
        yield {kind: stack.enter_context(peer(kind)) for kind in TELL}


def outlet(conn, *machines, **more):
    """Return a plug to which these domains are plugged."""

    def switch(on):
        for domain in map(conn.lookupByName, machines):
            if on != bool(domain.isActive()):
                domain.create() if on else domain.destroy()

    return plug.Plug(switch, lambda: bool(conn.lookupByName(machines[0]).isActive()), **more)


def number(domain):
    """Return the number of the run of *domain*, which libvirt counts up."""
    assert domain.isActive()
    return domain.connect().lookupByName(domain.name()).ID()


def button(settings, **more):
    return power.driver(settings | more, "hv1")


def presses(settings, **more):
    """Return what came of each thing that can be asked of a button, as errors."""
    return [error(getattr(button(settings, **more), act)) for act in ("status", "on", "off", "cycle")]


def error(ask, *args):
    with pytest.raises(LabError) as caught:
        ask(*args)
    assert bmc.PASSWORD not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", TELL)
def test_a_button_switches_once_reads_back_and_may_be_pressed_again(kind, honest, hv1):
    pressed = button(honest[kind])
    assert pressed.status() == "off"

    pressed.on()
    first = number(hv1)
    pressed.on()
    assert (pressed.status(), number(hv1)) == ("on", first)

    pressed.cycle()
    assert hv1.isActive()
    assert number(hv1) > first

    pressed.off()
    pressed.off()
    assert (pressed.status(), hv1.isActive()) == ("off", False)
    assert pressed.fingerprint() is None


@pytest.mark.parametrize(("kind", "wrong"), WRONG, ids=lambda part: part if isinstance(part, str) else next(iter(part)))
def test_a_wrong_login_is_refused_by_its_name_and_shown_nowhere(kind, wrong, honest, hv1):
    for refused in presses(honest[kind], **wrong):
        assert isinstance(refused, Refused)
        assert "does not let us in" in str(refused)
        assert "hush-hush" not in str(refused)
    assert not hv1.isActive()


@pytest.mark.parametrize("kind", LOGGED_IN)
def test_a_bmc_that_lies_is_found_out(kind, peer, hv1):
    with peer(kind, lies=True) as settings:
        stays_off = error(button(settings, settle=0.5).on)
        hv1.create()
        stays_on = error(button(settings, settle=0.5).off)

    assert isinstance(stays_off, NotConverged)
    assert str(stays_off).startswith("hv1 is not on — the order was taken, and 0.5 s later its power is said to be off")
    assert str(stays_on).startswith("hv1 is not off — the order was taken, and 0.5 s later its power is said to be on")


@pytest.mark.parametrize("kind", TELL)
def test_who_is_silent_is_not_waited_for_without_end(kind, honest, tmp_path):
    stream = kind != "ipmi"
    place = (socket.AF_UNIX, str(tmp_path / "sock")) if kind == "libvirt" else (socket.AF_INET, (bmc.HERE, 0))
    with bmc.silent(socket.SOCK_STREAM if stream else socket.SOCK_DGRAM, *place) as there:
        where = {
            "ipmi": lambda: {"port": there[1]},
            "redfish": lambda: {"url": f"https://{bmc.HERE}:{there[1]}"},
            "http": lambda: {"address": f"{bmc.HERE}:{there[1]}"},
            "libvirt": lambda: {"uri": f"qemu+unix:///system?socket={there}"},
        }[kind]()
        for silence in presses(honest[kind], **where, timeout=0.5):
            assert isinstance(silence, Unreachable)
            assert "does not answer" in str(silence)


@pytest.mark.parametrize("kind", TELL)
def test_where_nobody_is_says_so(kind, honest):
    where = {"url": "http://127.0.0.1:9"} if kind == "redfish" else {"address": "127.0.0.1:9"}
    where = {"ipmi": {"port": 9}, "libvirt": {"uri": "qemu+unix:///system?socket=/nowhere"}}.get(kind, where)

    assert isinstance(error(button(honest[kind], timeout=1, **where).on), Unreachable)


def test_an_answer_that_never_ends_is_cut_off(conn):
    with plug.plugged(outlet(conn, "hv1", slow=True)) as settings:
        assert "it took longer than 1 s" in str(error(button(settings, timeout=1).status))


def test_a_plug_that_says_back_what_it_was_told_says_no_password(honest):
    lost = honest["http"] | {"outlet": 7}

    assert "refused — 404 Not Found nothing is at /relay/7" in str(error(button(lost).status))
    assert "***" in str(error(button(lost).on))


def test_a_plug_that_is_not_understood_is_not_guessed_at(honest, hv1):
    asked = honest["http"]["status"] | {"when_off": "ison"}
    hv1.create()

    assert "fits on and off" in str(error(button(honest["http"], status=asked).status))


def test_a_plug_that_nobody_can_ask_is_believed(peer, hv1):
    with peer("http", lies=True) as settings:
        pressed = button(settings, status=None)
        pressed.on()

    assert pressed.status() == "unknown"


def test_a_bmc_of_several_systems_is_told_which(honest, conn):
    several = error(button(honest["redfish"], system=None).status)
    none = error(button(honest["redfish"], system="hv9").status)

    for uuid in (domain.UUIDString() for domain in conn.listAllDomains()):
        assert uuid in several.why
    assert "has no system hv9" in str(none)


def test_a_bmc_is_told_no_password_before_it_shows_its_certificate(honest):
    another = error(button(honest["redfish"], certificate="ab:" * 31 + "ab").on)
    unknown = error(button(honest["redfish"], certificate=None).on)

    shown = honest["redfish"]["certificate"].replace(":", "").lower()
    assert f"another certificate than power:certificate says — its SHA-256 is {shown}" in str(another)
    assert "a certificate that nobody vouches for" in str(unknown)
    assert isinstance(another, Refused)
    assert isinstance(unknown, Refused)


def test_a_password_is_in_no_argument_and_no_environment(honest):
    with bmc.silent(socket.SOCK_DGRAM) as (_, port):
        asking = threading.Thread(target=error, args=[button(honest["ipmi"], port=port, timeout=2).status])
        asking.start()
        seen = until(
            lambda: [one for one in map(_told, Path("/proc").glob("[0-9]*")) if child.PROGRAM[2] in one], 3, "it"
        )
        asking.join()

    assert seen
    assert not any(bmc.PASSWORD in one for one in seen)


def _told(process):
    """Return the arguments and the environment of *process*, where it is still there."""
    try:
        return process.joinpath("cmdline").read_text() + process.joinpath("environ").read_text()
    except OSError:
        return ""


@pytest.mark.parametrize(("kind", "library"), [("ipmi", "pyghmi"), ("libvirt", "libvirt")])
def test_a_library_that_is_not_there_is_named(kind, library, honest, tmp_path, monkeypatch):
    (tmp_path / f"{library}.py").write_text(f"raise ImportError('No module named {library}')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    missing = error(button(honest[kind]).status)

    assert isinstance(missing, Refused)
    assert f"No module named {library} — install the" in str(missing)


def test_a_plug_of_two_machines_takes_neither_unless_both_are_named_or_it_is_forced(conn, hv1):
    hv2 = conn.lookupByName("hv2")
    with plug.plugged(shared := outlet(conn, "hv1", "hv2")) as settings:
        its = {key: settings[key] for key in ("driver", "address", "pause")} | plug.CALLS | {"login": "plug"}
        login = {"plug": {"user": bmc.USER, "password": bmc.PASSWORD}}
        lab = checked(merge(PLAIN, {"logins": login, "hosts": {"hv1": {"power": its}, "hv2": {"power": its}}}))

        assert order(lab, ["hv1"], "on") == {"hv1": "on"}
        assert hv2.isActive()
        alone = error(order, lab, ["hv1"], "off")
        assert error(power.of(lab, "hv2").off).what == "hv2 is not switched off"
        assert (hv1.isActive(), hv2.isActive()) == (True, True)

        assert order(lab, ["hv1", "hv2"], "off") == {"hv1": "off", "hv2": "off"}
        assert order(lab, ["hv1", "hv2"], "on") == {"hv1": "on", "hv2": "on"}
        assert order(lab, ["hv2"], "off", force=True) == {"hv2": "off"}
        assert not hv1.isActive()

    assert isinstance(alone, NotSafe)
    assert str(alone) == (
        "hv1 cannot be switched off alone — hv2 would go too — name all of them: salt-run lab.power hv1,hv2 off"
    )
    assert shared.orders == ["on", "off", "on", "off"]  # each was switched once, though two were named


def test_a_sleeping_machine_hears_its_own_address_sixteen_times():
    argv = ["unshare", "--net", "sh", "-e", "-c", WAKE, sys.executable]
    state, heard = subprocess.check_output(argv, text=True, timeout=30).split()

    assert state == "unknown"
    assert heard.startswith("ff" * 6)  # to all on the wire, also to one that has no address
    assert heard.endswith("ff" * 6 + "525400000103" * 16)


def test_a_machine_that_can_only_be_woken_is_not_switched_off():
    waking = power.driver({"driver": "wol", "mac": "52:54:00:00:01:03", "card": "nowhere0"}, "hv1")

    assert "no packet goes to 255.255.255.255 by nowhere0" in str(error(waking.on))
    assert isinstance(error(waking.off), Refused)
    assert isinstance(error(waking.cycle), Refused)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("\n", "done"),
        ("n\n", "Refused hv1 is not switched on — the answer was 'n'"),
        ("", "Unreachable nobody answered within 1 s — was hv1 switched on?"),
    ],
    ids=["did", "could not", "is not there"],
)
def test_a_person_is_asked_on_the_terminal(typed, said):
    ours, its = pty.openpty()
    try:
        with _person(os.ttyname(its)) as process:
            asked = _read(ours, b"cannot be): ")
            os.write(ours, typed.encode())
            assert process.communicate(timeout=20)[0].strip() == said
    finally:
        os.close(ours)
        os.close(its)
    assert b"Switch hv1 on, then press Enter" in asked


def test_without_a_terminal_it_says_what_to_do():
    with _person() as process:
        said = process.communicate(timeout=20)[0]

    assert said.startswith("Refused nobody can be asked to switch hv1 on — ")
    assert said.strip().endswith("— switch hv1 on by hand, or call again at a terminal")


def _person(*terminal):
    argv = [sys.executable, "-c", PERSON, *terminal]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)


def _read(terminal, end):
    """Return what is shown on the *terminal* until the text *end*."""
    shown = b""
    while not shown.endswith(end):
        shown += os.read(terminal, 1000)
    return shown
