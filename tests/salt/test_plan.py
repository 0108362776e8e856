"""``lab.plan`` and ``lab.bootstrap plan=ID`` with a real master, a real minion and a real Open vSwitch."""

import hashlib
import json
import re
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from saltext.lab.answer import lab_of
from saltext.lab.boot.plan import planner as planner_
from saltext.lab.errors import Refused
from saltext.lab.wait import until
from tests.salt.conftest import Identity
from tests.support import daemons, masters
from tests.support.ovs import column, dump, vsctl

SECRET = "AQhidden-in-the-spec=="
SPEC = f"""
lab:
  name: demo
  domain: demo.example
  masters: {{physical: pi1, virtual: pi1}}
  networks: {{lan: {{subnet: 10.10.0.0/24}}}}
  secrets: {{client.libvirt: {{cluster: attic, value: "{SECRET}"}}}}
  plain: ["lab:secrets:client.libvirt:value"]
  hosts:
    pi1: {{mac: "52:54:00:00:01:01", address: lan+1}}
"""
# In the place of the formulas of hosts, which would change the machine that runs the tests.
FORMULAS = {
    "salt-minion": "nothing: test.nop",
    "salt-master": """
bridges:
  lab_ovs.bridges:
    - br-lab: {{ports: {{vm0: {{tag: {tag}}}}}}}

{home}/made:
  file.managed:
    - contents: "key = {secret}"
""",
}
PORT = "bridges br-lab.ports.vm0.tag"
CODE = {"module_dirs": [str(masters.REPOSITORY / "salt")], "utils_dirs": [str(masters.REPOSITORY / "_utils")]}
#: Salt's own caches, jobs, sockets and logs, as *.out; the plans, which are all that a plan writes; the lock of runs.
NOT_OURS = {"cache", "run", "plans", "log", "runs"}


class Lab:
    """A *master* of both kinds, whose one host is the minion beside it, with the Open vSwitch at *address*."""

    def __init__(self, master, address):
        self.master, self.home, self.address = master, master.home, address

    def formulas(self, tag=10):
        """Have the host's formulas give its port that *tag*."""
        for name, text in FORMULAS.items():
            (self.home / "tree" / name).mkdir(exist_ok=True)
            (self.home / "tree" / name / "init.sls").write_text(text.format(tag=tag, home=self.home, secret=SECRET))

    def plan(self, code=0):
        """Return what ``lab.plan`` returns, which exits with *code*."""
        done = self.master.run("--out", "json", "lab.plan")
        assert done.returncode == code, done
        return json.loads(done.stdout)["plan"]

    def bootstrap(self, plan):
        """Return how ``lab.bootstrap`` with the id of *plan* ended; what it says is one line."""
        return self.master.run("lab.bootstrap", "until=forget", f"plan={plan['id']}")

    def by_hand(self, tag):
        vsctl(self.address, "set", "port", "vm0", f"tag={tag}")

    @property
    def tag(self):
        return column(self.address, "port", "vm0", "tag")

    def files(self):
        """Return ``{path: hash}`` of all files of master and minion: pki, records, configuration, what states made."""
        paths = [path for path in self.home.rglob("*") if not NOT_OURS & set(path.relative_to(self.home).parts)]
        files = [path for path in paths if path.is_file() and path.suffix != ".out"]
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    key = Identity()
    with ExitStack() as stack:
        address = stack.enter_context(daemons.ovs(tmp_path_factory.mktemp("ovs")))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))  # short: sockets are in it
        master = stack.enter_context(masters.master(home, serves=("physical", "virtual")))
        (home / "pillar/demo.sls").write_text(SPEC)
        shutil.copy(masters.REPOSITORY / "salt/top.sls", home / "tree")
        bus = stack.enter_context(masters.Bus(master.opts))
        assert master.run("lab.expect", f"[{{id: pi1, fingerprint: {key.fingerprint}}}]").returncode == 0
        ovs = {"ovs": {"address": address}}
        minion = stack.enter_context(masters.minion(master, "pi1", key.private, key.public, lab=ovs, **CODE))
        (minion / "master").symlink_to(master.config)
        until(lambda: any(tag == "salt/minion/pi1/start" for tag, _ in bus.events), 60, "the minion")
        yield Lab(master, address)


@pytest.fixture(scope="module")
def brought_up(lab):
    """The lab as its formulas say."""
    lab.formulas()
    assert lab.master.run("lab.bootstrap", "until=forget").returncode == 0
    return lab


@pytest.fixture
def up(brought_up):
    """That lab; what a test changes by hand is as before after it."""
    yield brought_up
    brought_up.formulas()
    brought_up.by_hand(10)


