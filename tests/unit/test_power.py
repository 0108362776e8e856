"""What all power drivers share, what they are made of, and what they never say."""

import json
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab import power
from saltext.lab.boot.graph import Step
from saltext.lab.boot.hosts import Hosts
from saltext.lab.errors import BadWish, NotConverged, NotSafe, Refused, Unreachable
from saltext.lab.plan import merge
from saltext.lab.power.asker import meaning
from saltext.lab.power.button import Button
from saltext.lab.power.plug import filled
from saltext.lab.power.web import Login, in_json, quoted
from saltext.lab.power.wol import packet
from saltext.lab.schema import example
from saltext.lab.spec.check import checked
from saltext.lab.spec.power_model import Power
from tests.support.labs import PLAIN

KINDS = list(Power.__origin__.__args__)
LOGINS = {"bmc": {"user": "lab", "password": "hush"}, "plugs": {"user": "admin", "password": "hush"}}


class Machine(Button):
    """A machine that says one of *states* each time, the last one for ever; notes what is pressed."""

    def __init__(self, *states, **more):
        super().__init__("hv1", **{"settle": 0.2} | more)
        self.states, self.pressed = chain(states, repeat(states[-1])), []

    def status(self):
        state = next(self.states)
        if isinstance(state, Exception):
            raise state
        return state

    def _press(self, wish):
        self.pressed.append(wish)


def lab(power_, **more):
    return checked(merge(PLAIN, {"logins": LOGINS, "hosts": {"hv1": {"power": power_}}} | more))


def test_what_is_so_already_is_not_pressed():
    machine = Machine("on")
    machine.on()

    assert machine.pressed == []


@pytest.mark.parametrize("states", [["off", "on"], ["off", "off", "off", "on"], ["off", Unreachable("busy"), "on"]])
def test_what_was_ordered_is_read_until_it_is_so(states):
    machine = Machine(*states)
    machine.on()

    assert machine.pressed == ["on"]


def test_off_and_on_again_are_two_orders():
    machine = Machine("on", "off", "off", "on")
    machine.cycle()

    assert machine.pressed == ["off", "on"]


def test_an_order_that_nothing_follows_is_an_error_and_so_is_silence_after_it():
    with pytest.raises(NotConverged, match="hv1 is not on — .* said to be off — .* lab:hosts:hv1:power:settle"):
        Machine("off").on()
    with pytest.raises(Unreachable, match="the BMC is silent"):
        Machine("off", Unreachable("the BMC is silent")).on()


def test_what_cannot_tell_is_believed():
    machine = Machine("unknown")
    machine.on()
    machine.off()

    assert machine.pressed == ["on", "off"]


def test_what_something_else_hangs_on_is_not_switched_off():
    machine = Machine("on", also={"hv2", "nas1"})
    for act in (machine.off, machine.cycle):
        with pytest.raises(NotSafe, match="hv1 is not switched off — hv2, nas1 would go off with it"):
            act()

    assert machine.pressed == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_documented_setting_is_one_that_its_driver_takes(kind):
    wish = example(kind)

    assert type(power.of(lab(wish), "hv1")) is power.DRIVERS[wish["driver"]]
    assert power.of(checked(PLAIN), "hv1").__class__ is power.Rack


def test_a_host_without_power_has_no_driver():
    assert power.of(lab(None), "hv1") is None


def test_a_password_may_be_in_a_file_of_the_master(tmp_path):
    file = tmp_path / "bmc"
    file.write_text("hush-from-file\n")
    its = {"driver": "redfish", "url": "https://10.99.0.12", "login": "bmc"}
    told = lab(its, logins={"bmc": {"user": "lab", "password_file": str(file)}})

    assert power.of(told, "hv1")._web.login == Login("lab", "hush-from-file")
    file.unlink()
    with pytest.raises(BadWish, match="lab:logins:bmc:password_file cannot be read — .*No such file"):
        power.of(told, "hv1")


def test_a_card_is_woken_by_the_mac_of_its_host_or_by_its_own():
    def woken(**more):
        return power.of(lab({"driver": "wol", **more}), "hv1")._packet

    assert woken() == packet("52:54:00:00:01:03")
    assert woken(mac="52:54:00:00:01:99") == packet("52:54:00:00:01:99")


def test_the_magic_packet():
    assert packet("52:54:00:00:01:03").hex() == "ff" * 6 + "525400000103" * 16


def test_templates_are_filled_in_and_braces_of_json_stay():
    blanks = {"address": "10.0.0.1:80", "password": 'a"b/c'}

    assert filled("http://{address}/x?p={password}", blanks, quoted) == "http://10.0.0.1:80/x?p=a%22b%2Fc"
    assert json.loads(filled('{"on": {"p": "{password}"}}', blanks, in_json)) == {"on": {"p": 'a"b/c'}}


@given(st.text(min_size=6))
def test_a_password_that_a_peer_says_back_is_in_no_message(password):
    login = Login("lab", password)
    for form in (password, quoted(password), in_json(password), login.basic):
        assert form not in login.hush(f"400 Bad Request: {form} is wrong")

    assert repr(login) == "Login(…)"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Incorrect password provided", "Refused"),
        ("Unauthorized name", "Refused"),
        ("Insufficient privilege level", "Refused"),
        ("timeout", "Unreachable"),
        ("None", "Unreachable"),
        ("Session no longer connected", "Unreachable"),
        ("[Errno -2] Name or service not known", "Unreachable"),
        ("Node busy", "Refused"),
    ],
)
def test_what_the_words_of_pyghmi_mean(said, kind):
    assert meaning(said)[0] == kind


class Fleet:
    """A fleet where the minions of *answering* answer."""

    def __init__(self, *answering):
        self.answering = answering

    def answers(self, minion):
        return minion in self.answering


@pytest.mark.parametrize(
    ("state", "answering", "said", "pressed"),
    [
        ("on", [], "", []),
        ("off", ["hv1"], "powered on", ["on"]),
        ("unknown", ["hv1"], "", []),
        ("unknown", [], "powered on", ["on"]),
    ],
)
def test_a_bootstrap_leaves_a_host_alone_that_is_on_or_answers(state, answering, said, pressed, monkeypatch):
    machine = Machine(state, state, "on")
    monkeypatch.setattr(power, "of", lambda lab, host: machine)  # noqa: ARG005
    hosts = Hosts(checked(PLAIN), Fleet(*answering), None)

    assert hosts.power(Step("power", "hv1", ())) == said
    assert machine.pressed == pressed


def test_a_driver_that_there_is_not_or_a_setting_that_it_has_not_is_no_traceback():
    with pytest.raises(BadWish, match="there are rack, ipmi, redfish, wol, http, libvirt, manual"):
        power.driver({"driver": "steam"}, "hv1")
    with pytest.raises(BadWish, match="lab:hosts:hv1:power"):
        power.driver({"driver": "wol", "mac": "52:54:00:00:01:03", "volts": 230}, "hv1")


def test_a_bmc_that_names_a_place_of_somebody_else_is_not_followed_there():
    bmc = power.driver({"driver": "redfish", "url": "https://10.99.0.12", "user": "u", "password": "p"}, "hv1")

    assert bmc._at("/redfish/v1/Systems/1") == "https://10.99.0.12/redfish/v1/Systems/1"
    with pytest.raises(Refused, match="does not speak Redfish — it names http://evil/ as a place"):
        bmc._at("http://evil/")
