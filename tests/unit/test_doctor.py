"""What the doctor says of the DHCP servers that it heard."""

import pytest

from saltext.lab.boot import doctor
from saltext.lab.boot.doctor_dhcp import judge
from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from tests.support.netboot import SPEC

OURS, FOREIGN, THIRD = "10.77.0.1", "10.77.0.2", "10.77.0.3"
GIVES = {"ip": "10.77.0.50", "boot": ""}
BOOTS = {"ip": "0.0.0.0", "boot": "pxelinux.0"}
PROXY = {"networks": {"lan": {"dhcp": {"proxy": True, "range": None}}}}


def said(heard, patch=None):
    """Return what is wrong where *heard* was heard in ``lan`` of the lab after the merge patch *patch*."""
    return [what for what, _ in judge(checked(merge(SPEC, patch or {})), "lan", heard)]


def test_ours_alone_is_well_and_alone_is_expected():
    assert said({OURS: GIVES}) == []
    assert said({}) == ["ours, 10.77.0.1 on srv, does not answer DHCP"]


def test_ours_has_nothing_to_say_to_a_stranger_where_it_has_no_range():
    assert said({}, {"networks": {"lan": {"dhcp": {"range": None}}}}) == []


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (GIVES, "offers 10.77.0.50"),
        (GIVES | {"boot": "evil.efi"}, "offers 10.77.0.50, and boots evil.efi"),
        (BOOTS, "says what to boot, and boots pxelinux.0"),
    ],
    ids=["gives", "gives and boots", "a proxy"],
)
def test_each_foreign_server_is_told_of_in_what_it_does(offer, words):
    assert said({OURS: GIVES, FOREIGN: offer}) == [f"a foreign DHCP server 10.77.0.2 {words}"]
    assert len(said({OURS: GIVES, FOREIGN: offer, THIRD: offer})) == 2


def test_a_proxy_wants_exactly_one_other_server_which_says_nothing_of_booting():
    ours = {OURS: {"ip": "0.0.0.0", "boot": "undionly.kpxe"}}

    assert said(ours | {FOREIGN: GIVES}, PROXY) == []
    assert said(ours, PROXY) == ["nobody gives addresses, for ours is a proxy"]
    assert said(ours | {FOREIGN: GIVES, THIRD: GIVES}, PROXY) == ["2 servers give addresses: 10.77.0.2, 10.77.0.3"]
    assert said(ours | {FOREIGN: GIVES, THIRD: BOOTS}, PROXY) == [
        "besides ours, 10.77.0.3 says what to boot, and boots pxelinux.0"
    ]
    assert said({FOREIGN: GIVES}, PROXY) == ["ours, 10.77.0.1 on srv, does not answer DHCP"]


def test_a_lab_without_dhcp_asks_nobody():
    patch = {"networks": {"lan": {"dhcp": None, "netboot": False}}, "netboot": None, "classes": {"web": {"boot": None}}}

    assert doctor.examine(checked(merge(SPEC, patch)), fleet=None, only="dhcp") == []
