"""``lab_ovs`` while ovsdb-server or ovs-vswitchd are killed, and what a monitor sees of a plan."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pytest

from saltext.lab.errors import LabError
from saltext.lab.ovs import db, queries
from saltext.lab.plan import Change
from saltext.lab.wait import until
from tests.support import daemons
from tests.support.ovs import Monitor, bringer, vsctl

WISH = {
    "br-lab": {
        "ports": {"vm0": {"tag": 10, "qos": {"type": "linux-htb", "queues": {"0": {"dscp": 46}}}}, "vm1": {}},
        "mirrors": {"watch": {"select_src_port": ["vm0"], "output_port": "vm1"}},
        "controllers": {"tcp:127.0.0.1:9": {}},
    }
}
LIBVIRT = ("add-port", "br-lab", "vnet7", "tag=7", "--", "set", "Interface", "vnet7", "external_ids:iface-id=x")
MANY = {"br-lab": {"ports": {f"p{number}": {"tag": 9} for number in range(300)}}}


class Host:
    """OVSDB and ovs-vswitchd of a host, to be killed and started again."""

    def __init__(self, home, stack):
        self.home, self.stack = home, stack
        self.address = stack.enter_context(daemons.ovsdb(home))
        self.start_switch()

    def start_switch(self):
        self.switch = self.stack.enter_context(daemons.vswitchd(self.home, "--enable-dummy=override"))

    def start_database(self):
        self.stack.enter_context(daemons.ovsdb_server(self.home))

    @property
    def database(self):
        return int((self.home / "db.pid").read_text())

    def bring(self, wish, test=False, timeout=20):
        """Do what a state does; an OVSDB that does not answer is an outcome, too."""
        try:
            with db.connect(self.address, timeout) as session:
                return bringer(session)(wish, test)
        except LabError as err:
            return {"result": False, "comment": str(err), "changes": {}}

    def wanted(self):
        with db.connect(self.address) as session:
            return session.transact(queries.CURRENT)[0]["rows"][0]["next_cfg"]


@contextmanager
def halted(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def host(tmp_path):
    with ExitStack() as stack:
        yield Host(tmp_path, stack)


def test_a_plan_makes_zero_writes_and_a_run_is_seen(host):
    """With ovs-vswitchd halted nobody else writes either; so every update would be one of the plan."""
    host.bring(WISH)
    wish = {"br-lab": {"ports": {"vm0": {"tag": 11, "qos": None}, "vm1": None, "new0": {}}, "mirrors": {"watch": None}}}
    monitor = Monitor(host.address)
    with halted(host.switch):
        monitor.updates()
        told = host.bring(wish, test=True)
        seen = monitor.updates()

    assert (told["result"], len(told["changes"])) == (None, 5)
    assert seen == []
    assert host.bring(wish)["changes"] == told["changes"]
    assert {"Port", "QoS", "Mirror"} <= {table for update in monitor.updates() for table in update}


def test_a_vswitchd_killed_in_the_middle_is_waited_for(host):
    before = host.wanted()
    with ThreadPoolExecutor() as pool:
        with halted(killed := host.switch):
            run = pool.submit(host.bring, WISH)
            until(lambda: host.wanted() > before, 10, "the commit")
            os.kill(killed, signal.SIGKILL)
        until(lambda: not daemons.is_alive(killed), 10, "the end of ovs-vswitchd")
        host.start_switch()
        ret = run.result(timeout=20)

    assert ret["result"] is True, ret["comment"]
    assert host.bring(WISH)["changes"] == {}


def test_a_vswitchd_that_stays_dead_is_an_error_that_says_what_was_committed_and_heals(host):
    host.bring({"br-lab": {}})
    daemons.end(host.switch, signal.SIGKILL)
    ret = host.bring(WISH, timeout=0.2)

    assert (ret["result"], ret["changes"]) == (False, {})
    assert "ovs-vswitchd did not follow within 0.2 s" in ret["comment"]
    assert "what this run has written to OVSDB stays there and is applied when it runs again" in ret["comment"]
    assert "systemctl restart openvswitch-switch" in ret["comment"]

    host.start_switch()
    assert host.bring(WISH) == {"name": "lab:bridges", "result": True, "comment": "as wished", "changes": {}}


def test_ports_of_others_live_on_when_vswitchd_is_killed(host):
    host.bring(WISH)
    vsctl(host.address, *LIBVIRT)
    daemons.end(host.switch, signal.SIGKILL)
    host.start_switch()

    assert host.bring(WISH)["changes"] == {}
    host.bring({"br-lab": {"ports": {"vm0": {"tag": 12}}}})
    with db.connect(host.address) as session:
        ports = bringer(session).read()["br-lab"]["ports"]
    assert ports["vnet7"] == {"tag": 7, "external_ids": {"iface-id": "x"}}


def test_an_ovsdb_restarted_between_two_runs_has_all(host):
    host.bring(WISH)
    daemons.end(host.database, signal.SIGKILL)
    ret = host.bring(WISH)
    assert ret["result"] is False
    assert f"OVSDB at {host.address} does not answer" in ret["comment"]
    assert "is openvswitch-switch up?" in ret["comment"]

    host.start_database()
    assert host.bring(WISH) == {"name": "lab:bridges", "result": True, "comment": "as wished", "changes": {}}


@pytest.mark.parametrize("milliseconds", [0, 5, 10, 20])
def test_a_transaction_is_never_half_done_when_ovsdb_is_killed(host, milliseconds):
    """Killed a little sooner or later after the run has begun; what is there after the restart is all or nothing."""
    host.bring({"br-lab": {}})
    with ThreadPoolExecutor() as pool:
        run = pool.submit(host.bring, MANY)
        subprocess.run(["sleep", str(milliseconds / 1000)], check=True)
        daemons.end(host.database, signal.SIGKILL)
        ret = run.result(timeout=30)
    host.start_database()
    with db.connect(host.address) as session:
        ports = bringer(session).read()["br-lab"].get("ports", {})

    assert len(ports) in (0, 300)
    assert ret["result"] is False or len(ports) == 300
    assert ret["result"] is True or "OVSDB" in ret["comment"]
    healed = host.bring(MANY)
    assert healed["result"] is True, healed["comment"]
    assert host.bring(MANY)["changes"] == {}


def test_an_ovsdb_killed_with_our_transaction_in_its_pipe_has_nothing_of_it(host):
    host.bring({"br-lab": {}})
    with db.connect(host.address) as session:
        os.kill(host.database, signal.SIGSTOP)
        with ThreadPoolExecutor() as pool:
            run = pool.submit(db.write, session, [Change(("br-lab", "fail_mode"), None, "secure")])
            daemons.end(host.database, signal.SIGKILL)
            with pytest.raises(LabError, match="OVSDB at .* does not answer"):
                run.result(timeout=20)
    host.start_database()

    assert set(host.bring({"br-lab": {"fail_mode": "secure"}})["changes"]) == {"br-lab.fail_mode"}
