"""Saving the network of a host and putting it back: a real OVSDB and ovs-vswitchd, in a network namespace."""

import json
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from pyroute2 import netns

from saltext.lab.command import run
from saltext.lab.net import watch
from saltext.lab.net.host import Host
from saltext.lab.net.store import Store
from tests.support import daemons

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
SPACE = "lab-net-test"
TABLES = {
    "Open_vSwitch": "external_ids,other_config,manager_options",
    "Bridge": "name,datapath_type,fail_mode,external_ids,other_config,mirrors,controller,ports",
    "Port": "name,tag,trunks,protected,qos,interfaces,external_ids",
    "Interface": "name,type,options,mtu_request,external_ids",
    "Mirror": "name,select_all,output_port",
    "Controller": "target,connection_mode",
    "QoS": "type,queues,other_config",
    "Queue": "other_config",
}
EMPTY = """
for bridge in $(ovs-vsctl --db=$OVS list-br); do ovs-vsctl -t 20 --db=$OVS del-br $bridge; done
ovs-vsctl -t 20 --db=$OVS -- --all destroy qos -- --all destroy queue -- remove open . external_ids new
ip address flush dev up0
ip link set up0 mtu 1500
"""
# A host with all that has references in OVSDB, a guest (its port has an iface-id), and addresses by hand.
BEFORE = """
ovs-vsctl -t 20 --db=$OVS add-br br-a -- set bridge br-a datapath_type=netdev fail_mode=standalone \
  -- add-port br-a up0 tag=10 -- add-port br-a tun0 -- set interface tun0 type=vxlan options:remote_ip=10.0.0.9 \
  -- add-port br-a guest0 tag=20 -- set interface guest0 external_ids:iface-id=1 \
  -- set-controller br-a tcp:127.0.0.1:6699 -- set bridge br-a external_ids:uuid=set \
  -- --id=@u get port up0 -- --id=@m create mirror name=m select_all=true output_port=@u -- set bridge br-a mirrors=@m \
  -- --id=@q create queue other_config:max-rate=1000000 \
  -- --id=@qos create qos type=linux-htb queues:0=@q -- set port tun0 qos=@qos
ip link set br-a up mtu 1400
ip address add 10.1.0.1/24 brd + dev br-a
ip address add 2001:db8::1/64 dev br-a nodad
ip route add 10.9.0.0/16 via 10.1.0.254 metric 7
"""
CHANGE = """
ovs-vsctl -t 20 --db=$OVS del-br br-a -- set open . external_ids:new=1 -- add-br br-b \
  -- set bridge br-b datapath_type=netdev -- add-port br-b up0 tag=99
ovs-vsctl -t 20 --db=$OVS -- --all destroy qos -- --all destroy queue -- --id=@left create qos type=linux-hfsc
ip link set br-b up
ip address add 10.2.0.1/24 dev br-b
ip link set up0 mtu 1300
ip address add 10.3.0.1/24 dev up0
"""
FILES = {
    "20-lab-a.network": "[Match]\nName=a\n",
    "20-lab-b.network": "[Match]\nName=b\n",
    "10-other.network": "other\n",
}


@pytest.fixture(scope="module")
def space():
    netns.create(SPACE)
    netns.pushns(SPACE)
    try:
        run(
            "ip",
            "-batch",
            "-",
            stdin="link set lo up\nlink add up0 type veth peer name far0\nlink set up0 up\n"
            "link set far0 up\ntuntap add dev guest0 mode tap\nlink set guest0 up\n",
        )
        yield
    finally:
        netns.popns()
        netns.remove(SPACE)


@pytest.fixture(scope="module")
def home(tmp_path_factory, space):
    home = tmp_path_factory.mktemp("net")
    with daemons.ovsdb(home), daemons.vswitchd(home, "--disable-system"):
        yield home


@pytest.fixture
def host(home, tmp_path):
    """A host in the state BEFORE, its change armed, with a deadline that is far away."""
    ovs, network = f"unix:{home}/db.sock", tmp_path / "network"
    network.mkdir()
    for name, text in FILES.items():
        (network / name).write_text(text)
    host = SimpleNamespace(host=Host(ovs, 2, network), store=Store(tmp_path / "store"), home=tmp_path / "store")
    host.network, host.ovs = network, ovs
    host.sh = lambda script: subprocess.run(
        ["sh", "-ec", script], env={"OVS": ovs, "PATH": PATH}, check=True, timeout=60
    )
    host.sh(EMPTY + BEFORE)
    host.arm = lambda seconds=600, **more: host.store.arm(watch.record("wish", host.host, seconds) | more)
    host.world = lambda: world(host)
    return host


