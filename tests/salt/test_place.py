"""Where VMs are and what runs when, as people ask a real master; and that half a spec changes nothing."""

import json

import pytest
import yaml

from saltext.lab.boot import profile
from saltext.lab.boot.graph import Step
from saltext.lab.plan import plain
from saltext.lab.spec import kept
from saltext.lab.spec.check import checked
from saltext.lab.spec.standing import Standing
from tests.support.labs import PROFILED

SPEC = plain(PROFILED)


@pytest.fixture
def stands(master):
    """A function that keeps a ``Standing`` on that master until the test ends."""
    yield lambda standing: kept.write(master.opts, standing)
    kept.file(master.opts).unlink(missing_ok=True)


@pytest.fixture
def lab(spec):
    """A function that puts that lab with two profiles in the place of the spec, but for *more*."""

    def lab(**more):
        spec(yaml.safe_dump({"lab": SPEC | more}))

    lab()
    return lab


def words(done):
    return [" ".join(line.split()) for line in done.stdout.splitlines() if line.strip()]


def test_why_a_vm_is_where_it_is(master, lab, stands):
    stands(Standing({"game": "hv2"}))
    table, data = master.run("lab.explain", "game"), master.run("--out", "json", "lab.explain", "game")
    rests, nobody = master.run("lab.explain", "backup"), master.run("lab.explain", "gmae")

    assert table.returncode == 0, table
    assert words(table)[2].startswith("hv2 chosen 4096 32 it was there before")
    assert [row["host"] for row in json.loads(data.stdout)["reasons"]] == ["hv2", "hv1", "pi1", "pi2"]
    assert (rests.returncode, rests.stdout) == (2, "backup rests in profile day — salt-run lab.profile\n")
    assert (nobody.returncode, nobody.stdout) == (2, "there is no VM gmae in lab demo (did you mean game?)\n")


def test_a_vm_without_a_place_is_a_mistake_and_explained(master, lab):
    lab(vms={"game": SPEC["vms"]["game"] | {"memory_mib": 9000}, "backup": SPEC["vms"]["backup"]})
    checked, explained = master.run("lab.check"), master.run("lab.explain", "game")

    assert checked.returncode == 2, checked
    assert "lab:vms:game cannot be placed: 2 hosts lack memory: state its `host`, or add capacity" in checked.stdout
    assert "hv1 against 4096 32 lacks memory" in words(explained)


def test_what_is_wrong_in_a_profile_that_is_not_active_is_told_before_it_is(master, lab):
    lab(vms=SPEC["vms"] | {"backup": SPEC["vms"]["backup"] | {"memory_mib": 9000}})
    checked = master.run("lab.check")

    assert checked.returncode == 2, checked
    [mistake, last] = checked.stdout.splitlines()
    assert "  lab:vms:backup cannot be placed: 1 host is off, 1 host lacks memory: state its `host`, or" in mistake
    assert last == "1 mistake(s) in lab, in profile night: correct the pillar"


def test_profiles_are_listed_and_a_change_is_shown_and_not_made(master, lab, stands, bus):
    stands(Standing({"game": "hv1", "job": "hv2", "nas": "hv1"}))
    before, since = kept.file(master.opts).read_bytes(), len(bus.events)
    listed, shown = master.run("lab.profile"), master.run("lab.profile", "night", "test=true")
    typo = master.run("lab.profile", "nigth")

    assert [line.split()[:2] for line in words(listed)[2:]] == [["day", "active"], ["night", "backup"]]
    assert words(shown) == ["stop game on hv1", "start backup on hv1", "move job from hv2 to hv1", "off hv2"]
    assert (typo.returncode, typo.stdout) == (2, "there is no profile nigth in lab demo (did you mean night?)\n")
    assert kept.file(master.opts).read_bytes() == before
    assert set(bus.begun(since)) == {"runner.lab.profile"}


def test_a_profile_is_changed_on_the_master_of_the_hosts(master, lab, stands):
    done = master.run("lab.profile", "night")

    assert (done.returncode, words(done)[0]) == (
        1,
        "lab.profile night needs the hosts — pi1 is their master — on pi1: salt-run lab.profile night",
    )
    assert not kept.file(master.opts).exists()


def test_who_leaves_is_stopped_on_its_hypervisor(apply, minion):
    """The fleet is Salt's own functions on a real libvirt: only the way to them is short."""

    class Here:
        def call(self, host, fun, *args, **_):
            assert host == "hv1"
            return minion.cmd(fun, *args)

    game = {"type": "qemu", "memory_mib": 64, "machine": "q35", "running": True}
    apply("domain_present", "game", **game)
    apply("domain_present", "nas", **game)
    rest = profile.Rest(checked(SPEC, Standing({"game": "hv1"}, profile="night")), Here(), lambda host: None)

    assert [rest.stop(Step("stop", "game", ())) for _ in range(2)] == ["stopped on hv1", ""]
    assert {name: one["running"] for name, one in minion.cmd("lab_virt.domains").items()} == {
        "game": False,
        "nas": True,
    }


# A spec of which something is missing

HALF = {
    "an empty file": ("", 1),
    "nothing in it": ("lab: {}", 1),
    "a file that ends too soon": (yaml.safe_dump({"lab": SPEC})[:900] + "\n   x: {", 2),
    "no hosts": (yaml.safe_dump({"lab": SPEC | {"hosts": {}}}), 4),
    "only its name": ("lab: {name: demo}", 5),
    "a template that fails": ("lab: {{ x.y.z }}", 2),
}


@pytest.mark.parametrize(("text", "lines"), HALF.values(), ids=HALF)
def test_a_spec_that_is_half_there_changes_nothing(master, spec, stands, bus, text, lines):  # noqa: PLR0913, PLR0917
    stands(Standing({"game": "hv1"}, ("hv1",)))
    before, since = kept.file(master.opts).read_bytes(), len(bus.events)
    spec(text)
    done = master.run("lab.bootstrap")

    assert (done.returncode, done.stdout.count("\n")) == (2, lines), done
    assert "Traceback" not in done.stdout + done.stderr
    assert kept.file(master.opts).read_bytes() == before
    assert bus.begun(since) == ["runner.lab.bootstrap"]


def test_a_spec_without_vms_takes_none_away_unless_it_is_asked_to(master, lab, stands, bus):
    stands(Standing(dict.fromkeys(("game", "job", "nas", "old"), "hv1"), tuple(SPEC["hosts"])))
    before, since = kept.file(master.opts).read_bytes(), len(bus.events)
    lab(vms={}, profiles={}, profile=None)
    done = master.run("lab.bootstrap")

    assert (done.returncode, done.stdout) == (
        1,
        "4 of 8 machines are not in the spec any more — game, job, nas, old — if that is meant: salt-run lab.bootstrap"
        " remove=true\n",
    )
    assert kept.file(master.opts).read_bytes() == before
    assert bus.begun(since) == ["runner.lab.bootstrap"]


def test_where_vms_are_is_not_guessed_from_a_torn_file(master, lab, stands):
    stands(Standing({"game": "hv1"}))
    kept.file(master.opts).write_text('{"places": {"game": "hv')
    done = master.run("lab.check")

    assert (done.returncode, done.stdout.count("\n")) == (1, 1), done
    assert "standing.json cannot be understood" in done.stdout
