"""Who reaches whom: real packets between real guests."""

import pytest


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
    port = lab.run("hv1", "virsh", "domiflist", "web2").stdout.split("\n")[2].split()[0]
    lab.run("hv1", "ovs-vsctl", "set", "port", port, "tag=20")
    yield
    lab.run("hv1", "ovs-vsctl", "set", "port", port, "tag=10")


def test_a_guest_in_another_vlan_is_not_reached(lab, web2_in_another_vlan):
    assert not reaches(lab, "web1", "10.10.0.22")
    assert not reaches(lab, "web3", "10.10.0.22")
    assert reaches(lab, "web1", "10.10.0.23")


def test_in_its_own_vlan_again_it_is_reached(lab):
    assert reaches(lab, "web3", "10.10.0.22")
