"""
A real guest fetches its root and its overlays over HTTP, verifies them, and then needs nobody.

Needs qemu-system-x86_64; no KVM, no root.  Builds the image first where it is missing (a minute).
"""

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

import images
from saltext.lab.images import overlay
from tests.support.ram_guest import BOOT, HERE, Guest
from tests.support.shelf import shelf

SUITE = Path(__file__).parents[2]
PACKAGES = "opt/salt/lib/python3.11/site-packages/saltext/lab"
MODULES = "srv/lab/_modules"
CALL = 180  # seconds for one salt-call; 6 on a machine with nothing else to do
MEMORY = {"overlay", "squashfs", "tmpfs", "proc", "sysfs", "devtmpfs", "devpts", "cgroup2"}
#: The overlays are laid over the root in this order.
OVERLAYS = {
    "default": {"etc/motd": "default", "etc/lab/default": "", "etc/salt/minion.d/10-id.conf": "id: nobody\n"},
    "class": {"etc/motd": "class", "etc/lab/class": ""},
    "host": {"etc/motd": "host"},
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tree(home, name):
    """Return *home* with the files of overlay *name* in it; ``default`` has the suite's modules besides."""
    for path, text in OVERLAYS[name].items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    if name == "default":
        (home / "etc/motd").chmod(0o640)
        (home / "etc/salt/minion.d/30-modules.conf").write_text(f"module_dirs: [/{MODULES}]\n")
        lab = SUITE / "_utils/saltext/lab"
        shutil.copytree(lab / "images", home / PACKAGES / "images", ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("__init__.py", "errors.py"):
            shutil.copy(lab / file, home / PACKAGES / file)
        (home / MODULES).mkdir(parents=True)
        shutil.copy(SUITE / "_modules/lab_image.py", home / MODULES)
    return home


@pytest.fixture(scope="module")
def image():
    return images.build("ram")


@pytest.fixture(scope="module")
def files(image, tmp_path_factory):
    """All that is served: the root and three overlays."""
    home = tmp_path_factory.mktemp("overlays")
    for name in OVERLAYS:
        root = tree(home / name, name)
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        overlay.pack(root, names, home / f"{name}.tar.gz")
    served = {path.name: path.read_bytes() for path in home.glob("*.tar.gz")}
    return {"root.sqfs": (image / "root.sqfs").read_bytes(), **served}


@pytest.fixture(scope="module")
def server(files):
    with shelf(files) as server:
        yield server


def root(server, path, which="root", told=None):
    """Return the words of the kernel command line for the root that *server* has at *path*."""
    told = sha256(server.files["root.sqfs"]) if told is None else told
    return f"lab.{which}=http://{HERE}:{server.server_port}/{path} lab.{which}_sha256={told}"


def over(server, path):
    """Return the word of the kernel command line for the overlay that *server* has at *path*."""
    return f"lab.overlay=http://{HERE}:{server.server_port}/{path},{sha256(server.files[path.rpartition('/')[2]])}"


@pytest.fixture(scope="module")
def guest(image, server):
    """A guest whose first root was tampered with, with three overlays."""
    words = [root(server, "tampered/root.sqfs"), root(server, "root.sqfs", "root_b")]
    words += [over(server, f"{name}.tar.gz") for name in OVERLAYS]
    with Guest(image, " ".join(words), initrd="initrd-net.img", net=True) as guest:
        guest.log_in()
        yield guest


def test_a_tampered_root_is_refused_and_the_former_one_boots(guest, server):
    told = sha256(server.files["root.sqfs"])
    said = guest.wait(r"lab: http://\S+/tampered/root.sqfs refused: its sha256 is (\w{64}), not (\w{64})", 1)
    assert said[2] == told != said[1]
    marks = re.findall(r"LABMARK (\w+) |lab: (going back)", guest.said)
    assert [mark or back for mark, back in marks[:4]] == ["initramfs", "going back", "fetched", "root"]
    config = guest.run("cat /etc/salt/minion.d/20-root.conf")
    assert f"lab_root: '{told}'" in config
    assert re.search(r"lab_refused: \['http://\S+/tampered/root.sqfs', \]", config)


def test_overlays_lie_over_the_root_in_their_order_and_the_identity_over_them(guest):
    assert guest.run("cat /etc/motd") == "host"
    assert guest.run("ls -x /etc/lab") == "class  default"
    assert guest.run("cat /etc/salt/minion.d/10-id.conf") == "id: web1"
    assert guest.run(f"busybox stat -c '%a %u %g' /{MODULES}/lab_image.py") == "644 0 0"


def test_it_is_all_in_memory_and_what_served_it_can_go(guest, server):
    server.end()
    gone = f"busybox wget -q -O /dev/null http://{HERE}:{server.server_port}/root.sqfs 2>&1"
    assert "Connection refused" in guest.run(gone)
    mounts = [line.split() for line in guest.run("cat /proc/mounts").splitlines()]
    assert {kind for _, _, kind, *_ in mounts} <= MEMORY
    assert [device for device, _, kind, *_ in mounts if kind == "squashfs"] == ["/dev/loop0"]
    assert guest.run("cat /sys/block/loop0/loop/backing_file") == "/fetched.sqfs (deleted)"
    assert all(device.startswith("loop") for device in guest.run("ls /sys/block").split())
    remote = guest.run("busybox awk '$4 == \"01\" {print $3}' /proc/net/tcp").split()  # those established
    assert f"{server.server_port:04X}" not in [address.partition(":")[2] for address in remote]
    guest.run("sync; echo 3 >/proc/sys/vm/drop_caches")
    program = "import decimal, sqlite3, xml.dom.minidom; print(decimal.Decimal(1) / 8)"
    assert guest.run(f'/opt/salt/bin/python -c "{program}"') == "0.125"


def test_what_differs_becomes_an_overlay_that_another_guest_boots(guest, image):
    guest.run("mkdir -p /srv/www/a; echo kept >/srv/www/a/page; chmod 640 /srv/www/a/page; ln -s a/page /srv/www/link")
    guest.run("echo '# changed' >>/etc/shadow; busybox touch /etc/os-release /etc/debian_version; rm /etc/issue")
    guest.run("/opt/salt/bin/salt-call --local --out=json lab_image.differs /etc,/srv/www >/tmp/out 2>&1", CALL)
    would = json.loads(guest.run("busybox tr -d '\\n' </tmp/out"))["local"]
    assert would["secrets"]["etc/shadow"] == "passwords"
    assert "etc/motd" in would["take"]
    assert not {"etc/shadow", "etc/debian_version"} & set(would["take"])
    assert would["left"] == {"etc/issue": "removed, which an overlay cannot do"}
    guest.run("/opt/salt/bin/salt-call --local --out=json lab_image.commit /srv/www,/etc/motd >/tmp/out 2>&1", CALL)
    made = json.loads(guest.run("busybox tr -d '\\n' </tmp/out"))["local"]
    assert made["take"] == ["etc/motd", "srv/www/a", "srv/www/a/page", "srv/www/link"]
    with shelf({}) as server:
        guest.run(f"busybox base64 {made['file']} >/tmp/text")  # busybox posts text only
        guest.run(f"busybox wget -q -O /dev/null --post-file /tmp/text http://{HERE}:{server.server_port}/new 2>&1")
        server.files["new"] = base64.b64decode(server.files["new"])
        assert sha256(server.files["new"]) == made["sha256"]
        with Guest(image, over(server, "new"), net=True) as other:
            other.log_in()
            assert other.run("cat /srv/www/link /etc/motd").split() == ["kept", "host"]
            assert other.run("busybox stat -c %a /srv/www/a/page") == "640"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            lambda to: [root(to, "cut/root.sqfs"), root(to, "hangs/root.sqfs", "root_b")],
            ["closed", "not .* within 4 s"],
        ),
        (
            lambda to: [root(to, "root.sqfs", told=""), root(to, "none", "root_b")],
            ["not on the kernel", "404 Not Found"],
        ),
    ],
    ids=["cut short, then one that hangs", "without a hash, then one that is not there"],
)
def test_without_a_root_that_is_right_it_boots_nothing_and_starts_again(image, words, why):
    with shelf({"root.sqfs": bytes(1 << 20)}) as server:
        line = " ".join([*words(server), "lab.timeout=4"])
        with Guest(image, line, initrd="initrd-net.img", net=True) as guest:
            assert guest.ended(BOOT) == 0  # QEMU is told to end instead of starting again
    refused = re.findall(r"lab: http://\S+ refused: (.*)\r", guest.said)
    assert [bool(re.search(*pair)) for pair in zip(why, refused, strict=True)] == [True, True], guest.said
    assert "lab: no root to boot: the former one is refused too" in guest.said
    assert "LABMARK root" not in guest.said


@pytest.mark.parametrize(
    ("word", "why"),
    [
        (lambda to: over(to, "tampered/host.tar.gz"), r"its sha256 is \w{64}, not \w{64}"),
        (lambda to: over(to, "host.tar.gz").partition(",")[0], "its sha256 is not on the kernel command line"),
    ],
    ids=["tampered", "without a hash"],
)
def test_without_an_overlay_that_is_right_it_goes_no_further(image, files, word, why):
    with shelf(files) as server, Guest(image, word(server), net=True) as guest:
        guest.wait(rf"lab: http://\S+host.tar.gz refused: {why}\r\nlab: an overlay is missing", BOOT)
        guest.wait("Enter for a shell", 10)
        guest.type("\n")
        guest.wait("built-in shell", 10)
    assert "LABMARK root" not in guest.said
