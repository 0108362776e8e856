"""What a minion that is in may do to others and to its master: nothing, though it asks in Salt's own protocol."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest
import salt.channel.client
import salt.config
from salt.crypt import AuthenticationError

from saltext.lab.spec import source
from saltext.lab.wait import until
from tests.salt.conftest import Identity
from tests.support import masters

TEXTS = {vm: wish["data"]["motd"]["text"] for vm, wish in source.load(masters.REPOSITORY / "pillar")["vms"].items()}
REFUSED = "refused before it was looked at"
PUBLISHING = ("minion_pub", "minion_publish")
SECRET = "what web2 keeps for itself"


class Load(dict):
    """What is sent to a master; Salt's client would write its own id over another one."""

    def __setitem__(self, key, value):
        if key != "id" or key not in self:
            super().__setitem__(key, value)


@pytest.fixture(scope="module")
def web2(master, web1, bus):  # noqa: ARG001
    """Another minion of that master; its directory."""
    key = Identity()
    assert master.run("lab.expect", f"[{{id: web2, fingerprint: {key.fingerprint}}}]").returncode == 0
    since = len(bus.events)
    with masters.minion(master, "web2", key.private, key.public) as home:
        until(lambda: any(tag == "salt/minion/web2/start" for tag, _ in bus.events[since:]), 60, "the start of web2")
        yield home


@pytest.fixture
def ask(master, highstated, web2):  # noqa: ARG001
    """A function that returns what the master answers when web1 sends *load*: encrypted and signed as its own."""
    with _channel(master) as channel:

        def ask(**load):
            try:
                return channel.send(Load(load), tries=1, timeout=20)
            except (TypeError, AuthenticationError):  # Salt's client takes the text `bad load` for something encrypted
                return REFUSED

        yield ask


@contextmanager
def _channel(master):
    opts = salt.config.minion_config(str(master.home / "minion-web1/minion"))
    opts["master_uri"] = f"tcp://127.0.0.1:{master.opts['ret_port']}"
    with salt.channel.client.ReqChannel.factory(opts) as channel:
        yield channel


@pytest.fixture
def pillar(master, highstated, web2):  # noqa: ARG001
    """A function that returns the pillar that the master gives to web1 when it asks with *more*."""

    def pillar(**more):
        load = {"cmd": "_pillar", "id": "web1", "grains": {}, "saltenv": "base", "pillarenv": None, "ver": "2", **more}
        with _channel(master) as channel:
            return channel.crypted_transfer_decode_dictentry(load, dictkey="pillar", tries=1, timeout=20)

    return pillar


def test_it_has_its_own_pillar(pillar):
    assert pillar()["lab"]["motd"] == {"text": TEXTS["web1"]}


@pytest.mark.parametrize(
    "more",
    [
        {"grains": {"id": "web2", "host": "web2", "fqdn": "web2.demo.example", "roles": ["motd"]}},
        {"pillar_override": {"lab": {"id": "web2"}, "id": "web2", "master": {"lab": {"serves": ["physical"]}}}},
        {"extra_minion_data": {"id": "web2", "minion_id": "web2", "lab": {"id": "web2"}}},
        {"saltenv": "web2", "pillarenv": "web2"},
        {"saltenv": "../../pillar", "pillarenv": "../../pillar"},
        {"saltenv": "images", "pillarenv": "__env__"},
        {"ext": {"lab": {"spec": "attic", "serves": ["physical", "virtual"]}}},
        {"ext": {"cmd_yaml": "cat /etc/hostname"}},
        {"ext": {"file_tree": {"root_dir": "/etc"}}},
        {"clean_cache": True},
    ],
    ids=lambda more: next(iter(more)),
)
def test_no_trick_shows_it_the_pillar_of_another(pillar, more):
    held = pillar(**more)

    assert [vm for vm, text in TEXTS.items() if text in json.dumps(held) and vm != "web1"] == []
    assert set(held) <= {"lab", *more.get("pillar_override", {})}


