"""What a spec says of power: examples, mistakes, and that a login reaches nobody who does not need it."""

import json
import re
from pathlib import Path

import pytest
import yaml

from saltext.lab import power
from saltext.lab.errors import BadWish, NotSafe
from saltext.lab.plan import merge
from saltext.lab.spec import source
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.stick import files
from tests.support.labs import DEMO

HERE = Path(__file__).parents[2]
GUIDE = re.findall(r"```yaml\n(.*?)```", (HERE / "docs/power.md").read_text(), re.DOTALL)
LOGINS = yaml.safe_load(GUIDE[0])["logins"]
LABS = [path.stem for path in sorted((HERE / "pillar").glob("*.sls")) if path.stem != "top"]
BMC = {"driver": "ipmi", "address": "10.99.0.11", "login": "bmc"}
PASSWORDS = {"logins": {"bmc": {"user": "topsecret-user", "password": "topsecret-word"}}}


def mistakes(patch):
    spec = merge(merge(DEMO, {"logins": LOGINS}), patch)
    with pytest.raises(BadWish) as caught:
        checked(spec)
    return caught.value.why


@pytest.mark.parametrize("text", GUIDE[1:])
def test_the_examples_of_the_guide_are_drivers(text):
    logins = {name: {"user": "lab", "password": "x"} for name in LOGINS}  # the guide's file is nowhere
    lab = checked(merge(merge(DEMO, {"logins": logins}), yaml.safe_load(text)))

    for name in yaml.safe_load(text)["hosts"]:
        assert power.of(lab, name) is not None


def test_the_guide_has_an_example_of_each_driver_but_the_racks():
    told = {host["power"]["driver"] for text in GUIDE[1:] for host in yaml.safe_load(text)["hosts"].values()}

    assert told == power.DRIVERS.keys() - {"rack"}


@pytest.mark.parametrize("name", LABS)
@pytest.mark.parametrize("driver", [{"driver": "rack"}, BMC], ids=["as it is", "with BMCs"])
def test_no_slice_has_a_login_or_says_how_a_host_is_switched(name, driver):
    spec = source.load(sls=name)
    spec = merge(spec, {"hosts": {host: {"power": None} for host in spec["hosts"]}})
    powers = {host: {"power": driver | _own(driver, number)} for number, host in enumerate(spec["hosts"])}
    spec = merge(spec, PASSWORDS | {"hosts": powers})
    slices = json.dumps(compile(checked(spec)))

    assert "topsecret" not in slices
    assert "logins" not in slices
    assert '"driver": "ipmi"' not in slices


def _own(driver, number):
    return {"port": 623 + number} if "address" in driver else {}


@pytest.mark.parametrize(
    ("its", "why"),
    [
        ({"driver": "impi"}, "driver is 'impi' (did you mean ipmi?); there are rack, ipmi,"),
        ({"driver": None, "drivr": "ipmi"}, "driver is missing"),
        ({**BMC, "adress": "x"}, "adress is unknown (did you mean address?); there are driver, address"),
        ({**BMC, "port": "623"}, "port is '623': input should be a valid integer"),
        ({**BMC, "login": "bcm"}, "login names 'bcm' (did you mean bmc?), which is not in lab:logins"),
        ({"driver": "redfish", "url": "https://u:p@10.9.9.9", "login": "bmc"}, "url is 'https://u:p@10.9.9.9'"),
        ({"driver": "http", "on": {}}, "on is unknown"),
    ],
)
def test_a_mistake_is_told_by_its_path(its, why):
    assert f"lab:hosts:hv1:power:{why}" in mistakes({"hosts": {"hv1": {"power": its}}})


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("http://{address}/{socket}", "socket is nothing that it knows: there are address, outlet"),
        ("http://{address}/{outlet}", "its templates name {outlet}: state outlet"),
        ("http://{address}/?p={password}", "its templates name {user} or {password}: state login"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_a_mistake(template, why):
    call = {"url": template}
    its = {"driver": "http", "address": "10.99.0.31", "turn_on": call, "turn_off": {"url": "http://{address}/off"}}

    assert why in mistakes({"hosts": {"hv1": {"power": its}}})


def test_a_pattern_that_is_none_is_a_mistake():
    status = {"url": "http://{address}/", "when_on": "(", "when_off": "off"}
    call = {"url": "http://{address}/"}
    its = {"driver": "http", "address": "10.99.0.31", "turn_on": call, "turn_off": call, "status": status}

    assert "lab:hosts:hv1:power:status:when_on is '(': this is no regular expression" in mistakes(
        {"hosts": {"hv1": {"power": its}}}
    )


@pytest.mark.parametrize(
    "its",
    [
        BMC,
        {"driver": "redfish", "url": "https://b", "login": "bmc"},
        {"driver": "libvirt", "uri": "x:///", "domain": "d"},
    ],
)
def test_one_button_for_two_hosts_is_a_mistake(its):
    why = mistakes({"hosts": {"hv1": {"power": its}, "hv2": {"power": its}}})

    assert why == "lab:hosts:hv2:power is that of lab:hosts:hv1: one of them is wrong"


@pytest.mark.parametrize(
    "login",
    [
        "topsecret",
        {"user": "lab", "pasword": "topsecret"},
        {"user": "lab", "password": "topsecret\n"},
        {"user": "lab", "password_file": "topsecret"},
        {"user": "lab", "password": "topsecret", "password_file": "/topsecret"},
    ],
)
def test_a_login_with_a_mistake_is_in_no_message(login):
    why = mistakes({"logins": {"other": login}})

    assert "lab:logins:other" in why
    assert "topsecret" not in why


def test_a_lab_that_is_printed_shows_no_password():
    assert "topsecret-word" not in repr(checked(merge(DEMO, PASSWORDS)))


def test_a_spec_with_a_password_in_it_gets_no_stick():
    stick = source.load(sls="stick")

    with pytest.raises(NotSafe, match="lab:logins has the password of bmc — .* — state password_file") as caught:
        files.host(checked(merge(stick, PASSWORDS)))
    assert "topsecret" not in str(caught.value)
    assert files.host(checked(merge(stick, {"logins": {"bmc": {"user": "lab", "password_file": "/etc/bmc"}}})))
