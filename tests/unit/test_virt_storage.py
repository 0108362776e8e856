"""Tables, models and rules of pools, volumes, images, networks and secrets; our marks on disk.  No daemon."""

import urllib.error
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.errors import BadWish, Refused
from saltext.lab.plan import LIVE, NEXT_BOOT, RECREATE, Change, diff, merge
from saltext.lab.schema import check, example
from saltext.lab.virt import document, image, image_fetch, image_fill, network_xml, pool_xml, secret, volume_xml
from saltext.lab.virt.marks import Marks
from saltext.lab.virt.network_model import Network, Networks, PortGroup
from saltext.lab.virt.network_xml import NETWORK, PORTGROUP
from saltext.lab.virt.pool_model import Auth, Pool, Pools, Source
from saltext.lab.virt.pool_xml import AUTH, POOL, SOURCE
from saltext.lab.virt.secret_model import Secret
from saltext.lab.virt.volume_model import Backing, Image, Volume, Volumes

words = st.text("abcxyz09<&'\" ", min_size=1).map(lambda text: f"w{text}w")
paths = st.lists(st.text("abc09._-", min_size=1, max_size=8), min_size=1, max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)
hosts = st.sampled_from(["mon1", "10.0.0.1:6789", "[fd00::1]:6789", "fd00::2", "a.example:1"])
vlans = st.integers(1, 4094)


def in_network(change, actual):
    """The impact of a change where the wish gives network t another address."""
    return network_xml.impact(change, actual, {"t": {"address": "10.0.0.1/24"}, "off": None})


def some(**fields):
    """Any part of *fields*."""
    return st.fixed_dictionaries({}, optional=fields)


def or_none(values):
    return st.none() | values


pools = some(
    type=st.sampled_from(["dir", "rbd"]),
    path=paths,
    source=or_none(
        some(
            hosts=or_none(st.lists(hosts, min_size=1)),
            dir=or_none(paths),
            name=or_none(words),
            format=or_none(words),
            devices=or_none(st.lists(paths, min_size=1)),
            auth=or_none(st.fixed_dictionaries({"user": words, "secret": words})),
        )
    ),
)
groups = some(default=st.booleans()).flatmap(
    lambda group: st.sampled_from([{"tag": 5, "trunk": None}, {"trunk": [1, 2], "tag": None}, {}]).map(
        lambda vlan: group | vlan
    )
)
networks = some(
    adopt=st.booleans(),
    forward=st.sampled_from(["isolated", "nat", "route", "open", "bridge"]),
    bridge=st.sampled_from(["br0", "br-int"]),
    virtualport=or_none(st.just("openvswitch")),
    portgroups=st.dictionaries(st.sampled_from(["a", "b"]), or_none(groups)),
    mtu=or_none(st.integers(68, 65535)),
    domain=or_none(words),
    address=st.sampled_from(["10.0.0.1/24", "10.1.0.1/16"]),
    dhcp=or_none(st.lists(st.sampled_from(["10.0.0.5-10.0.0.9", "10.0.0.20-10.0.0.30"]), min_size=1, unique=True)),
)


@pytest.mark.parametrize(
    ("table", "blank", "wishes"),
    [(POOL, pool_xml.blank("dir", "p"), pools), (NETWORK, network_xml.blank("n"), networks)],
    ids=["pool", "network"],
)
@given(data=st.data())
def test_what_is_written_is_read_and_a_second_run_is_empty(table, blank, wishes, data):
    text = blank
    for wish in data.draw(st.lists(wishes, min_size=1, max_size=3)):
        text = document.write(text, table, list(diff(document.read(text, table), wish)))
        assert [
            change for change in diff(document.read(text, table), wish) if (change.old, change.new) != (None, {})
        ] == []


@pytest.mark.parametrize(("kind", "wishes"), [(Pool, pools), (Network, networks)])
@given(data=st.data())
def test_the_wishes_of_these_tests_fit_and_a_merged_one_leaves_nothing_to_do(kind, wishes, data):
    actual, wish = data.draw(wishes), data.draw(wishes)

    assert check(kind, wish, "x") == wish
    assert list(diff(merge(actual, wish), wish)) == []


def test_every_field_of_the_models_is_in_a_table():
    assert set(Pool.model_fields) - {"adopt", "autostart", "running"} == set(POOL)
    assert set(Source.model_fields) == set(SOURCE)
    assert set(Auth.model_fields) == set(AUTH)
    assert set(Network.model_fields) - {"autostart", "running"} == set(NETWORK)
    assert set(PortGroup.model_fields) == set(PORTGROUP)
    assert set(Volume.model_fields) - {"adopt", "clone_of"} == set(volume_xml.VOLUME)
    assert set(Secret.model_fields) - {"adopt", "usage", "cluster", "value_file", "value_pillar"} == set(secret.SECRET)


