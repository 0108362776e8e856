"""The image `ram` in two versions, netbooted: what is not right, or does not come up, is left for the former one."""

import re
import shutil

import pytest

import images
from saltext.lab.admit.told import LONGEST
from saltext.lab.spec import derive
from saltext.lab.wait import until
from tests.support import netboot

MAC, ADDRESS = derive.mac("boot", "one", "lan"), "10.77.0.20"
UUID = "4c4c4544-0043-3010-8052-b4c04f4b3132"  # of its SMBIOS
BOOT = 150  #: seconds; 8 on a machine with nothing else to do
PUT = """
import http.client, sys
connection = http.client.HTTPConnection("10.77.0.1", timeout=10)
connection.request("PUT", sys.argv[1], body=bytes(int(sys.argv[2])))
print(connection.getresponse().status)
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Directories of a new version and of the former one, which differ in their roots."""
    built, folders = images.build("ram"), [tmp_path_factory.mktemp(name) for name in ("new", "former")]
    for folder in folders:
        for name in netboot.SERVED:
            shutil.copy(built / name, folder / name)
    with (folders[0] / "root.sqfs").open("ab") as file:
        file.write(bytes(4096))  # a squashfs knows its length
    return folders


class Machine:
    """A machine that is switched on and off, beside a server that has the two versions."""

    def __init__(self, wire, home, folders, kernels=("6.1", "6.1")):
        self.wire, self.home, self.boots = wire, home, 0
        self.server = netboot.Server(wire.space, home)
        versions = [self.server.fill(folder) for folder in folders]
        self.new, self.former = [one._replace(kernel=kernel) for one, kernel in zip(versions, kernels, strict=True)]
        self.server.put(netboot.slice_of(ram=[self.new, self.former]))

    def on(self):
        """Return a switched-on machine as a context, and the file of its console."""
        self.boots += 1
        log = self.home / f"console{self.boots}"
        return netboot.guest(self.wire, f"m{self.boots}", MAC, log, memory=512, more=("-uuid", UUID)), log

    def boot(self, seen):
        """Boot, wait until *seen* of the console's text is true, pull the plug, and return that text."""
        machine, log = self.on()
        with machine:
            until(lambda: log.exists() and seen(log.read_text(errors="replace")), BOOT, "the console's words")
            return log.read_text(errors="replace")

    def tamper(self, version, name):
        """Change one bit of a file that is served."""
        path = self.server.home / "http/images/ram" / version.id / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


@pytest.fixture
def machine(request, two, tmp_path):
    with netboot.wire("v") as wire:
        machine = Machine(wire, tmp_path, two, getattr(request, "param", ("6.1", "6.1")))
        with machine.server.dnsmasq(), machine.server.nginx():
            yield machine


def in_memory(text):
    return "LABMARK root" in text


def test_a_version_that_does_not_come_up_healthy_in_two_boots_is_left_for_the_former(machine):
    for number in (1, 2):
        machine.boot(in_memory)
        assert machine.server.told(ADDRESS) == [f"tried-{one}-{machine.new.id}" for one in range(1, number + 1)]
    machine.boot(in_memory)

    assert f"tried-1-{machine.former.id}" in machine.server.told(ADDRESS)
    assert f"/images/ram/{machine.former.id}/root.sqfs" in machine.server.fetched()[-1]


def test_a_version_that_was_healthy_once_is_booted_however_often_and_who_boots_it_says_so_for_its_admission(
    machine, tmp_path
):
    told = machine.server.home / "http/told" / ADDRESS
    told.mkdir(parents=True)
    for word in ("healthy", "tried-1", "tried-2"):
        (told / f"{word}-{machine.new.id}").touch()
    said = machine.boot(lambda text: "LABMARK identity" in text)
    who = netboot.call(tmp_path, machine.server, "told", ADDRESS)

    assert f"/images/ram/{machine.new.id}/root.sqfs" in machine.server.fetched()
    assert (who["mac"], who["machine"]["macs"], who["machine"]["uuid"]) == (MAC, [MAC], UUID), who
    assert who["machine"]["vendor"] == "QEMU"
    assert re.findall(r"lab: key sha256 (\w+)", said) == [who["fingerprint"]]
    assert "'../x' is no address" in netboot.call(tmp_path, machine.server, "told", "../x")
    assert "PRIVATE" not in (told / "enrol").read_text() + said


def test_a_tampered_root_is_refused_and_the_former_root_boots(machine):
    machine.tamper(machine.new, "root.sqfs")
    said = machine.boot(in_memory)

    assert f"/images/ram/{machine.new.id}/root.sqfs refused: its sha256 is" in said
    assert "lab: going back to the former root" in said


@pytest.mark.parametrize("machine", [("6.2", "6.1")], indirect=True)
def test_where_the_former_root_needs_another_kernel_the_machine_starts_again_with_that(machine):
    machine.tamper(machine.new, "root.sqfs")
    said = machine.boot(in_memory)

    assert "lab: the next boot is of the former version" in said
    assert f"/images/ram/{machine.former.id}/vmlinuz" in machine.server.fetched()


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/told/10.77.0.250/healthy-0123456789ab", 0, "201"),
        ("/told/10.77.0.250/healthy-0123456789ab", 1025, "413"),
        ("/told/10.77.0.20/healthy-0123456789ab", 0, "403"),
        ("/told/10.77.0.250/../10.77.0.20/healthy-0123456789ab", 0, "403"),
        ("/told/10.77.0.250/enrol", LONGEST, "201"),
        ("/told/10.77.0.250/enrol", LONGEST + 1, "413"),
        ("/told/10.77.0.20/enrol", 0, "403"),
        ("/told/10.77.0.250/enrol-0123456789ab", 0, "405"),
        ("/told/10.77.0.250/anything", 0, "405"),
        ("/boot/lan/boot.ipxe", 0, "405"),
    ],
)
def test_a_machine_tells_of_itself_alone_and_only_what_it_may(told, path, size, status):
    assert told(path, size) == status


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with netboot.wire("w") as wire:
        server = netboot.Server(wire.space, tmp_path_factory.mktemp("srv"))
        server.put(netboot.slice_of())
        space = wire.join("cli", "10.77.0.250/24")
        with server.nginx():
            yield lambda path, size: netboot.python(space, PUT, path, str(size))