def changes(plan):
    return [(machine, one["path"], one["old"]) for machine, its in plan["machines"].items() for one in its["changes"]]


def test_a_plan_tells_all_and_writes_nothing_and_what_was_planned_is_what_is_done(lab):
    lab.formulas()
    (lab.home / "made").write_text("key = none\n")
    assert lab.master.run("lab.expect", f"[{{id: old1, fingerprint: {'ab' * 32}}}]").returncode == 0
    files, database = lab.files(), dump(lab.address)
    planned = lab.plan()

    assert changes(planned) == [
        ("pi1", PORT, None),
        ("pi1", f"{lab.home}/made", None),
        ("old1", "key", "ab" * 32),
    ]
    assert (lab.files(), dump(lab.address)) == (files, database)
    done = lab.bootstrap(planned)
    assert done.returncode == 0, done
    assert (lab.tag, (lab.home / "made").read_text()) == (10, f"key = {SECRET}\n")
    assert not (lab.home / "records/old1.json").exists()
    shown = lab.master.run("lab.plan")
    assert (shown.returncode, shown.stdout.count("\n")) == (0, 1), shown
    assert re.fullmatch(r"plan p[0-9a-f]{10} of lab demo: nothing would change\n", shown.stdout)
    kept = "".join(path.read_text() for path in (lab.home / "plans").iterdir())
    assert "key = *****" in kept
    assert SECRET not in kept


def test_a_change_by_hand_after_an_empty_plan_is_named_and_nothing_is_done(up):
    planned = up.plan()
    up.by_hand(20)
    files, database = up.files(), dump(up.address)
    done = up.bootstrap(planned)

    assert changes(planned) == []
    assert (done.returncode, done.stdout.count("\n")) == (1, 1), done
    assert f"plan {planned['id']} does not hold any more — pi1: {PORT} was 10 when planned, is 20 now — " in done.stdout
    assert (up.files(), dump(up.address)) == (files, database)
    assert changes(up.plan()) == [("pi1", PORT, 20)]


def test_a_formula_that_has_changed_since_is_named(up):
    planned = up.plan()
    up.formulas(tag=30)
    done = up.bootstrap(planned)

    assert done.returncode == 1, done
    assert "pi1: its slice or a formula is another one now" in done.stdout
    assert up.tag == 10


def test_what_changes_between_the_look_at_all_and_the_turn_of_a_host_is_refused_there(up):
    planner = planner_(up.master.opts, lab_of(up.master.opts))
    before = planner.held(planner.make())
    before("pi1", 60)
    up.by_hand(40)

    with pytest.raises(Refused, match=f"{PORT} was 10 when planned, is 40 now"):
        before("pi1", 60)


def test_modules_that_the_host_does_not_have_are_planned_and_not_synced_by_it(up):
    new = up.home / "tree/_modules/more.py"
    new.parent.mkdir()
    new.write_text("def one():\n    return 1\n")
    try:
        planned = up.plan()
        assert [path for _, path, _ in changes(planned)] == ["modules", "everything else"]
        assert list((up.home / "minion-pi1/cache").rglob("more.py")) == []
        assert up.bootstrap(planned).returncode == 0
        assert changes(up.plan()) == []
        assert up.master.call("pi1", "more.one") == 1
    finally:
        shutil.rmtree(new.parent)
        up.master.call("pi1", "saltutil.sync_modules")
    assert changes(up.plan()) == []


def test_what_would_fail_is_a_problem_and_the_exit_code_is_1(up):
    (up.home / "made").unlink()
    (up.home / "made").mkdir()
    try:
        shown = up.master.run("lab.plan")
        assert shown.returncode == 1, shown
        assert f"{up.home}/made would fail: " in " ".join(shown.stdout.split())
    finally:
        (up.home / "made").rmdir()


def test_a_spec_with_mistakes_has_no_plan_and_the_exit_code_is_2(up):
    place = up.home / "pillar/demo.sls"
    place.write_text(SPEC.replace("physical: pi1", "physical: pi9"))
    try:
        done = up.master.run("lab.plan")
    finally:
        place.write_text(SPEC)

    assert done.returncode == 2, done
    assert "lab:masters:physical names 'pi9'" in done.stdout


def test_a_plan_that_there_is_not_is_refused_with_those_that_there_are(up):
    ids = [up.plan()["id"]]
    done = up.master.run("lab.bootstrap", "plan=p0000000000")
    listed = up.master.run("lab.plans")

    assert done.returncode == 1, done
    assert f"there is no plan p0000000000 — the last 20 are kept; there are: {ids[0]}" in done.stdout
    assert listed.returncode == 0
    assert listed.stdout.split().index(ids[0]) < 10
