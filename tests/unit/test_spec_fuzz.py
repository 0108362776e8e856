"""Whatever somebody writes, the end is a lab or a list of mistakes: no traceback, and nothing that JSON lacks."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.mistake import named
from saltext.lab.spec import source
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile
from saltext.lab.spec.where import File, Spec
from tests.support.labs import FULL
from tests.unit import test_spec_blocks
from tests.unit.test_spec_cloud import BROUGHT
from tests.unit.test_spec_netboot import SERVED
from tests.unit.test_spec_networks import ATTIC
from tests.unit.test_spec_storage import STORED

LABS = (FULL, BROUGHT, SERVED, ATTIC, STORED, test_spec_blocks.SPEC)
WORDS = st.sampled_from(["web", "web1", "hv1", "pi1", "lan", "lan+1", "lan+999999999999", "ram", "vms", "", " ", "a:b"])
TEXT = WORDS | st.text(max_size=8) | st.text(alphabet="\x00\n:\u2028\U0001f600é*&{}[]%-'\"", max_size=6)
HUGE = st.sampled_from([19, 400, 5000]).map(lambda digits: 10**digits)
NUMBERS = st.integers() | st.floats() | HUGE | HUGE.map(lambda number: -number)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT | st.dates() | st.datetimes() | st.binary(max_size=4)
KEYS = TEXT | st.integers(-3, 3) | st.none() | st.booleans() | st.dates() | st.tuples(st.integers(0, 2), TEXT)
DATA = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=3) | st.tuples(part),
    max_leaves=8,
)
PARTS = st.sampled_from(["name", "domain", "masters", "networks", "hosts", "images", "pools", "secrets", "classes"]) | (
    st.sampled_from(["vms", "netboot", "blocks", "aliases", "ceph", "profiles", "profile", "clusters", "plain"])
)
LINES = st.sampled_from(
    [
        *("lab:", "  vms:", "    a: &x", "    <<: *x", "  - b", "{% if true %}", "{% endif %}", "{{ x }}", "#!py"),
        *("#!yaml|gpg", "include: [mine]", "include:", "  hosts: {a: [}", "  name: !!binary x", "\t", "'"),
        *("  ? {a: b}", "  networks: !!set", "  b: 0x" + "f" * 5000, "  c: " + "1" * 5000, "  d: .nan"),
    ]
)
TEXTS = st.lists(LINES | st.text(max_size=12), max_size=8).map("\n".join)


def judged(spec):
    """Return the lab that *spec*, a function, gives, compiled; or what is wrong with it, as a program is told."""
    try:
        return compile(checked(spec()))
    except BadWish as err:
        wrong = err
    assert "Traceback" not in str(wrong)
    assert "\n" not in str(wrong)
    return json.dumps([one.shown() for one in wrong.mistakes])


@given(DATA)
def test_any_data(data):
    assert judged(lambda: data)


@given(st.dictionaries(PARTS | KEYS, DATA, max_size=4))
def test_any_data_in_the_parts_of_a_lab(data):
    assert judged(lambda: data)


def places(data, path=()):
    """Yield the path of everything in *data*."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def changed(spec, path, kind, value):
    """Return *spec* with what is at *path* gone, *value*, of another type, or under another key."""
    spec = copy.deepcopy(spec)
    *above, last = path
    part = spec
    for key in above:
        part = part[key]
    was = part[last]
    if kind == "gone" or (kind == "renamed" and isinstance(part, list)):
        del part[last]
    elif kind == "renamed":
        part[value if isinstance(value, str | int | None) else "x"] = part.pop(last)
    else:
        part[last] = {"replaced": value, "listed": [was], "text": named(was), "keyed": {"a": was}}[kind]
    return spec


@given(st.data())
def test_a_lab_in_which_something_is_changed(data):
    spec = data.draw(st.sampled_from(LABS))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(spec))))
        kind = data.draw(st.sampled_from(["gone", "replaced", "listed", "text", "keyed", "renamed"]))
        spec = changed(spec, path, kind, data.draw(DATA))

    assert judged(lambda: spec)


@given(TEXTS, TEXTS | st.text(max_size=40))
def test_any_text_of_a_file_beside_any_that_was_made_of_it(raw, text):
    spec = Spec.of({"vms": {"a": 5}, "b": [None]}, [File("pillar/a.sls", raw, text), File("pillar/b.sls", text, raw)])

    assert judged(lambda: spec)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("pillar")


@settings(max_examples=settings.default.max_examples // 4)  # each is rendered by Salt, which takes 0.1 s
@given(text=TEXTS)
def test_any_file(root, text):
    (root / "mine.sls").write_bytes(text.encode(errors="replace"))

    assert judged(lambda: source.load(root, "mine"))
