"""Who reaches whom: real packets between real guests."""

import pytest

from saltext.lab.wait import until


def reaches(lab, vm, address):
    return lab.salt("pi2", vm, "cmd.retcode", f"busybox ping -c 3 -W 3 {address}") == 0


def test_guests_reach_each_other_on_one_host_and_across_the_tunnel(lab):
    assert reaches(lab, "web1", "10.10.0.22")
    assert reaches(lab, "web1", "10.10.0.23")
    assert reaches(lab, "web3", "10.10.0.21")


def test_a_full_packet_and_a_tcp_stream_cross_the_tunnel(lab):
    assert lab.salt("pi2", "web1", "cmd.retcode", "busybox ping -c 2 -W 3 -s 1472 10.10.0.23") == 0
    assert lab.salt("pi2", "web1", "cmd.run", "busybox wget -qO- http://10.10.0.23/") == (
        "web3: on the other side of the tunnel"
    )


@pytest.fixture
def web2_in_another_vlan(lab):
    """web2's card is put into VLAN 20, addresses and all else as they were."""
    port = lab.port("hv1", "web2")
    lab.run("hv1", "ovs-vsctl", "set", "port", port, "tag=20")
    yield
    lab.run("hv1", "ovs-vsctl", "set", "port", port, "tag=10")


def test_a_guest_in_another_vlan_is_not_reached(lab, web2_in_another_vlan):
    assert not reaches(lab, "web1", "10.10.0.22")
    assert not reaches(lab, "web3", "10.10.0.22")
    assert reaches(lab, "web1", "10.10.0.23")


def test_in_its_own_vlan_again_it_is_reached(lab):
    assert reaches(lab, "web3", "10.10.0.22")


def test_two_tenants_over_one_dumb_switch_hear_nothing_of_each_other_and_each_frame_once(lab, web2_in_another_vlan):
    """web1 asks its own VLAN for an address that nobody has: three broadcasts, through a mesh of three hosts."""
    asked = "arp and host 10.10.0.99"
    places = {
        "sent": ("hv1", lab.port("hv1", "web1"), asked),
        "own VLAN, across": ("hv2", lab.port("hv2", "web3"), asked),
        "own VLAN, the third host": ("pi2", "lan", asked),
        "another VLAN, same host": ("hv1", lab.port("hv1", "web2"), asked),
        "another VLAN, the third host": ("pi2", "guests", asked),
        "on the wire to hv2": ("hv2", "trunk0", "udp port 4789 and inbound"),
    }
    with lab.listening(**places) as heard:
        lab.salt("pi2", "web1", "cmd.run", "busybox arping -c 3 -I eth0 10.10.0.99")
        lines = heard()

    sent = len(lines["sent"])
    assert sent >= 3
    assert {name: len(lines[name]) for name in places if "own VLAN" in name} == {
        "own VLAN, across": sent,
        "own VLAN, the third host": sent,
    }
    assert [line for name in places if "another" in name for line in lines[name]] == []
    carried = [line for line in lines["on the wire to hv2"] if "10.10.0.99" in line]
    assert len(carried) == sent
    assert all("vlan 10," in line for line in carried)


@pytest.mark.parametrize(
    "crash",
    [["pkill", "-KILL", "-x", "ovs-vswitchd"], ["systemctl", "restart", "ovsdb-server"]],
    ids=["vswitchd", "ovsdb"],
)
def test_the_switch_dies_and_traffic_is_back_and_the_next_run_is_empty(lab, crash):
    lab.run("hv1", *crash)

    until(lambda: reaches(lab, "web1", "10.10.0.23"), 90, "traffic across the tunnel")
    states = lab.salt("pi1", "hv1", "state.apply", "openvswitch", timeout=200)
    assert all(state["result"] for state in states.values()), states
    assert [state["changes"] for state in states.values() if state["changes"]] == []
