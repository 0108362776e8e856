"""What lab.status says of each host and VM, and how few jobs it needs."""

import pytest

from saltext.lab.admit.keystore import ACCEPTED
from saltext.lab.boot.status import status
from saltext.lab.errors import Unreachable
from saltext.lab.plan import merge
from saltext.lab.spec import source
from saltext.lab.spec.check import checked

SPEC = source.load()
LAB = checked(merge(SPEC, {"hosts": {host: {"power": None} for host in SPEC["hosts"]}}))
DONE = {"admitted": 1.0, "highstate": {"state": "done", "at": 2.0}}


class Fleet:
    """The answers of all minions; those *silent* give none.  Notes each job."""

    def __init__(self, silent=(), records=None, off=()):
        self.silent, self.jobs = set(silent), []
        self.records = dict.fromkeys(LAB.vms, DONE) if records is None else records
        self.off = off

    def call_all(self, minions, fun, *words, timeout):  # noqa: ARG002
        self.jobs.append((fun, *minions))
        return {
            one: Unreachable(f"{one} does not answer") if one in self.silent else self._said(one, fun, *words)
            for one in minions
        }

    def _said(self, host, fun, *words):
        return {
            "test.ping": lambda: True,
            "lab_master.records": lambda: self.records,
            "lab_master.silent": lambda ids, patience: [one for one in ids if one in self.silent],  # noqa: ARG005
            "lab_virt.domains": lambda: {
                vm: {"running": vm not in self.off, "adopt": True} for vm in LAB.vms if LAB.vms[vm].host == host
            },
        }[fun](*words)


class Keys:
    """A master that has accepted everybody."""

    def pub(self, minion, status):
        return minion if status == ACCEPTED else None


def wrong(**fleet):
    """Return ``{machine: what is wrong}`` of those where something is."""
    rows = status(LAB, Fleet(**fleet), Keys())
    return {name: row["wrong"] for kind in rows.values() for name, row in kind.items() if row["wrong"]}


def test_where_all_answer_nothing_is_wrong_and_each_question_is_one_job():
    fleet = Fleet()
    rows = status(LAB, fleet, Keys())

    assert [name for kind in rows.values() for name, row in kind.items() if row["wrong"]] == []
    assert {row["minion"] for kind in rows.values() for row in kind.values()} == {"answers"}
    assert [job[0] for job in fleet.jobs] == [
        "test.ping",
        "lab_master.records",
        "lab_master.silent",
        "lab_virt.domains",
    ]
    assert fleet.jobs[0][1:] == tuple(LAB.hosts)


def test_a_vm_that_is_up_and_does_not_answer_is_wrong():
    assert wrong(silent=["web1"]) == {"web1": ["its minion is silent: see its console, by lab_virt.console on hv1"]}


def test_a_silent_host_is_told_and_so_is_what_nobody_can_tell_of_its_vms():
    found = wrong(silent=["hv1"])

    assert found["hv1"] == ["its minion does not answer: look at `journalctl -u salt-minion` on hv1"]
    assert found["web1"] == found["web2"] == ["its host hv1 does not answer"]
    assert set(found) == {"hv1", "web1", "web2"}


def test_a_silent_minion_beside_the_virtual_master_is_named_with_every_vm():
    found = wrong(silent=["pi2"])

    assert found["web1"] == [
        "its master pi2 cannot be asked, whose minion is silent: on pi2: systemctl status salt-minion"
    ]
    assert set(found) == {"pi2", *LAB.vms}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "it was not admitted"),
        ({"admitted": 1.0, "highstate": None}, "its highstate is missing"),
        ({"admitted": 1.0, "highstate": {"state": "failed", "why": "no disk"}}, "its highstate is failed no disk"),
    ],
)
def test_a_vm_that_is_not_up_yet_is_not_asked(record, words):
    records = dict.fromkeys(LAB.vms, DONE) | {"web1": record}
    row = status(LAB, Fleet(silent=["web1"], records=records), Keys())["vms"]["web1"]

    assert row["wrong"][0].startswith(words)
    assert row["minion"] == "unknown"


def test_a_vm_that_is_off_is_off_and_no_more():
    assert wrong(silent=["web1"], off=["web1"]) == {"web1": ["it is off: salt-run lab.bootstrap"]}