@pytest.mark.parametrize("kind", [Pool, Source, Auth, Network, PortGroup, Image])
def test_the_example_of_a_model_fits_it(kind):
    assert check(kind, example(kind), "x") == example(kind)


@pytest.mark.parametrize(
    ("kind", "wish", "why"),
    [
        (Pools, {"p": {"pth": "/a"}}, "x:p:pth is unknown (did you mean path?)"),
        (Pools, {"p": {"source": {"auth": {"pass": "a"}}}}, "x:p:source:auth:pass is unknown"),
        (Pools, {"p": {"source": {"hosts": ["a b"]}}}, "x:p:source:hosts:0 is 'a b'"),
        (Networks, {"n": {"portgroups": {"a": {"tag": 0}}}}, "x:n:portgroups:a:tag is 0"),
        (Networks, {"n": {"bridge": "b" * 16}}, "x:n:bridge"),
        (Volumes, {"vms:v": {"size_mib": 0}}, "x:vms:v:size_mib is 0"),
        (Volumes, {"vms": None}, "x:vms"),
        (Volumes, {"vms:a/../b": {}}, "x:vms:a/../b"),
        (Volumes, {"vms:v": {"backing": {"path": "/a"}}}, "state either volume, or path and format"),
        (Volumes, {"vms:v": {"backing": {"volume": "a"}, "clone_of": "b"}}, "state either backing or clone_of"),
        (Volumes, {"vms:v": {"backing": {"volume": "a"}, "format": "raw"}}, "a raw volume has no backing"),
    ],
)
def test_a_mistake_is_named_with_its_path(kind, wish, why):
    with pytest.raises(BadWish) as caught:
        check(kind, wish, "x")

    assert why in str(caught.value)


def test_a_path_is_as_libvirt_prints_it():
    assert check(Pool, {"path": "//srv//vms/"}, "p") == {"path": "/srv/vms"}


@pytest.mark.parametrize(
    ("impact", "path", "old", "new", "then"),
    [
        (pool_xml.impact, ("t", "type"), "dir", "rbd", RECREATE),
        (pool_xml.impact, ("new", "type"), None, "rbd", LIVE),
        (pool_xml.impact, ("t", "path"), "/a", "/b", LIVE),
        (in_network, ("t", "mtu"), 1400, 1500, NEXT_BOOT),
        (in_network, ("t", "dhcp"), None, ["10.0.0.5-10.0.0.9"], NEXT_BOOT),
        (in_network, ("off", "dhcp"), None, ["10.0.0.5-10.0.0.9"], LIVE),
        (in_network, ("t", "portgroups", "a"), None, {}, LIVE),
        (in_network, ("off", "mtu"), 1400, 1500, LIVE),
        (in_network, ("t",), {}, None, LIVE),
        (volume_xml.impact, ("t", "size_mib"), 4, 8, LIVE),
        (volume_xml.impact, ("t", "size_mib"), 8, 4, RECREATE),
        (volume_xml.impact, ("t", "backing", "path"), "/a", "/b", RECREATE),
        (volume_xml.impact, ("new", "format"), None, "raw", LIVE),
        (secret.impact, ("t", "cluster"), None, "a", RECREATE),
        (secret.impact, ("t", "value_file"), None, "/a", LIVE),
    ],
)
def test_the_impact_of_a_change(impact, path, old, new, then):
    assert impact(Change(path, old, new), {"t": {"running": True}, "off": {"running": False}}) == then


def test_a_nested_wish_is_flat_and_what_is_none_stays_to_be_refused():
    assert volume_xml.flat({"a": {"v": {"size_mib": 1}, "w": None}, "b": None}) == {
        "a:v": {"size_mib": 1},
        "a:w": None,
        "b": None,
    }


def test_a_volume_is_called_as_the_wish_calls_it():
    actual = {"a:v": {"backing": {"path": "/b", "volume": "a:base"}, "clone_of": "a:base"}, "a:adopted": {}}
    told = volume_xml.as_asked(
        actual, {"a:v": {"backing": {"volume": "base"}, "clone_of": "other"}, "a:adopted": {"clone_of": "x"}}
    )

    assert told["a:v"]["backing"] == {"path": "/b", "volume": "base"}
    assert told["a:v"]["clone_of"] == "a:base"  # not the one that is asked for
    assert told["a:adopted"]["clone_of"] == "x"


def test_what_is_half_made_is_only_there_to_be_removed():
    actual = {"a:v": {"unfinished": True}, "a:w": {}}

    assert volume_xml.as_asked(actual, {"a:v": {"size_mib": 1}}) == {"a:w": {}}
    assert volume_xml.as_asked(actual, {}) == {"a:w": {}}
    assert volume_xml.as_asked(actual, {"a:v": None}) == actual


