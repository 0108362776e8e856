"""The life of a key: rebuilt, removed, swapped, revoked; a real master, a real minion, and strangers who knock."""

import json
import tempfile
import time

import pytest
import yaml

from saltext.lab.admit import office
from saltext.lab.admit import revoke as revocation
from saltext.lab.admit.keyring import Keyring
from saltext.lab.admit.keys import classify
from saltext.lab.admit.keystore import KeyStore
from saltext.lab.boot import remove, status
from saltext.lab.boot.fleet import Fleet
from saltext.lab.boot.graph import Step
from saltext.lab.boot.guests import Guests
from saltext.lab.boot.masters import Masters
from saltext.lab.errors import NotSafe, Refused
from saltext.lab.plan import merge, plain
from saltext.lab.spec import facts, source
from saltext.lab.spec.check import checked
from saltext.lab.virt import link
from saltext.lab.wait import until
from tests.salt.conftest import Identity
from tests.support import masters, storage
from tests.support.ear import Ear

SPEC = merge(plain(source.load()), {"vms": {name: {"class": "web", "host": "hv1"} for name in ("kay", "lee")}})
#: A hypervisor beside its master, and no VMs.
SMALL = {
    "name": "small",
    "domain": "small.example",
    "masters": {"physical": "pi1", "virtual": "pi2"},
    "networks": {"lan": {"subnet": "10.10.0.0/24"}},
    "hosts": {
        "pi1": {"mac": "52:54:00:00:01:01", "address": "lan+1"},
        "pi2": {"mac": "52:54:00:00:01:02", "address": "lan+2", "roles": ["hypervisor"]},
    },
}
ONE = {"masters": {"physical": "pi2", "virtual": "pi2"}}
IN, OUT = ("accepted", "the key that was enrolled"), ("pending", "leave — nobody enrolled this id")


@pytest.fixture
def lab(spec):
    """A function that puts the demo lab with the VMs kay and lee in the place of the spec, merged with a patch."""

    def lab(patch=None):
        wished = merge(SPEC, patch or {})
        spec(yaml.safe_dump({"lab": wished}))
        return checked(wished)

    lab()
    return lab


@pytest.fixture
def desk(master):
    """What ``lab.expect`` enrols with."""
    return office.desk(master.opts)


@pytest.fixture
def enrol(desk):
    """A function that has each of ``minion=identity`` expected."""

    def enrol(**expected):
        desk.enrol([{"id": one, "fingerprint": key.fingerprint, "host": "hv1"} for one, key in expected.items()])

    return enrol


@pytest.fixture
def enter(master, enrol):
    """A function that has each of ``minion=identity`` enrolled, and knock until it is in."""

    def enter(**expected):
        enrol(**expected)
        for one, key in expected.items():
            until(lambda one=one, key=key: is_in(master, one, key), 30, f"the admission of {one}")

    return enter


@pytest.fixture
def rows(master, desk, lab):
    """A function that returns ``[(id, kind, why)]`` of the *ids*, as ``lab.keys`` has them of the spec *left*."""

    def rows(*ids, left=None):
        expected = facts.minions(left or lab(), ["virtual"])
        found = classify(expected, desk.store.all(), Keyring(master.opts).keys(), time.time())
        return sorted((row.id, row.kind, row.why) for row in found if row.id in ids)

    return rows


@pytest.fixture
def revoke(master):
    """A function that returns what ``lab.revoke`` printed of *words*."""

    def revoke(*words):
        done = master.run("lab.revoke", *words)
        assert done.returncode == 0, done
        return done.stdout

    return revoke


@pytest.fixture(scope="module")
def pi2(master, daemon):
    """The minion beside the master runs, and is a hypervisor too."""
    home, key = master.home, Identity()
    virt = {"uri": daemon.uri, "identities": str(home / "identities"), "marks": str(home / "marks")}
    tree = {"module_dirs": [str(masters.REPOSITORY / "salt")], "utils_dirs": [str(masters.REPOSITORY / "_utils")]}
    office.desk(master.opts).enrol([{"id": "pi2", "fingerprint": key.fingerprint}])
    with masters.minion(master, "pi2", key.private, key.public, lab={"virt": virt}, **tree) as place:
        (place / "master").symlink_to(master.config)
        until(lambda: fleet(master).answers("pi2"), 30, "pi2")
        yield


def is_in(master, minion, key):
    return isinstance(master.knock(minion, key.public), dict)


def fleet(master):
    return Fleet(master.opts)


# The four cases


def test_the_key_of_a_vm_that_is_rebuilt_goes_with_its_new_enrolment_only(master, lab, enter, rows, identity):
    old, new = identity(), identity()
    enter(kay=old)
    assert master.knock("kay", new.public) is False
    until(lambda: rows("kay") == [("kay", *IN)], 20, "the end of the new key, which nobody has enrolled yet")

    enter(kay=new)
    assert not is_in(master, "kay", old)
    assert is_in(master, "kay", new)
    until(lambda: rows("kay") == [("kay", *IN)], 20, "the end of the old key")


