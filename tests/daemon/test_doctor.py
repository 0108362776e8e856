"""The doctor asks a real dnsmasq on a real wire, by the execution module, who gives addresses there."""

import pytest

from saltext.lab.boot import doctor
from saltext.lab.errors import Unreachable
from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from tests.support import netboot


class Here:
    """A fleet of the one host that serves, where Salt itself calls the function; no master is between."""

    def __init__(self, home, server):
        self.home, self.server = home, server

    def call(self, minion, function, *words, timeout, **options):  # noqa: ARG002
        assert minion == "srv"
        words = [*words, *(f"{key}={value}" for key, value in options.items())]
        answer = netboot.call(self.home, self.server, function.removeprefix("lab_netboot."), *words)
        if isinstance(answer, str):
            raise Unreachable(answer)
        return answer


@pytest.fixture
def site(tmp_path):
    with netboot.wire("doc") as wire:
        server = netboot.Server(wire.space, tmp_path)
        server.wire = wire
        yield server


def findings(site, patch=None):
    lab = checked(merge(netboot.SPEC, patch or {}))
    return [(found.where, found.what, found.fix) for found in doctor.examine(lab, Here(site.home, site), "dhcp")]


def rogue(site):
    return netboot.foreign(site.wire.join("rogue", "10.77.0.2/24"), site.home)


def test_a_foreign_server_is_told_of_with_its_network_and_what_it_offers(site):
    site.put(netboot.slice_of())
    with site.dnsmasq():
        alone = findings(site)
        with rogue(site):
            ((where, what, fix),) = findings(site)

    assert alone == []
    assert where == "lan"
    assert what.startswith("a foreign DHCP server 10.77.0.2 offers 10.77.0.5")
    assert fix == "take it off this wire, or state lab:networks:lan:dhcp:proxy"


def test_a_server_of_ours_that_is_gone_is_told_of(site):
    site.put(netboot.slice_of())

    assert findings(site) == [
        ("lan", "ours, 10.77.0.1 on srv, does not answer DHCP", "on srv: systemctl status dnsmasq")
    ]


def test_where_ours_is_a_proxy_the_foreign_one_has_to_be_there(site):
    site.put(netboot.slice_of(netboot.PROXY))
    with site.dnsmasq():
        alone = findings(site, netboot.PROXY)
        with rogue(site):
            both = findings(site, netboot.PROXY)

    fix = "start that server, or take lab:networks:lan:dhcp:proxy away"
    assert alone == [("lan", "nobody gives addresses, for ours is a proxy", fix)]
    assert both == []


def test_a_host_that_cannot_look_is_told_of_itself(site):
    netboot.ip(site.space, "link set lan down")
    ((where, what, _),) = findings(site)

    assert where == "boot"
    assert what.startswith("nobody can tell: ")
    assert "nobody can be asked on lan" in what
