"""``lab_ovs`` through Salt's own loaders and state compiler, without a master."""

from pathlib import Path

import pytest
import salt._logging
import salt.client
import salt.config
import yaml

from tests.support import daemons

REPO = Path(__file__).resolve().parents[2]
SLS = """
lab:ovs:bridges:
  lab_ovs.bridges:
    {%- for name, wish in pillar["lab"]["ovs"]["bridges"].items() %}
    - {{ name }}: {{ wish | json }}
    {%- endfor %}

br-single:
  lab_ovs.bridge_present:
    - fail_mode: secure
    - require: [{lab_ovs: bridge br-old}]

bridge br-old:
  lab_ovs.bridge_absent:
    - name: br-old
    - order: 1

one port:
  lab_ovs.port_present:
    - name: vm9
    - bridge: br-single
    - tag: 9
    - qos: {type: linux-htb, queues: {0: {dscp: 46}}}
    - require: [{lab_ovs: br-single}]

port old0:
  lab_ovs.port_absent:
    - name: old0
    - bridge: br-never

lab:ovs:switch:
  lab_ovs.switch:
    - other_config: {flow-limit: 100000}
"""


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """Salt keeps what it logs to print it at the end of the process, when pytest has closed the stream."""
    salt._logging.shutdown_temp_handler()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with daemons.ovs(tmp_path_factory.mktemp("ovs")) as address:
        yield address


@pytest.fixture
def apply(tmp_path, address):
    """A function that applies the SLS with a pillar and returns ``{state id: return}``."""

    def apply(bridges, **more):
        pillar = {"lab": {"ovs": {"address": address, "bridges": bridges}}}
        ret = _caller(tmp_path, pillar).cmd("state.apply", "ovs", **more)
        assert isinstance(ret, dict), ret
        return {one["__id__"]: one for one in ret.values()}

    return apply


def _caller(home, pillar):
    for name in ("_modules", "_states"):
        (home / "root").mkdir(exist_ok=True)
        if not (home / "root" / name).exists():
            (home / "root" / name).symlink_to(REPO / name)
    (home / "root/ovs.sls").write_text(SLS)
    (home / "pillar").mkdir(exist_ok=True)
    (home / "pillar/top.sls").write_text("base: {'*': [data]}")
    (home / "pillar/data.sls").write_text(yaml.safe_dump(pillar))
    opts = dict(salt.config.DEFAULT_MINION_OPTS) | {
        "id": "hv1",
        "file_client": "local",
        "root_dir": str(home),
        "cachedir": str(home / "cache"),
        "extension_modules": str(home / "extmods"),
        "module_dirs": [str(home / "root")],
        "file_roots": {"base": [str(home / "root")]},
        "pillar_roots": {"base": [str(home / "pillar")]},
        "fileserver_backend": ["roots"],
        "grains": {},
    }
    return salt.client.Caller(mopts=opts)


def test_bridges_are_made_through_salt_and_the_second_run_is_empty(apply):
    wish = {"br-lab": {"ports": {"vm0": {"tag": 10}}}}
    told, made, again = apply(wish, test=True), apply(wish), apply(wish)

    bridges = "lab:ovs:bridges"
    assert (told[bridges]["result"], made[bridges]["result"], again[bridges]["result"]) == (None, True, True)
    assert told[bridges]["changes"] == made[bridges]["changes"]
    assert made[bridges]["changes"] == {"br-lab.ports.vm0.tag": {"old": None, "new": 10}}
    assert made["br-single"]["changes"] == {"br-single.fail_mode": {"old": None, "new": "secure"}}
    assert made["br-single"]["name"] == "br-single"
    assert made["one port"]["changes"]["br-single.ports.vm9.tag"] == {"old": None, "new": 9}
    assert told["one port"]["changes"] == made["one port"]["changes"]
    assert (told["port old0"]["changes"], made["port old0"]["result"], made["port old0"]["changes"]) == ({}, True, {})
    assert made["lab:ovs:switch"]["changes"] == {"switch.other_config.flow-limit": {"old": None, "new": "100000"}}
    assert {name: one["changes"] for name, one in again.items()} == dict.fromkeys(again, {})


def test_a_typo_in_the_pillar_fails_that_state_alone_and_says_what_is_right(apply):
    ret = apply({"br-lab": {"ports": {"vm0": {"tga": 10}}}})

    assert ret["lab:ovs:bridges"]["result"] is False
    assert "lab:ovs:bridges:br-lab:ports:vm0:tga is unknown (did you mean tag?)" in ret["lab:ovs:bridges"]["comment"]
    assert ret["br-single"]["result"] is True
    assert ret["bridge br-old"]["result"] is True


def test_the_module_returns_what_a_state_takes(tmp_path, address, apply):
    apply({"br-lab": {"ports": {"vm0": {"tag": 10}}}})
    actual = _caller(tmp_path, {"lab": {"ovs": {"address": address}}}).cmd("lab_ovs.bridges")

    assert actual["br-lab"]["ports"]["vm0"] == {"tag": 10}
    assert actual["br-lab"]["adopt"] is True


def test_a_port_on_a_bridge_that_is_not_there_is_refused_and_no_bridge_is_made(tmp_path, address):
    caller = _caller(tmp_path, {"lab": {"ovs": {"address": address}}})
    [ret] = caller.cmd("state.single", "lab_ovs.port_present", name="vm9", bridge="br-none").values()

    assert (ret["result"], ret["changes"]) == (False, {})
    assert ret["comment"] == "there is no bridge br-none — make it with lab_ovs.bridge_present"
    assert "br-none" not in caller.cmd("lab_ovs.bridges")


def test_an_ovsdb_that_is_away_is_named(tmp_path, apply):
    pillar = {"lab": {"ovs": {"address": f"unix:{tmp_path}/no.sock", "bridges": {"br-lab": {}}}}}
    ret = _caller(tmp_path, pillar).cmd("state.apply", "ovs")

    comments = {one["comment"] for one in ret.values() if one["__run_num__"] < 2}
    assert all(f"OVSDB at unix:{tmp_path}/no.sock does not answer" in comment for comment in comments)
