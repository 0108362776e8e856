"""How the lab stands, from one run to the next: kept on disk, compared with the spec, and what is refused."""

import copy
import json

import jinja2
import pytest
import yaml

from saltext.lab.boot import stand, status
from saltext.lab.boot.graph import steps
from saltext.lab.boot.remove import remove
from saltext.lab.boot.strays import strays
from saltext.lab.errors import NotSafe, Refused
from saltext.lab.plan import merge
from saltext.lab.spec import kept, standing
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.spec.removal import refuse_much
from saltext.lab.spec.standing import NOTHING, Standing
from tests.support import masters
from tests.support.labs import PLAIN

BOTH = [host for host in PLAIN["hosts"] if host.startswith("hv")]
ROOM = {"hosts": {host: {"capacity": {"memory_mib": 4096, "vcpus": 8}} for host in BOTH}}
#: Two hypervisors with capacity; web2 states no host, and has no disk.
LOOSE = merge(copy.deepcopy(PLAIN), {**ROOM, "vms": {"web2": {"host": None}}})
NIGHT = {
    "profile": "day",
    "profiles": {"day": {"vms": ["web3"], "hosts": ["hv2"]}, "night": {"place": {"web2": "hv1"}}},
}
PROFILED = merge(copy.deepcopy(LOOSE), NIGHT | {"hosts": {"hv2": {"always_on": False}}})


@pytest.fixture
def opts(tmp_path):
    return {"lab": {"standing": str(tmp_path / "own/standing.json")}}


def no_driver(host):
    pytest.fail(f"{host} was asked")


def at(**places):
    return Standing(places, tuple(PLAIN["hosts"]))


def begin(opts, lab, remove=False):
    """Return *lab* as a bootstrap of it begins."""
    stand.refuse(lab, remove)
    stand.keep(opts, begun := stand.begun(lab))
    return begun


# On disk


def test_what_is_kept_comes_back_and_is_for_its_owner_alone(opts):
    now = Standing({"web1": "hv1"}, ("hv1", "hv2"), ("hv2",), "night", {"web1": ("hv2",)})
    kept.write(opts, now)

    assert kept.read(opts) == now
    assert (kept.file(opts).stat().st_mode & 0o777, kept.file(opts).parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_where_nothing_is_kept_all_is_new(opts):
    assert kept.read(opts) == NOTHING


def test_the_same_is_not_written_again(opts):
    kept.write(opts, at(web1="hv1"))
    before = kept.file(opts).stat()
    kept.write(opts, at(web1="hv1"))

    assert kept.file(opts).stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    "text", ["", "{", '{"places": {"web1": "hv1"', "[]", '{"place": {}}', '{"places": {"web1": 3}}', '{"off": "hv1"}']
)
def test_a_torn_file_is_told_and_not_taken_for_an_empty_one(opts, text):
    kept.write(opts, NOTHING)
    kept.file(opts).write_text(text)

    with pytest.raises(Refused, match=r"standing.json cannot be understood — .* — bring back a copy"):
        kept.read(opts)
    with pytest.raises(Refused):
        kept.write(opts, at(web1="hv1"))
    assert kept.file(opts).read_text() == text


def test_a_file_that_cannot_be_read_is_told(opts):
    kept.file(opts).mkdir(parents=True)

    with pytest.raises(Refused, match=r"standing.json cannot be read"):
        kept.read(opts)


# A bootstrap begins, and ends


def test_the_first_bootstrap_keeps_where_all_are(opts):
    lab = begin(opts, checked(LOOSE))

    assert kept.read(opts) == lab.standing
    assert lab.standing.places == {"web1": "hv1", "web2": "hv1", "web3": "hv2"}


def test_the_virtual_master_places_vms_alike():
    lab = checked(LOOSE, at(web2="hv1")._replace(former={"web2": ("hv2",)}))
    told = compile(lab)["pi2"]["master"]["standing"]

    assert checked(LOOSE, standing.parse(told, "")).vms == lab.vms
    assert standing.parse(told, "").former == {}  # else its end would be a change of the next run
    assert "standing" not in compile(checked(LOOSE))["pi2"]["master"]
    assert "standing" not in compile(lab)["pi1"]["master"]