def test_two_vms_that_swap_names_have_each_the_key_that_was_enrolled_last(master, lab, enter, rows, identity):
    one, other = identity(), identity()
    enter(kay=one, lee=other)
    enter(kay=other, lee=one)

    for vm, right, wrong in (("kay", other, one), ("lee", one, other)):
        assert not is_in(master, vm, wrong)
        assert is_in(master, vm, right)
    until(lambda: rows("kay", "lee") == [("kay", *IN), ("lee", *IN)], 20, "the end of the old keys")


def test_the_keys_of_vms_that_are_removed_go_and_their_later_knocks_stay_outside(
    master, lab, enter, enrol, rows, identity, pi2, desk
):
    there, boots, asked = identity(), identity(), Step("forget", "pi2", ())
    enter(kay=there)
    enrol(lee=boots)
    assert [row[:2] for row in rows("kay", "lee")] == [("kay", "accepted"), ("lee", "enrolled")]
    left = lab({**ONE, "vms": {"kay": None, "lee": None}})
    assert {row[1:] for row in rows("kay", "lee", left=left)} == {("stale", "not in the spec any more")}

    known = desk.store.all()
    with pytest.raises(NotSafe, match=r"are not in the spec any more .* lab\.bootstrap forget=true"):
        Guests(left, fleet(master), {}).forget(asked)
    assert desk.store.all() == known
    assert {"kay", "lee"} <= set(Guests(left, fleet(master), {}, forget=True).forget(asked).split(", "))
    assert Guests(left, fleet(master), {}).forget(asked) == ""
    assert rows("kay", "lee", left=left) == []
    for vm, key in {"kay": there, "lee": boots}.items():
        assert master.knock(vm, key.public) is True
        until(lambda vm=vm: master.said(vm)[-1] == ("leave", "nobody enrolled this id"), 20, f"a verdict on {vm}")
    assert rows("kay", "lee", left=left) == [("kay", *OUT), ("lee", *OUT)]


# Revoked


def test_a_revoked_minion_gets_no_further_job_and_no_pillar_and_others_go_on(
    master, lab, pi2, enter, rows, revoke, identity
):
    key = identity()
    enter(kay=key)
    with masters.minion(master, "kay", key.private, key.public), Ear(master, "kay", key) as ear:
        until(lambda: fleet(master).answers("kay"), 30, "kay")
        assert fleet(master).call("kay", "config.get", "lab:id") == "kay"
        assert ear.reads(lambda: fleet(master).answers("pi2")) is True
        assert isinstance(ear.asks_for_its_pillar(), dict)

        assert revoke("kay") == "kay: gone are enrolment, accepted key, cached grains, cached pillar (pi2)\n"
        assert ear.asks_for_its_pillar() == "bad load"
        heard = []
        assert ear.reads(lambda: heard.append(fleet(master).answers("pi2"))) is False
        assert (heard, fleet(master).answers("kay", timeout=1)) == ([True], False)
        until(lambda: rows("kay") == [("kay", *OUT)], 20, "its next knock")
    assert [act for act, _ in master.said("kay")[-3:]] == ["accept", "revoke", "leave"]


def test_revoking_is_literal_and_can_be_done_twice(master, lab, enter, rows, revoke, identity):
    key = identity()
    revoke('["*", "kay\\nlee"]')  # of whom other tests of this tier knocked
    for one in ("*", "kay\nlee"):
        master.knock(one, key.public)
    enter(kay=key)

    assert revoke("*") == "*: gone are pending key (pi2)\n"
    assert revoke('"kay\\nlee"') == '"kay\\nlee": gone are pending key (pi2)\n'
    assert revoke('["*", ../../kay]') == "*: nothing was there\n../../kay: nothing was there\n"
    assert rows("*", "kay\nlee", "kay") == [("kay", *IN)]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("[kay, pi2]", 1, "pi2 is the minion beside a master"),
        ("101", 2, "101 is no id — an id is a text"),
    ],
)
def test_what_is_not_revoked(master, lab, words, code, said):
    done = master.run("lab.revoke", words)

    assert (done.returncode, done.stdout.count("\n")) == (code, 1), done
    assert said in done.stdout


def test_a_minion_beside_a_master_is_revoked_by_force(master, lab, revoke, identity):
    revoke("pi1", "force=true")  # another test of this tier may have enrolled it
    master.knock("pi1", identity().public)

    assert revoke("pi1", "force=true") == "pi1: gone are pending key (pi2)\n"


# Both masters


def physical(master, lab):
    """Return what the master of the hosts has in its hands; the one that runs is that of the VMs."""
    return Masters(lab, fleet(master), ["physical"])


def test_the_master_of_the_hosts_asks_that_of_the_vms_too(master, lab, enter, identity, pi2):
    enter(kay=identity())
    both = physical(master, lab())
    found = both.ask("keys", lambda: ["own"])
    gone = both.ask("revoke", dict, ["kay"], False, "lab.remove")
    told = both.ask("audit", list, "kay", "revoke", None, 1)

    assert found["keys"]["pi1"] == ["own"]
    assert [row["kind"] for row in found["keys"]["pi2"] if row["id"] == "kay"] == ["accepted"]
    assert gone == {"revoke": {"pi1": {}, "pi2": {"kay": ["enrolment", "accepted key"]}}, "silent": {}}
    assert [(line["why"], line["source"]) for line in told["audit"]["pi2"]] == [
        ("enrolment, accepted key", "lab.remove")
    ]