def world(host):
    """What the tools and the files say; rows by what is in them, for one that was made anew has another UUID."""
    names = {}
    for table in TABLES:
        for row in listed(
            host, table, "_uuid," + ("name" if table in ("Bridge", "Port", "Interface") else "external_ids")
        ):
            names[row[0][1]] = f"{table} {row[1]}"
    tables = {
        table: sorted(str([plain(value, names) for value in row]) for row in listed(host, table, columns))
        for table, columns in TABLES.items()
    }
    files = {path.name: path.read_text() for path in host.network.iterdir()}
    links = {
        one["ifname"]: (
            one["mtu"],
            "UP" in one["flags"],
            [(a["local"], a["prefixlen"], a.get("broadcast")) for a in one["addr_info"] if a["scope"] == "global"],
        )
        for one in json.loads(run("ip", "-json", "address"))
        if one["ifname"] != "ovs-netdev"
    }
    routes = sorted(one for one in run("ip", "route").splitlines())
    return tables, files, links, routes


def plain(value, names):
    match value:
        case ["uuid", uuid]:
            return names.get(uuid)
        case ["set", items]:
            return sorted(str(plain(item, names)) for item in items)
        case ["map", pairs]:
            return sorted((key, str(plain(part, names))) for key, part in pairs)
    return value


def listed(host, table, columns):
    text = run("ovs-vsctl", f"--db={host.ovs}", "--format=json", f"--columns={columns}", "list", table)
    return json.loads(text)["data"]


def watcher(host):
    """Start the program as systemd does, and return it when it has said that it is ready."""
    argv = [sys.executable, "-m", "saltext.lab.net.watch", str(host.home)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(host.home / "notify"))
        ear.settimeout(30)
        env = {"PYTHONPATH": "_utils", "PATH": PATH, "NOTIFY_SOCKET": str(host.home / "notify")}
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=env)
        assert ear.recv(99) == b"READY=1"
    (host.home / "notify").unlink()
    return process


def ended(process):
    try:
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, said


def change(host):
    host.sh(CHANGE)
    (host.network / "20-lab-a.network").write_text("[Match]\nName=z\n")
    (host.network / "20-lab-b.network").unlink()
    (host.network / "20-lab-c.network").write_text("[Match]\nName=c\n")


def test_what_waits_is_taken_back_when_its_time_is_up_and_all_is_as_it_was(host):
    before = host.world()
    host.arm(seconds=0)
    change(host)
    assert all(part != was for part, was in zip(host.world(), before, strict=True))

    assert ended(watcher(host))[0] == 0
    assert host.world() == before
    assert host.store.reverted()["why"] == watch.LATE
    assert host.store.pending() is None


def test_stopped_it_takes_back_at_once_and_leaves_what_was_not_changed_untouched(host):
    host.arm()
    before, rows = host.world(), dict(row for row in listed(host, "Interface", "name,_uuid"))
    ofport = run("ovs-vsctl", f"--db={host.ovs}", "get", "Interface", "guest0", "ofport")
    host.sh("ovs-vsctl -t 20 --db=$OVS set port up0 tag=99 -- del-port tun0")
    process = watcher(host)
    process.terminate()

    assert ended(process)[0] == 0
    assert host.world() == before
    now = dict(row for row in listed(host, "Interface", "name,_uuid"))
    assert {name for name in rows if rows[name] != now[name]} == {"tun0"}
    assert run("ovs-vsctl", f"--db={host.ovs}", "get", "Interface", "guest0", "ofport") == ofport
    assert host.store.reverted()["why"] == watch.STOPPED


def test_the_port_of_a_guest_that_came_in_between_stays(host):
    host.arm(seconds=0)
    host.sh("ip tuntap add dev guest1 mode tap")
    host.sh(
        "ovs-vsctl -t 20 --db=$OVS add-port br-a guest1 tag=5 -- set interface guest1 external_ids:iface-id=2 "
        "-- --may-exist add-port br-a stray0 -- set interface stray0 type=internal"
    )
    ended(watcher(host))

    assert set(run("ovs-vsctl", f"--db={host.ovs}", "list-ports", "br-a").split()) == {
        "up0",
        "tun0",
        "guest0",
        "guest1",
    }
    host.sh("ip link del guest1")


def test_what_is_confirmed_stays(host):
    host.arm(seconds=0)
    change(host)
    changed = host.world()
    assert host.store.disarm()

    assert ended(watcher(host)) == (0, "")
    assert host.world() == changed
    assert host.store.reverted() is None


def test_after_a_power_cut_it_waits_for_nothing_and_leaves_addresses_to_those_who_set_them(host):
    before = host.world()
    host.arm(boot="another")
    change(host)
    host.sh("ip address add 10.4.0.1/24 dev far0")

    assert ended(watcher(host))[0] == 0
    assert host.world()[:2] == before[:2]
    assert "10.4.0.1" in run("ip", "address", "show", "far0")
    assert host.store.reverted()["why"] == watch.OFF
    host.sh("ip address flush dev far0")


def test_what_cannot_be_put_back_is_told_and_tried_again_and_the_rest_is_done(host, home):
    before = host.world()
    host.arm(seconds=0)
    change(host)
    (home / "db.sock").rename(home / "away.sock")
    try:
        code, said = ended(watcher(host))
    finally:
        (home / "away.sock").rename(home / "db.sock")
    assert (code, "OVSDB" in said) == (1, True)
    assert host.world()[1] == before[1]
    assert host.store.reverted() is None

    assert ended(watcher(host))[0] == 0
    assert host.world() == before
