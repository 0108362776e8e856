"""
The RAM image in a real guest: power on, read its keys, let Salt keep a file and a service, press the power button.

Needs qemu-system-x86_64; no KVM, no root, no network.  Builds the image first where it is missing (a minute).
"""

import json
import re
import subprocess

import pytest

import images
from saltext.lab.wait import until
from tests.support.ram_guest import BOOT, KEYS, Guest

CALL = 180  # seconds for one salt-call; 6 on such a machine
PHASES = ["initramfs", "root", "userspace", "identity", "minion"]


def state(guest, *words):
    """Return the result and the changes of one state."""
    call = "/opt/salt/bin/salt-call --local --out=json state.single"
    guest.run(f"{call} {' '.join(words)} >/tmp/out 2>/tmp/err", CALL)
    (one,) = json.loads(guest.run("busybox tr -d '\\n' </tmp/out"))["local"].values()
    return one["result"], one["changes"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    home = tmp_path_factory.mktemp("keys")
    pem = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", home / "minion.pem")
    subprocess.run(["openssl", "genpkey", "-quiet", *pem], check=True)
    for name in ("minion.pub", "master.pub"):
        subprocess.run(["openssl", "pkey", "-in", home / "minion.pem", "-pubout", "-out", home / name], check=True)
    return home


@pytest.fixture(scope="module")
def guest(keys):
    with Guest(images.build("ram"), keys=keys) as guest:
        yield guest


def test_it_boots_phase_by_phase(guest):
    until(lambda: re.search(r"LABMARK minion up=[\d.]+\s", guest.said), BOOT, "the last phase")
    marks = re.findall(r"LABMARK (\w+) up=([\d.]+)", guest.said)
    assert [phase for phase, _ in marks] == PHASES
    assert sorted(float(up) for _, up in marks) == [float(up) for _, up in marks]


def test_it_is_who_the_command_line_says(guest):
    guest.log_in()
    assert guest.run("hostname") == "web1"
    assert guest.run("cat /etc/salt/minion.d/*.conf") == "id: web1"
    assert "10.0.2.15 web1.demo.example web1" in guest.run("cat /etc/hosts")
    assert guest.run("busybox awk '/salt/ {print $1}' /etc/hosts") == "10.0.2.2"
    assert "10.0.2.15/24" in guest.run("ip -br address show eth0")


@pytest.mark.parametrize(("given", "kept"), KEYS.items())
def test_its_keys_are_those_it_was_given_and_private(guest, keys, given, kept):
    file = f"/etc/salt/pki/minion/{kept}"
    ours = subprocess.run(["sha256sum", keys / given], check=True, capture_output=True, text=True).stdout.split()[0]
    assert guest.run(f"busybox sha256sum {file}").split()[0] == ours
    mode, owner = guest.run(f"busybox stat -c '%a %U' {file}").split()
    assert (mode[1:], owner) == ("00", "root")


def test_salt_keeps_a_file(guest):
    assert state(guest, "file.managed", "/srv/www/index.html", "contents=hello") == (True, {"diff": "New file"})
    assert guest.run("cat /srv/www/index.html") == "hello"


def test_salt_starts_and_stops_a_service(guest):
    assert state(guest, "service.running", "motd-http") == (True, {"motd-http": True})
    assert guest.run("busybox wget -q -O- http://127.0.0.1/") == "hello"
    assert guest.run("/etc/init.d/motd-http status; echo $?") == "0"
    assert state(guest, "service.running", "motd-http") == (True, {})
    assert state(guest, "service.dead", "motd-http")[0] is True
    assert guest.run("/etc/init.d/motd-http status; echo $?") == "3"


def test_the_power_button_switches_it_off(guest):
    guest.type("\x01c")  # Ctrl-A C: from the console to QEMU's monitor
    guest.type("system_powerdown\n")
    assert guest.process.wait(timeout=60) == 0