def test_a_master_whose_minion_is_down_is_told_and_the_rest_is_shown(master, lab):
    found = physical(master, lab({"masters": {"virtual": "nb1"}})).ask("keys", lambda: ["own"])

    assert found["keys"] == {"pi1": ["own"]}
    words = (
        "the master on nb1 was not asked — the minion beside it does not answer — on nb1: systemctl restart salt-minion"
    )
    assert found["silent"] == {"nb1": words}


def test_the_keys_as_a_person_sees_them(master, lab, enter, identity):
    enter(kay=identity())
    done = master.run("lab.keys")

    assert done.returncode == 0, done
    [row] = [" ".join(line.split()) for line in done.stdout.splitlines() if " kay " in line]
    assert row.endswith("hv1 pi2 the key that was enrolled")


# A VM


@pytest.fixture
def vms(daemon):
    """The directory of a pool on that hypervisor; all that was made there goes with the test."""
    with tempfile.TemporaryDirectory(dir=daemon.home) as home, link.connect(daemon.uri) as conn:
        conn.defineXML("<domain type='qemu'><name>lee</name><memory>65536</memory><os><type>hvm</type></os></domain>")
        yield home
        storage.clean(conn)


def test_what_is_left_of_a_vm_is_told_and_taken_off_its_hypervisor(master, pi2, vms):
    lab, all_ = checked(SMALL), fleet(master)
    disk = {"pool": "vms", "bus": "virtio", "format": "raw"}
    disks = {"vda": disk | {"volume": "kay-vda"}, "vdb": disk | {"volume": "media"}}  # others may use the second
    kay = {"type": "qemu", "memory_mib": 64, "machine": "q35", "running": True, "disks": disks}
    made = [("pool_present", "vms", {"path": vms, "running": True}), ("domain_present", "kay", kay)]
    made[1:1] = [("volume_present", f"vms:{name}", {"size_mib": 1}) for name in ("kay-vda", "media")]
    for state, name, wish in made:
        all_.call("pi2", "state.single", f"lab_virt.{state}", name, **wish)
    all_.call("pi2", "lab_virt.identity", "kay", all_.call("pi2", "lab_master.public_key"))
    told = status.status(lab, all_, KeyStore(master.opts))["vms"]
    assert {name: row["wrong"] for name, row in told.items()} == {"kay": ["not in the spec: salt-run lab.remove kay"]}

    with pytest.raises(NotSafe, match="domain lee on pi2 is not ours"):
        remove.remove(lab, all_, "lee")
    gone = remove.remove(lab, all_, "kay", disks=True)

    assert gone == ({"pi2": {"kay": ["domain", "volume vms:kay-vda", "key pair"]}}, {})
    assert remove.remove(lab, all_, "kay", disks=True) == ({"pi2": {"kay": []}}, {})
    assert set(all_.call("pi2", "lab_virt.domains")) == {"lee"}
    assert set(all_.call("pi2", "lab_virt.volumes")) == {"vms:media"}


def test_a_hypervisor_that_does_not_answer_is_told(master, lab):
    found, silent = remove.remove(lab(), fleet(master), "mia")

    assert (found, set(silent)) == ({}, {"hv1", "hv2"})
    assert silent["hv1"].startswith("hv1 does not answer test.ping")


def test_who_is_not_removed(master, lab):
    done = master.run("lab.remove", "kay")

    said = "lab.remove kay needs the hosts — pi1 is their master — on pi1: salt-run lab.remove kay\n"
    assert (done.returncode, done.stdout) == (1, said), done
    for name, words in {"kay": "kay is in the spec", "hv1": "hv1 is a physical machine"}.items():
        with pytest.raises(Refused, match=words):
            remove.remove(lab(), fleet(master), name)


# The audit


def test_the_audit_is_read_back(master, lab, desk, enter, identity):
    enter(kay=identity())
    revocation.revoke(desk, Keyring(master.opts), ["kay"], "lab.revoke")
    with master.audit.open("a") as log:
        log.write('{"at": 17')
    table = master.run("lab.audit", "kay", "since=1h")
    data = json.loads(master.run("--out", "json", "lab.audit", "kay", "act=revoke", "last=1").stdout)
    odd = master.run("lab.audit", "since=yesterday")

    told = [row.split()[2:5] for row in table.stdout.splitlines() if row.strip()][-2:]
    assert told == [["pi2", "accept", "kay"], ["pi2", "revoke", "kay"]]
    [line] = data["audit"]["pi2"]
    assert [line[key] for key in ("id", "act", "source")] == ["kay", "revoke", "lab.revoke"]
    assert (odd.returncode, odd.stdout) == (
        2,
        "since=yesterday is no moment — say 30m, 2h or 3d, or 2026-11-21 14:00\n",
    )