def test_it_cannot_ask_as_another(master, ask):
    asked = {"_pillar": {"grains": {}}, "_mine": {"data": {"x": 1}}, "_mine_get": {"tgt": "*", "fun": "x"}}
    asked |= {"_return": {"jid": "20261121000000000000", "return": "x", "fun": "test.ping"}, "revoke_auth": {}}

    assert {cmd: ask(cmd=cmd, **load | {"id": "web2"}) for cmd, load in asked.items()} == dict.fromkeys(asked, REFUSED)
    log = (master.home / "log").read_text()
    assert log.count("Request id mismatch. Found 'web2' but expected 'web1'") >= len(asked)


def test_it_publishes_to_nobody_and_runs_nothing_on_the_master(master, bus, ask, home):
    since, made = len(bus.events), home / "made-by-web1"
    job = {"fun": "cmd.run", "arg": [f"touch {made}"], "tgt": "web2", "tgt_type": "glob", "ret": "", "tmo": 5}
    run = {"fun": "salt.cmd", "arg": ["cmd.run", f"touch {made}"]}

    assert [ask(cmd=cmd, **job) for cmd in PUBLISHING] == [{}, {}]
    assert ask(cmd="minion_runner", **run) == {}
    assert ask(cmd="minion_runner", fun="lab.expect", arg=["[]"]) == {}
    assert ask(cmd="wheel", fun="key.accept", arg=["*"]) in ("", False, {})
    assert master.call("web1", "publish.publish", "web2", "test.ping") == {}
    assert master.call("web1", "publish.runner", "lab.check") == {}
    assert [fun for fun in bus.begun(since) if not fun.startswith("publish.")] == []
    assert not made.exists()


def test_the_mine_gives_nothing(master, ask):
    assert master.call("web2", "mine.send", "kept", "mine_function=test.echo", SECRET) is True

    for wanted in ("kept", "test.echo", ["kept"], "kept,test.echo", ".*"):
        assert ask(cmd="_mine_get", tgt="*", fun=wanted, tgt_type="glob") == {}
    assert master.call("web1", "mine.get", "*", "kept") == {}


def test_it_leaves_no_file_with_the_master(master, ask, home):
    before = set((home / "cache").rglob("*web1*/files/*"))
    sent = {"size": 5, "path": ["etc", "x"], "loc": 0, "data": b"xxxxx", "tok": b""}

    assert master.call("web1", "cp.push", "/etc/hostname") is False
    assert not ask(cmd="_file_recv", **sent)
    assert set((home / "cache").rglob("*web1*/files/*")) == before


OUTSIDE = [
    "../../etc/shadow",
    "../pillar/demo.sls",
    "/etc/shadow",
    "etc/shadow",
    "../master",
    "motd/../../master",
    "../pki/master.pem",
]


@pytest.mark.parametrize("saltenv", ["base", "images", "../..", "/", "pillar", "__env__", "*"])
def test_it_fetches_files_of_the_file_root_and_no_others(master, ask, saltenv):
    (Path(master.opts["pillar_roots"]["base"][0]) / "kept.sls").write_text(SECRET)
    if saltenv == "base":
        assert "motd" in ask(cmd="_serve_file", path="motd/init.sls", loc=0, saltenv=saltenv)["data"]

    for path in [*OUTSIDE, "../pillar/kept.sls", "kept.sls", "|kept.sls", "kept.sls?saltenv=../pillar"]:
        assert not ask(cmd="_serve_file", path=path, loc=0, saltenv=saltenv)["data"]
        assert not ask(cmd="_file_hash", path=path, saltenv=saltenv)
    listed = ask(cmd="_file_list", saltenv=saltenv, prefix="..") + ask(cmd="_file_list", saltenv=saltenv)
    assert [path for path in listed if path.startswith(("..", "/")) or "kept" in path] == []


def test_it_is_not_told_how_its_master_is_configured(ask, master):
    told = json.dumps(ask(cmd="_master_opts"))

    assert [place for place in (str(master.home), str(masters.REPOSITORY), "pillar_roots") if place in told] == []


def test_it_does_not_even_take_back_its_own_key(master, ask):
    ask(cmd="revoke_auth")

    assert {"web1", "web2"} <= master.keys("minions")
