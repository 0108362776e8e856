"""
The RAM image in a real guest: power on, read its keys, let Salt keep a file and a service, press the power button.

Needs qemu-system-x86_64; no KVM, no root, no network.  Builds the image first where it is missing (a minute).
"""

import json
import re
import subprocess
import threading
import time

import pytest

import images

BOOT = 120  # seconds; it takes 3 on a machine with nothing else to do
CALL = 180  # seconds for one salt-call; 6 on such a machine
PHASES = ["initramfs", "root", "userspace", "identity", "minion"]
KEYS = {"minion.pem": "minion.pem", "minion.pub": "minion.pub", "master.pub": "minion_master.pub"}
NETWORK = ("-netdev", "user,id=n0,restrict=on", "-device", "virtio-net-pci,netdev=n0,romfile=")


class Guest:
    """A guest with its serial console and its power button."""

    def __init__(self, image, keys):
        given = [f"name=opt/saltext-lab/{name},file={keys / name}" for name in KEYS]
        self.process = subprocess.Popen(
            [
                *("qemu-system-x86_64", "-machine", "pc,graphics=off", "-accel", "tcg", "-cpu", "qemu64,+rdrand"),
                *("-m", "384", "-nodefaults", "-display", "none", "-no-reboot", "-chardev", "stdio,id=c0,mux=on"),
                *("-serial", "chardev:c0", "-mon", "chardev=c0", *NETWORK),
                *(word for one in given for word in ("-fw_cfg", one)),
                *("-kernel", image / "vmlinuz", "-initrd", image / "initrd.img", "-append"),
                "console=ttyS0 quiet lab.id=web1 lab.ip=10.0.2.15/24 lab.master=10.0.2.2 lab.domain=demo.example",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.said = ""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while data := self.process.stdout.read1():
            self.said += data.decode(errors="replace")

    def wait(self, pattern, seconds, since=0):
        """Return the match of *pattern* in what the console says, waiting at most *seconds*."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if found := re.search(pattern, self.said[since:], re.MULTILINE):
                return found
            time.sleep(0.1)
        pytest.fail(f"the console never said {pattern}, but:\n{self.said[-2000:]}")

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def run(self, command, seconds=30):
        """Return what *command* printed, as one line."""
        since = len(self.said)
        self.type(f'echo "OUT""PUT<$({command})>"\n')
        return self.wait(r"OUTPUT<([^>]*)>", seconds, since)[1].replace("\r", "").strip()

    def state(self, *words):
        """Return the result and the changes of one state."""
        call = "/opt/salt/bin/salt-call --local --out=json state.single"
        self.run(f"{call} {' '.join(words)} >/tmp/out 2>/tmp/err", CALL)
        (one,) = json.loads(self.run("busybox tr -d '\\n' </tmp/out"))["local"].values()
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
    guest = Guest(images.build("ram"), keys)
    yield guest
    guest.process.kill()
    guest.process.wait()


def test_it_boots_phase_by_phase(guest):
    guest.wait("LABMARK minion up=", BOOT)
    marks = re.findall(r"LABMARK (\w+) up=([\d.]+)", guest.said)
    assert [phase for phase, _ in marks] == PHASES
    assert sorted(float(up) for _, up in marks) == [float(up) for _, up in marks]


def test_it_is_who_the_command_line_says(guest):
    guest.wait("Please press Enter", BOOT)
    guest.type("\n")
    guest.wait("# ", 30)
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
    assert guest.state("file.managed", "/srv/www/index.html", "contents=hello") == (True, {"diff": "New file"})
    assert guest.run("cat /srv/www/index.html") == "hello"


def test_salt_starts_and_stops_a_service(guest):
    assert guest.state("service.running", "motd-http") == (True, {"motd-http": True})
    assert guest.run("busybox wget -q -O- http://127.0.0.1/") == "hello"
    assert guest.run("/etc/init.d/motd-http status; echo $?") == "0"
    assert guest.state("service.running", "motd-http") == (True, {})
    assert guest.state("service.dead", "motd-http")[0] is True
    assert guest.run("/etc/init.d/motd-http status; echo $?") == "3"


def test_the_power_button_switches_it_off(guest):
    guest.type("\x01c")  # Ctrl-A C: from the console to QEMU's monitor
    guest.type("system_powerdown\n")
    assert guest.process.wait(timeout=60) == 0