def test_the_virtual_master_is_not_told_which_hosts_are_off_and_places_vms_alike():
    lab = stand.begun(checked(LOOSE, at()._replace(off=("hv1",))))
    told = standing.parse(compile(lab)["pi2"]["master"]["standing"], "")

    assert lab.vms["web2"].host == "hv2"
    assert told.off == ()  # else that a host is back would be a change of the next run
    assert checked(LOOSE, told).vms == lab.vms


def test_the_formula_gives_the_virtual_master_that_file():
    jinja = jinja2.Environment()
    jinja.filters["json"] = json.dumps
    template = jinja.from_string((masters.REPOSITORY / "salt/salt-master/init.sls").read_text())
    lab = checked(LOOSE, at(web2="hv1"))
    written = {
        name: yaml.safe_load(template.render(pillar={"lab": compile(lab)[name]})).get(kept.FILE)
        for name in ("pi1", "pi2")
    }

    assert written["pi1"] is None
    assert {"contents": standing.text(lab.standing)} in written["pi2"]["file.managed"]
    assert {"mode": "0600"} in written["pi2"]["file.managed"]


def test_a_vm_that_moves_is_gone_from_its_former_host_before_it_starts(opts):
    before = at(web1="hv1", web2="hv1", web3="hv2")
    moved = merge(copy.deepcopy(LOOSE), {"vms": {"web2": {"host": "hv2"}}})
    lab = begin(opts, checked(moved, before))
    parts = compile(lab)

    assert parts["hv1"]["virt"]["domains"]["web2"] is None
    assert parts["hv2"]["virt"]["domains"]["web2"]["memory_mib"]
    assert "converge hv1" in {step.id: step.needs for step in steps(lab)}["start web2"]

    done = [{"step": f"converge {host}", "state": "changed"} for host in ("hv1", "hv2")]
    stand.end(opts, lab, [{**done[0], "state": "failed"}, done[1]], no_driver)
    assert kept.read(opts).former == {"web2": ("hv1",)}
    stand.end(opts, lab, done, no_driver)
    assert kept.read(opts).former == {}
    assert "web2" not in compile(checked(moved, kept.read(opts)))["hv1"]["virt"]["domains"]


def test_a_vm_does_not_wait_for_a_former_host_that_is_off():
    lab = checked(LOOSE, at(web2="hv2")._replace(off=("hv1",), former={"web2": ("hv1",)}))

    assert "converge hv1" not in {step.id: step.needs for step in steps(lab)}["start web2"]


def test_a_vm_does_not_leave_its_disks_behind(opts):
    disk = {"vms": {"web1": {"host": "hv2"}}}
    with pytest.raises(NotSafe) as caught:
        begin(opts, checked(merge(copy.deepcopy(LOOSE), disk), at(web1="hv1")))

    assert str(caught.value) == (
        "VMs would leave their disks behind — web1 from hv1 to hv2: vda — state `host: hv1` for web1; or, with new and"
        " empty disks there: take it out of the spec, salt-run lab.bootstrap, salt-run lab.remove web1 disks=true, and"
        " put it back"
    )
    assert not kept.file(opts).exists()


def test_a_vm_that_others_made_is_not_taken_away_from_its_host(opts):
    theirs = {"vms": {"old1": {"class": "web", "adopt": True, "host": "hv2", "nics": []}}}
    with pytest.raises(NotSafe, match="would leave their disks behind — old1 from hv1 to hv2: others made it"):
        begin(opts, checked(merge(copy.deepcopy(LOOSE), theirs), at(old1="hv1")))


