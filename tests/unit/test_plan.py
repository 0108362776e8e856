from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.plan import LIVE, NEXT_BOOT, Change, as_salt, diff, merge

leaves = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
trees = st.recursive(leaves, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8)


def test_what_is_not_wished_for_is_left_alone():
    assert list(diff({"tag": 10, "mtu": 1500}, {"tag": 10})) == []


def test_none_asks_for_removal():
    changes = diff({"ports": {"old0": {"tag": 7}}}, {"ports": {"old0": None}})

    assert list(changes) == [Change(("ports", "old0"), {"tag": 7}, None)]


def test_removing_what_is_not_there_is_no_change():
    assert list(diff({}, {"ports": None})) == []


def test_a_parent_comes_before_its_children():
    assert list(diff(None, {"tag": 10})) == [Change((), None, {}), Change(("tag",), None, 10)]


@given(actual=trees, wish=trees)
def test_a_second_run_finds_nothing_to_do(actual, wish):
    assert list(diff(merge(actual, wish), wish)) == []


@given(actual=trees, wish=trees)
def test_diff_and_merge_change_nothing_that_they_are_given(actual, wish):
    before = repr((actual, wish))
    list(diff(actual, wish))
    merge(actual, wish)

    assert repr((actual, wish)) == before


def test_salt_is_told_dotted_paths_and_no_parent_whose_children_tell_the_news():
    changes = diff({"a": {"x": 1}}, {"a": {"x": 2}, "b": {"y": 3}, "c": {}})

    assert as_salt(changes) == {
        "a.x": {"old": 1, "new": 2},
        "b.y": {"old": None, "new": 3},
        "c": {"old": None, "new": {}},
    }


def test_only_what_is_not_live_says_when():
    told = as_salt([Change(("a",), 1, 2, LIVE), Change(("b",), 1, 2, NEXT_BOOT)])

    assert told == {"a": {"old": 1, "new": 2}, "b": {"old": 1, "new": 2, "impact": "next-boot"}}
