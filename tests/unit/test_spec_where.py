"""From a pillar path to a line of the file that somebody wrote: the right one, or none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saltext.lab.mistake import told
from saltext.lab.spec import where
from saltext.lab.spec.lines import source_line

LINES = st.sampled_from(["vms:", "  web:", "    class: web", "    host: hv1", "", "# x"])
#: Parts of a template, each with what becomes of it: as it is, gone, another text, or several times.
PARTS = st.lists(
    st.tuples(st.sampled_from(["plain", "set", "filled", "loop"]), st.lists(LINES, min_size=1, max_size=3))
)


def rendered(parts):
    """Return the lines of a template, those that it makes, and for each of these the number of its own line."""
    raw, text, true = [], [], []
    for number, (kind, lines) in enumerate(parts):
        begin = len(raw) + (kind != "plain")
        raw += {"plain": [], "set": ["{% set a = 1 %}"], "filled": ["  a: {{ b }}"], "loop": ["{% for c in d %}"]}[kind]
        raw += lines
        first = {"plain": [], "set": [""], "filled": [f"  a: made {number}"], "loop": [""]}[kind]
        for _ in range(2 if kind == "loop" else 1):
            text += [*first, *lines]
            true += [begin - 1] * len(first) + list(range(begin, begin + len(lines)))
        if kind == "loop":
            raw, text, true = [*raw, "{% endfor %}"], [*text, ""], [*true, len(raw)]
    return raw, text, true


@given(PARTS)
@example([("plain", ["vms:"]), ("loop", ["    class: web"]), ("plain", ["    class: web"])])
def test_a_line_is_the_right_one_or_none(parts):
    raw, text, true = rendered(parts)
    told = [source_line(raw, text, number) for number in range(len(text))]
    wrong = [(text[at], found, true[at]) for at, found in enumerate(told) if found not in (None, true[at])]

    assert [one for one in wrong if one[0].strip()] == []


@given(st.lists(LINES, min_size=1))
def test_where_no_template_changes_anything_every_line_is_known(raw):
    assert [source_line(raw, raw, number) for number in range(len(raw))] == list(range(len(raw)))


def test_a_line_that_a_template_filled_is_known_between_two_that_are_and_where_nothing_else_was():
    assert source_line(["a", "b: {{ c }}", "d"], ["a", "b: 1", "d"], 1) == 1
    assert source_line(["a", "{%- if b %}", "b: {{ c }}", "d"], ["a", "b: 1", "d"], 1) is None


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("lab:vms:web1:host", "pillar/a.sls:4"),
        ("lab:vms:web1:nics:1", "pillar/a.sls:7"),
        ("lab:vms:web1:class", "pillar/a.sls:3"),
        ("lab:vms:web2:host", "pillar/a.sls:4"),
        ("lab:vms:web2:boot", "pillar/a.sls:10"),
        ("lab:vms:5:host", "pillar/a.sls:11"),
        ("lab:vms:True", "pillar/a.sls:12"),
        ("lab:hosts", "pillar/a.sls:1"),
        ("nothing", "pillar/a.sls"),
    ],
    ids=[
        "a key",
        "an item",
        "one that is missing",
        "merged",
        "over it",
        "a number",
        "yes",
        "a part that is missing",
        "no",
    ],
)
def test_a_path_is_told_of_at_its_key_or_at_what_it_would_be_in(path, place):
    text = (
        "lab:\n  vms:\n    web1: &web\n      host: hv1\n      nics:\n        - lan\n        - wan\n"
        "    web2:\n      <<: [*web]\n      boot: ram\n    5: {host: x}\n    yes: {}\n"
    )
    [mistake] = where.Places([where.File("pillar/a.sls", text, text)]).located([told(f"{path} x")])

    assert mistake.place == place


def test_the_file_that_says_most_of_a_path_is_told():
    first, second = (
        where.File(f"pillar/{name}.sls", text, text)
        for name, text in {"a": "lab:\n  vms: {}\n", "b": "lab:\n  vms:\n    web1: {}\n"}.items()
    )

    assert [
        one.place for one in where.Places([first, second]).located([told("lab:vms:web1:host x"), told("lab:vms x")])
    ] == [
        "pillar/b.sls:3",
        "pillar/a.sls:2",
    ]