def test_volumes_are_made_from_the_bottom_and_removed_from_the_top():
    known = {"a:base": {}, "a:mid": {"backing": {"volume": "a:base"}}, "a:top": {"clone_of": "a:mid"}}
    wish = {"a:top": {"clone_of": "mid"}, "a:mid": {"backing": {"volume": "a:base"}}, "a:base": {}, "a:x": {}}
    made = volume_xml.in_order(list(diff({}, wish)))
    gone = volume_xml.in_order(list(diff(known, dict.fromkeys(known))))

    assert [change.path[0] for change in made if len(change.path) == 1] == ["a:base", "a:x", "a:mid", "a:top"]
    assert [change.path[0] for change in gone] == ["a:top", "a:mid", "a:base"]


def test_volumes_that_start_from_one_another_in_a_circle_are_left_to_libvirt():
    changes = list(diff({}, {"a:v": {"clone_of": "w"}, "a:w": {"clone_of": "v"}}))

    assert volume_xml.in_order(changes) == changes


def test_a_pool_whose_definition_alone_drifted_is_as_it_is_defined():
    defined = {"type": "dir", "path": "/b"}
    actual = {"p": {"type": "dir", "path": "/a", "running": True, "defined": defined}, "q": {"path": "/q"}}

    assert pool_xml.as_asked(actual, {"p": {"path": "/a"}})["p"] == defined | {"running": True, "defined": defined}
    for wish in ({"p": {"path": "/c"}}, {"p": None}, {}):
        assert pool_xml.as_asked(actual, wish) == actual


def test_qemu_is_told_where_an_image_is_in_ceph_and_not_the_key():
    source = {"name": "vms", "hosts": ["mon1", "[fd00::1]:3300"], "auth": {"user": "libvirt", "secret": "client.a"}}
    servers = [{"host": "mon1", "port": "6789"}, {"host": "fd00::1", "port": "3300"}]

    told = {"driver": "rbd", "pool": "vms", "image": "deb", "server": servers, "user": "libvirt", "key-secret": "key"}
    assert image_fill._target(source, "deb") == {"driver": "raw", "file": told}
    assert image_fill._target({"name": "vms"}, "deb")["file"] == {"driver": "rbd", "pool": "vms", "image": "deb"}


@pytest.mark.parametrize(
    ("kind", "source_format", "kept"),
    [
        ("dir", "raw", "raw"),
        ("netfs", "qcow2", "qcow2"),
        ("dir", "vmdk", "qcow2"),
        ("rbd", "qcow2", "raw"),
        ("logical", "qcow2", "raw"),
    ],
)
def test_the_format_of_an_image_is_one_that_its_pool_can_have(kind, source_format, kept):
    assert image._format(kind, source_format) == kept


def test_only_a_volume_in_a_directory_has_holes():
    assert "<allocation>0</allocation>" in volume_xml.blank("v", "dir", {"size_mib": 1})
    assert "allocation" not in volume_xml.blank("v", "logical", {"size_mib": 1})


def test_backing_is_one_thing():
    assert set(Backing.model_fields) == {"volume", "path", "format"}


def test_marks_are_kept_over_and_told_apart(tmp_path):
    marks = Marks(tmp_path / "marks")
    assert marks.all("pool") == {}
    marks.put("pool", "a")
    marks.put("volume/p", "v", {"clone_of": "p:base"})
    marks.put("volume/p", "v", {"clone_of": "p:other"})

    assert (Marks(tmp_path / "marks").all("pool"), marks.all("volume/p")) == ({"a": {}}, {"v": {"clone_of": "p:other"}})
    marks.drop("pool", "a")
    marks.drop("pool", "a")
    assert marks.all("pool") == {}


def test_a_mark_that_is_half_written_is_none_and_a_broken_one_is_named(tmp_path):
    marks = Marks(tmp_path)
    marks.put("pool", "a")
    (tmp_path / "pool/.#half").write_text("{")
    assert marks.all("pool") == {"a": {}}
    (tmp_path / "pool/a").write_text("{")
    with pytest.raises(Refused, match="the mark of a in"):
        marks.all("pool")


@pytest.mark.parametrize(
    ("source", "target", "followed"),
    [
        ("https", "https", True),
        ("http", "https", True),
        ("http", "http", True),
        ("https", "http", False),
        ("http", "ftp", False),
    ],
)
def test_a_server_sends_on_to_nothing_less_safe(source, target, followed):
    def sent():
        request = urllib.request.Request(f"{source}://a.example/x")
        return image_fetch._NoOtherSchemes().redirect_request(request, None, 302, "", {}, f"{target}://b.example/x")

    if followed:
        assert sent().full_url == f"{target}://b.example/x"
    else:
        with pytest.raises(urllib.error.URLError, match="it sends us on to"):
            sent()
