"""A machine asks for an address for the first time: dnsmasq logs it, the minion beside it tells its master."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import salt.crypt
from salt._logging.impl import shutdown_temp_handler

from saltext.lab.netboot.marks import Marks
from saltext.lab.netboot.watch import EVENT
from saltext.lab.wait import until
from tests.support import daemons, masters, netboot

shutdown_temp_handler()  # it keeps records for a set-up that never comes here, and prints them at exit

MACS = ("52:54:00:99:00:41", "52:54:00:99:00:42")
FOLLOW = """\
import sys
from saltext.lab.netboot import marks, tell, watch
watch.follow(watch.Log(sys.argv[1]), marks.Marks(sys.argv[2]), tell.sender(sys.argv[3], watch.EVENT))
"""


@contextmanager
def watching(server, minion):
    """Run the program of the formula's service, with its places below the server's home."""
    argv = [sys.executable, "-c", FOLLOW, server.log, server.home / "seen", minion / "minion"]
    child = subprocess.Popen(argv, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        yield
    finally:
        child.kill()
        child.wait(10)


def told(bus):
    """Return the MACs that the master was told of, and by whom."""
    return [(data["data"]["mac"], data["id"]) for tag, data in bus.events if tag == EVENT]


def test_the_master_is_told_once_of_each_machine_also_after_a_restart(tmp_path):
    private, public = salt.crypt.gen_keys(2048)
    with (
        tempfile.TemporaryDirectory(prefix="lab-") as home,
        masters.master(Path(home), serves=["physical"]) as master,
        netboot.wire("e") as wire,
    ):
        Path(master.opts["pki_dir"], "minions", "srv").write_text(public)
        server, ask = netboot.Server(wire.space, tmp_path), wire.client("cli", "10.77.0.250/24")
        server.put(netboot.slice_of())
        with (
            server.dnsmasq() as pid,
            masters.Bus(master.opts) as bus,
            masters.minion(master, "srv", private, public) as at,
        ):
            until(lambda: any(tag == "salt/minion/srv/start" for tag, _ in bus.events), 60, "the minion")
            with watching(server, at):
                assert ask("lease", MACS[0])["ip"]
                until(lambda: told(bus), 30, "the event")
            with watching(server, at):
                assert ask("offer", MACS[0])["ip"]
                assert ask("offer", MACS[1], 12)["ip"]
                until(lambda: len(told(bus)) > 1, 30, "the event of the second machine")
            assert daemons.is_alive(pid)

        assert told(bus) == [(mac, "srv") for mac in MACS]
        assert Marks(server.home / "seen").all().keys() == set(MACS)
        assert json.loads((server.home / "seen/52-54-00-99-00-41.json").read_text())["interface"] == "lan"
