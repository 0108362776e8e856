"""What a spec means for the rack: pure."""

import copy

import pytest
import yaml

from rack import install, nspawn, topology
from rack.place import Place
from saltext.lab.errors import BadWish

SPEC = {
    "name": "demo",
    "domain": "demo.example",
    "masters": {"physical": "pi1", "virtual": "pi2"},
    "networks": {
        "mgmt": {"subnet": "10.99.0.0/24"},
        "underlay": {"subnet": "10.98.0.0/24", "mtu": 1650},
        "storage": {"subnet": "10.97.0.0/24", "mtu": 1700},
        "lan": {"vlan": 10, "subnet": "10.10.0.0/24", "overlay": "vxlan", "over": "underlay"},
    },
    "hosts": {
        "pi1": {"mac": "52:54:00:00:01:01", "address": "mgmt+11"},
        "pi2": {"mac": "52:54:00:00:01:02", "address": "mgmt+12"},
        "hv1": {
            "mac": "52:54:00:00:01:03",
            "address": "mgmt+21",
            "uplinks": {"trunk0": ["underlay"], "trunk1": ["storage"]},
        },
    },
}


def wired(**hosts):
    spec = copy.deepcopy(SPEC)
    spec["hosts"] |= hosts
    return topology.read(spec)


def test_every_host_has_its_first_card_with_its_address_on_the_management_network():
    eth0 = wired().hosts["pi1"].nics[0]
    assert (eth0.name, eth0.mac, eth0.address, eth0.mtu) == ("eth0", "52:54:00:00:01:01", "10.99.0.11/24", 1500)


def test_every_uplink_is_a_card_with_the_largest_mtu_of_its_networks():
    nics = wired().hosts["hv1"].nics
    assert [(nic.name, nic.mtu) for nic in nics] == [("eth0", 1500), ("trunk0", 1650), ("trunk1", 1700)]


def test_macs_of_uplinks_are_locally_administered_unicast_and_all_different():
    macs = [nic.mac for nic in wired().hosts["hv1"].nics[1:]]
    assert len(set(macs)) == 2
    assert all(mac.startswith("02:") and len(mac) == 17 for mac in macs)


def test_macs_and_uuids_stay_when_other_hosts_come():
    more = wired(hv0={"mac": "52:54:00:00:01:09", "address": "mgmt+9", "uplinks": {"trunk0": ["underlay"]}})
    assert all(more.hosts[name] == host for name, host in wired().hosts.items())


def test_the_wire_passes_the_largest_packets_of_all_networks_and_never_less_than_a_tunnel_needs():
    assert wired().mtu == 1700
    small = copy.deepcopy(SPEC)
    small["networks"]["underlay"]["mtu"] = small["networks"]["storage"]["mtu"] = 1560
    small["networks"]["lan"]["mtu"] = 1400
    assert topology.read(small).mtu == 1600


@pytest.mark.parametrize("name", ["a", "hv1", "hypervisor-with-a-long-name"])
def test_ports_of_the_switch_are_names_that_the_kernel_takes_and_differ(name):
    hosts = {name: {"mac": "52:54:00:00:01:0a", "address": "mgmt+30", "uplinks": {"trunk0": [], "trunk1": []}}}
    ports = [nic.port for nic in wired(**hosts).hosts[name].nics]
    assert len(set(ports)) == 3
    assert all(len(port) <= 15 for port in ports)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"mac": "52:54:00:00:01:0a", "address": "nowhere+1"}, "nowhere"),
        ({"mac": "52:54:00:00:01:0a"}, "address"),
        ({"mac": "52:54:00:00:01:0a", "address": "mgmt+30", "uplinks": {"eth0": []}}, "eth0"),
        ({"mac": "52:54:00:00:01:0a", "address": "mgmt+30", "uplinks": {"a-name-of-16-chr": []}}, "15 characters"),
        ({"mac": "52:54:00:00:01:0a", "address": "mgmt+30", "uplinks": {"trunk0": ["lnd"]}}, "lnd"),
    ],
)
def test_what_cannot_be_wired_is_named(host, words):
    with pytest.raises(BadWish, match=words):
        wired(new=host)


def test_a_host_may_not_have_the_name_of_the_switch():
    with pytest.raises(BadWish, match="switch"):
        wired(sw={"mac": "52:54:00:00:01:0a", "address": "mgmt+30"})


def test_asking_for_an_unknown_host_names_those_there_are():
    with pytest.raises(BadWish, match="pi1, pi2, hv1"):
        wired().host("hv9")


def test_an_installed_host_knows_all_others_its_address_and_its_master():
    files = install.files(wired(), wired().hosts["hv1"])
    assert files["etc/hostname"] == "hv1\n"
    assert "10.99.0.12 pi2.demo.example pi2\n" in files["etc/hosts"]
    assert "Address=10.99.0.21/24\n" in files["etc/systemd/network/10-eth0.network"]
    assert "\nAddress=" not in files["etc/systemd/network/10-trunk0.network"]
    assert "MTUBytes=1650\n" in files["etc/systemd/network/10-trunk0.network"]
    assert yaml.safe_load(files["etc/salt/minion.d/lab.conf"])["master"] == "pi1"
    assert yaml.safe_load(files["etc/salt/minion.d/lab.conf"])["id"] == "hv1"
    assert files["etc/machine-id"].strip() == wired().hosts["hv1"].uuid.hex


def test_only_masters_see_the_checkout_and_only_the_physical_one_the_power_socket():
    place, lab = Place("t-x"), wired()
    seen = {name: {there for _, there in nspawn.binds(lab, lab.hosts[name], place)} for name in lab.hosts}
    assert {"/srv/lab", "/run/rack"} <= seen["pi1"]
    assert seen["pi2"] == {"/srv/lab"}
    assert seen["hv1"] == set()


@pytest.mark.parametrize("name", ["", "a/b", "..", "A", "-a", "a" * 33])
def test_a_rack_is_not_called_anything_that_is_no_name(name):
    with pytest.raises(BadWish, match="RACK"):
        Place(name)


def test_the_paths_of_sockets_are_short_enough():
    assert len(str(Place("a" * 32).notify("h" * 40))) < 108
