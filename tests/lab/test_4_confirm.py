"""
A network change that cuts its host off is taken back by the host itself; a host with one card, on a bridge.

The last test pulls the plug of hv2; a bootstrap at the end brings its VM back.
"""

import json
from threading import Thread

import pytest

from saltext.lab.wait import until

HOST, ADDRESS = "hv2", "10.99.0.22"
# What an administrator of a host with one card would have: that card in a bridge, and the address on the bridge.
ONE_CARD = f"""
cd /etc/systemd/network
printf '[Match]\\nName=eth0\\n[Network]\\nLinkLocalAddressing=no\\n' > 05-eth0.network
printf '[Match]\\nName=br-mgmt\\n[Network]\\nAddress={ADDRESS}/24\\nConfigureWithoutCarrier=yes\\n' > 05-br-mgmt.network
ovs-vsctl add-br br-mgmt -- set bridge br-mgmt datapath_type=netdev -- add-port br-mgmt eth0
networkctl reload
timeout 20 sh -c 'until ping -q -c1 -W1 pi1; do sleep 0.1; done'
"""
TWO_CARDS = """
rm /etc/systemd/network/05-*.network
ovs-vsctl del-br br-mgmt
networkctl reload
"""
# Its card is put into a VLAN that nobody else is in; the guests lose their bridge, the tunnels their address.
CUT = {
    "ovs": {"bridges": {"br-mgmt": {"adopt": True, "ports": {"eth0": {"tag": 999}}}, "br-int": None}},
    "links": {
        "br-trunk0": {"address": "10.97.0.22/24", "mtu": 1500},
        "br-9": {"address": "10.96.0.1/24", "mtu": 1500},
    },
}
COLUMNS = {
    "Bridge": "name,datapath_type,fail_mode,external_ids,other_config",
    "Port": "name,tag,trunks,protected,external_ids",
    "Interface": "name,type,options,mtu_request,external_ids",
}


def world(lab):
    """The network of the host as its own tools tell it, and what is in its files."""
    tables = (f"ovs-vsctl -f csv --columns={columns} list {table} | sort" for table, columns in COLUMNS.items())
    ports = "for bridge in $(ovs-vsctl list-br); do echo $bridge: $(ovs-vsctl list-ports $bridge | sort); done | sort"
    addresses = "ip -oneline -4 address | sed 's/^[0-9]*: //' | sort"
    shown = [*tables, ports, addresses, "ip route | sort", "tail -n +1 /etc/systemd/network/*"]
    links = json.loads(lab.run(HOST, "ip", "-json", "link").stdout)
    return {one: lab.run(HOST, "sh", "-c", one).stdout for one in shown} | {
        one["ifname"]: (one["mtu"], "UP" in one["flags"]) for one in links if not one["ifname"].startswith("vnet")
    }


def answers(lab):
    """Return when the minion answers its master."""
    connected = ["sh", "-c", "ss -Htn state established 'dport = :4505' | grep -q ."]
    until(lambda: lab.run(HOST, *connected, check=False).returncode == 0, 60, f"a connection of {HOST}")
    ping = ["salt", "-t", "3", HOST, "test.ping"]
    until(lambda: lab.run("pi1", *ping, check=False).returncode == 0, 60, f"an answer of {HOST}")


@pytest.fixture(scope="module")
def before(lab):
    """The host with one card; its network as it was before each test, which is as it shall be after it."""
    lab.run(HOST, "sh", "-ec", ONE_CARD)
    try:
        answers(lab)
        yield world(lab)
    finally:
        lab.run(HOST, "sh", "-ec", TWO_CARDS)
        lab.bootstrap()


@pytest.fixture(autouse=True)
def forgiven(lab, before):
    yield
    lab.run(HOST, "salt-call", "--local", "lab_net.forget")


def change(lab, wait, seconds, how=("-t", "60")):
    """Begin the change that cuts the host off."""
    pillar = {"lab": CUT | {"confirm": {"wait": wait, "seconds": seconds}}}
    argv = ["salt", "--out=json", "--static", *how, HOST, "state.apply", "openvswitch", f"pillar={json.dumps(pillar)}"]
    return lab.run("pi1", *argv, check=False).stdout


def cut_off(lab, seconds):
    """Begin the change and return when the host is cut off, while it still tries to reach its master."""
    # `salt --async` has been seen to end 12 s after the job began.
    Thread(target=change, args=(lab, 50, seconds, ["--async"])).start()
    until(lambda: "br-int" not in lab.run(HOST, "ovs-vsctl", "list-br").stdout, 30, "the change")
    assert lab.run(HOST, "ping", "-c1", "-W1", "pi1", check=False).returncode == 1


def reverted(lab):
    """Return the record of the last revert, or None."""
    return json.loads(lab.run(HOST, "salt-call", "--local", "--out=json", "lab_net.reverted").stdout)["local"]


def test_a_wish_that_cuts_the_hosts_uplink_is_taken_back_and_not_tried_again(lab, before):
    states = json.loads(change(lab, wait=2, seconds=60))[HOST]
    failed = {state["__id__"]: state["comment"] for state in states.values() if state["result"] is False}

    assert world(lab) == before
    assert set(failed) == {"network-confirmed"}, json.dumps(states, indent=1)
    assert "the network change was taken back" in failed["network-confirmed"]
    assert "pi1:4505 takes no connection" in failed["network-confirmed"]
    assert lab.salt("pi2", "web1", "cmd.retcode", "busybox ping -c 3 -W 3 10.10.0.23") == 0

    again = {one["__id__"]: one for one in json.loads(change(lab, wait=2, seconds=60))[HOST].values()}
    assert again["network-armed"]["result"] is False
    assert "tried and taken back" in again["network-armed"]["comment"]
    assert "pi1:4505 takes no connection" in again["network-armed"]["comment"]
    assert {name for name, one in again.items() if one["changes"]} == set()
    assert world(lab) == before


def test_a_host_whose_minion_is_killed_takes_the_change_back_in_time(lab, before):
    cut_off(lab, seconds=15)
    lab.run(HOST, "systemctl", "kill", "--signal=KILL", "--kill-whom=all", "salt-minion")

    until(lambda: reverted(lab), 30, "the revert")
    assert reverted(lab)["why"] == "no confirmation came in time"
    assert world(lab) == before
    answers(lab)


def test_a_host_that_loses_its_power_comes_back_with_its_old_network_and_without_salt(lab, before):
    cut_off(lab, seconds=60)
    lab.run(HOST, "systemctl", "disable", "salt-minion")
    lab.rack("power", "off", HOST)
    lab.rack("power", "on", HOST)

    assert reverted(lab)["why"] == "the host was off"
    assert world(lab) == before
    assert lab.run(HOST, "systemctl", "is-active", "salt-minion", check=False).stdout == "inactive\n"
    lab.run(HOST, "ping", "-c3", "-W1", "-M", "do", "-s", "1550", "10.98.0.21")
    assert lab.run(HOST, "ovs-vsctl", "get", "Interface", "vx-hv1-underlay", "error").stdout == "[]\n"
    lab.run(HOST, "systemctl", "enable", "--now", "salt-minion")
    answers(lab)
    states = lab.salt("pi1", HOST, "state.apply", "openvswitch")
    assert {name: state["changes"] for name, state in states.items() if state["changes"]} == {}
