"""One job for several minions, of which not all answer."""

from saltext.lab.boot.fleet import Fleet
from saltext.lab.errors import Refused, Unreachable


def test_each_minion_has_its_answer_or_its_error(master, highstated):
    fleet = Fleet(master.opts)
    found = fleet.call_all(["web1", "web10"], "test.echo", text="one", timeout=8)
    failed = fleet.call_all(["web1"], "test.nothing", timeout=30)

    assert found["web1"] == "one"
    assert isinstance(found["web10"], Unreachable)
    assert isinstance(failed["web1"], Refused)
    assert "'test.nothing' is not available" in str(failed["web1"])