@pytest.mark.parametrize(("status", "off"), [("off", ("hv1",)), ("unknown", ()), ("on", ())])
def test_a_host_is_off_where_its_driver_says_so(opts, status, off):
    class Button:
        def status(self):
            return status

    lab = begin(opts, checked(LOOSE, at()._replace(off=("hv2",))))
    tried = {"hv1": "failed", "hv2": "changed"}
    ended = [{"step": f"power {host}", "state": state} for host, state in tried.items()]
    stand.end(opts, lab, ended, lambda host: Button())

    assert kept.read(opts).off == off


def test_what_was_not_tried_stays_as_it_was_known(opts):
    lab = begin(opts, checked(LOOSE, at()._replace(off=("hv2",))))
    stand.end(opts, lab, [], no_driver)

    assert kept.read(opts).off == ("hv2",)


# What goes


@pytest.mark.parametrize(
    ("gone", "of", "much"),
    [(0, 0, False), (1, 1, False), (1, 2, False), (1, 9, False), (2, 6, False), (2, 5, True), (5, 5, True)],
)
def test_how_much_may_go_without_being_asked_for(gone, of, much):
    lab, gone, there = checked(PLAIN), [f"m{number}" for number in range(gone)], range(of)
    refuse_much(lab, gone, there, asked=True)
    if not much:
        return refuse_much(lab, gone, there, asked=False)
    said = f"{len(gone)} of {of} machines are not in the spec any more — .* lab.bootstrap remove=true"
    with pytest.raises(NotSafe, match=said):
        return refuse_much(lab, gone, there, asked=False)


def test_the_share_is_that_of_the_spec():
    lab = checked(merge(copy.deepcopy(PLAIN), {"removal": {"share": 0.5}}))

    assert refuse_much(lab, ["a", "b"], range(4), asked=False) is None
    with pytest.raises(NotSafe):
        refuse_much(lab, ["a", "b", "c"], range(5), asked=False)


def test_half_a_spec_changes_nothing(opts):
    kept.write(opts, at(web1="hv1", web2="hv1", web3="hv2", web4="hv1", web5="hv1", web6="hv1", web7="hv1"))
    before = kept.file(opts).read_text()
    half = merge(copy.deepcopy(LOOSE), {"vms": {"web3": None}})
    with pytest.raises(NotSafe, match="5 of 11 machines are not in the spec any more — web3, web4, web5, web6, web7"):
        begin(opts, checked(half, kept.read(opts)))

    assert kept.file(opts).read_text() == before
    begin(opts, checked(half, kept.read(opts)), remove=True)
    assert set(kept.read(opts).places) == {"web1", "web2"}


# Who rests


def test_what_rests_has_no_steps_and_is_in_the_lab_still():
    lab = checked(PROFILED, at(web3="hv2")._replace(profile="night"))
    machines = {step.machine for step in steps(lab)}

    assert lab.resting == {"web3", "hv2"}
    assert machines == {"pi1", "pi2", "hv1", "web1", "web2", lab.name}
    assert standing.of(lab).places == {"web1": "hv1", "web2": "hv1", "web3": "hv2"}
    with pytest.raises(Refused, match="web3 is in the spec"):
        remove(lab, None, "web3")


def test_a_vm_that_rests_is_wrong_only_where_it_runs():
    lab = checked(PROFILED, Standing(profile="night"))
    domain = {"adopt": True, "running": True}

    assert strays(lab, {"hv1": {"web3": domain | {"running": False}}}, {}) == {}
    assert "rests in the active profile" in strays(lab, {"hv1": {"web3": domain}}, {})["web3"]["wrong"][0]


def test_a_host_that_rests_is_not_asked_and_not_wrong():
    class Keys:
        def pub(self, *_):
            return None

    class Fleet:
        def call_all(self, hosts, *_, **__):
            assert "hv2" not in hosts
            return dict.fromkeys(hosts, False)

    spec = merge(copy.deepcopy(PROFILED), {"hosts": {host: {"power": None} for host in PLAIN["hosts"]}})
    rows = status.status(checked(spec, Standing(profile="night")), Fleet(), Keys())["hosts"]

    assert rows["hv2"]["wrong"] == []
    assert rows["hv1"]["wrong"]
