"""An overlay of Debian packages: built twice it is the same, and a guest that boots it has them, to dpkg as well."""

import json

import pytest

import images
from images import packages
from saltext.lab.errors import BadWish, Refused
from tests.support.ram_guest import HERE, Guest
from tests.support.shelf import shelf

WANTED = ["tcpdump"]  # it needs a library that the image lacks, and makes an account


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The directory of the overlay, and what was said of it."""
    home = tmp_path_factory.mktemp("overlays")
    return home, packages.make("tools", WANTED, home)


def test_it_says_what_is_in_it(made):
    home, told = made

    assert json.loads((home / "tools.json").read_text()) == told
    assert told["packages"].keys() >= {"tcpdump", "libpcap0.8"}
    assert told["from"] == images.path("ram").name


def test_built_once_more_it_is_the_same(made, tmp_path):
    assert packages.make("tools", WANTED, tmp_path) == made[1]


def test_a_guest_that_boots_it_has_the_packages(made):
    home, told = made
    with shelf({"tools.tar.gz": (home / "tools.tar.gz").read_bytes()}) as server:
        word = f"lab.overlay=http://{HERE}:{server.server_port}/tools.tar.gz,{told['sha256']}"
        with Guest(images.path("ram"), word, net=True) as guest:
            guest.log_in()
            assert guest.run("tcpdump --version 2>&1").startswith("tcpdump version 4.99")
            assert guest.run("dpkg-query -W tcpdump") == f"tcpdump\t{told['packages']['tcpdump']}"
            assert guest.run("busybox grep -c ^tcpdump: /etc/passwd") == "1"
            assert guest.run("ls /usr/sbin/policy-rc.d 2>&1").endswith("No such file or directory")


def test_what_cannot_be_made_is_told_and_makes_nothing(tmp_path):
    with pytest.raises(BadWish, match="cannot be called ../tools"):
        packages.make("../tools", WANTED, tmp_path)
    with pytest.raises(Refused, match="Unable to locate package no-such-package"):
        packages.make("tools", ["no-such-package"], tmp_path)

    assert list(tmp_path.iterdir()) == []
