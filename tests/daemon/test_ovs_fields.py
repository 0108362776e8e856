"""Each field of the model on a real ovs-vswitchd: made, changed and removed, and each time once."""

import pytest

from saltext.lab.ovs import db
from saltext.lab.ovs.queries import select
from saltext.lab.ovs.tables import FIELDS
from saltext.lab.ovs.wire import plain
from tests.support import daemons
from tests.support.ovs import cleaned, count
from tests.support.ovs_fields import leaves, merged, nested, things

BRIDGE = "br0"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with daemons.ovs(tmp_path_factory.mktemp("ovs")) as address:
        yield address


@pytest.fixture
def bring(address):
    """A function that brings the bridge to a wish twice, and returns the first outcome; the second has to be empty."""
    with cleaned(address) as lab:

        def bring(wish):
            done, again = lab({BRIDGE: wish}), lab({BRIDGE: wish})
            assert done["result"] is True, done["comment"]
            assert (again["result"], again["changes"]) == (True, {}), again["comment"]
            return done["changes"]

        bring.read = lambda: lab.read()[BRIDGE]
        yield bring


def named(path):
    return ".".join((BRIDGE, *path))


def at(tree, path):
    for key in path:
        tree = (tree or {}).get(key)
    return tree


def is_stored(address, leaf, value):
    """Say whether some row has *value* in the column that the manual has for the field; maps may have more."""
    tables = [table for table, columns in FIELDS.items() if leaf.column in {one.name for one in columns.values()}]
    with db.connect(address) as session:
        results = session.transact(*(select(table, leaf.column) for table in tables))
    found = [plain(row[leaf.column], isinstance(value, list)) for result in results for row in result["rows"]]
    return any(value.items() <= one.items() if isinstance(value, dict) else value == one for one in found)


@pytest.mark.parametrize("leaf", [*leaves()], ids=lambda leaf: ".".join(leaf.path))
def test_a_field_is_made_changed_and_removed(bring, address, leaf):
    made = bring(leaf.wish(leaf.first))
    assert [path for path in made if path.startswith(named(leaf.path))]
    assert leaf.is_port or is_stored(address, leaf, leaf.first)

    changed = bring(leaf.wish(leaf.second))
    assert changed
    assert all(path.startswith(named(leaf.path)) for path in changed)

    if not leaf.required:
        bring(leaf.wish(leaf.first))
        removed = bring(leaf.wish(None))
        assert all(path.startswith(named(leaf.path)) for path in removed)
        assert removed
        left = at(bring.read(), leaf.path)
        assert left is None or not (isinstance(leaf.first, dict) and leaf.first.keys() & left.keys())


@pytest.mark.parametrize(("path", "wish"), [pytest.param(*one, id=".".join(one[0])) for one in things()])
def test_a_thing_is_made_and_removed_and_no_row_of_it_is_left(bring, address, path, wish):
    bring(base := merged(wish, nested(path, None)))
    before = {table: count(address, table) for table in FIELDS}

    made = bring(wish)
    assert named(path) in made or any(one.startswith(named(path) + ".") for one in made)
    assert at(bring.read(), path) is not None
    removed = bring(base)

    assert list(removed) == [named(path)]
    assert at(bring.read(), path) is None
    assert {table: count(address, table) for table in FIELDS} == before
