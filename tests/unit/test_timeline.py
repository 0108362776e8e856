"""Timelines: when, after what, which chain; as text, as SVG; what steps will take; what machines are at."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltext.lab.boot import estimate, progress, timeline_svg
from saltext.lab.boot.run import CHANGED, SAME
from saltext.lab.boot.timeline import longest, timeline
from saltext.lab.boot.timeline_text import gantt
from tests.support import runs

MADE = timeline(runs.run(end=1), "failed", runs.ZERO + 20)
BARS = {bar["step"]: bar for bar in MADE["bars"]}


def test_what_each_step_waited_for():
    assert {step: (bar["begin"], bar["end"], bar["after"], bar["waited"]) for step, bar in BARS.items()} == {
        "power hv1": (0, 2, "", 0),
        "power hv2": (0, 1, "", 0),
        "minion hv1": (2, 5, "power hv1", 0),
        "minion hv2": (1, 9, "power hv2", 0),
        "converge hv1": (7, 20, "minion hv1", 2),
    }
    assert MADE["skipped"] == ["prove demo"]


def test_the_critical_path_is_the_chain_that_was_at_work_for_longest():
    assert MADE["critical"] == ["power hv1", "minion hv1", "converge hv1"]
    assert (MADE["critical_s"], MADE["took"]) == (18, 20)
    assert [step for step, bar in BARS.items() if bar["critical"]] == MADE["critical"]


def test_a_run_that_was_killed_ends_with_its_last_line():
    run = runs.run([("power hv1", 0, 2, CHANGED), ("minion hv1", 2, None, "")])
    made = timeline(run, "killed", run.last + 4)

    assert [(bar["step"], bar["state"], bar["end"]) for bar in made["bars"]] == [
        ("power hv1", CHANGED, 2),
        ("minion hv1", "killed", 6),
    ]
    assert made["open"] == ["power hv2", "minion hv2", "converge hv1", "prove demo"]


def test_a_run_that_was_killed_before_its_first_line_was_whole_has_a_timeline():
    made = timeline(runs.run()._replace(head={}, events=()), "killed", 0.0)

    assert (made["bars"], made["critical"]) == ([], [])
    assert gantt(made, 80)
    assert ElementTree.fromstring(timeline_svg.svg(made)) is not None


@given(st.data(), st.integers(1, 9))
def test_no_chain_takes_longer_than_the_longest(data, count):
    steps: dict = {}
    for number in range(count):
        needs = data.draw(st.lists(st.sampled_from(sorted(steps)), unique=True)) if steps else []
        steps[str(number)] = {"needs": needs}
    costs = {step: data.draw(st.integers(0, 9)) for step in steps}

    def below(step):
        return costs[step] + max([below(need) for need in steps[step]["needs"]], default=0)

    found = longest(dict(data.draw(st.permutations(list(steps.items())))), costs.__getitem__)
    assert sum(costs[step] for step in found) == max(below(step) for step in steps)
    assert all(one in steps[other]["needs"] for one, other in zip(found, found[1:], strict=False))


# As text


def test_the_gantt_of_a_run():
    assert gantt(MADE, 65) == [
        "r1  lab.bootstrap  failed  20.0 s, critical path 18.0 s",
        "* power hv1     ████                                        2.0 s",
        "  power hv2     ░░                                          1.0 s",
        "* minion hv1        ██████                                  3.0 s",
        "  minion hv2      ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓                          8.0 s",
        "* converge hv1                ██████████████████████████   13.0 s",
        "* critical path: power hv1 → minion hv1 → converge hv1",
        "█ changed  ░ as wished  ▓ failed  ▒ had not ended",
        "converge hv1 waited 2.0 s after minion hv1 for a free worker",
        "skipped: prove demo",
    ]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_bar_is_wider_than_the_terminal(width):
    assert max(len(line) for line in gantt(MADE, width)[1:6]) <= width


# As SVG


def many(hosts):
    """The timeline of a run over that many hosts, which takes longer the more there are."""
    names = [f"hv{number}.long-name" for number in range(hosts)]
    steps = [{"id": f"{verb} {one}", "verb": verb, "machine": one, "budget": 1} for one in names for verb in "ab"]
    steps = [step | {"needs": [f"a {step['machine']}"] if step["verb"] == "b" else []} for step in steps]
    story = [(f"a {one}", at, at + 2.5, CHANGED) for at, one in enumerate(names)]
    story += [(f"b {one}", at + 3, hosts + 9, SAME) for at, one in enumerate(names)]
    return timeline(runs.run(story, end=0, steps=steps), "done", 0.0)


def boxes(root):
    """Return the box of each text in px, (left, top, right, bottom), as wide as a monospaced font is."""
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        width, x, y = len(text.text) * timeline_svg.CHARACTER, float(text.get("x")), float(text.get("y"))
        left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor")]
        yield (left, y - timeline_svg.FONT * 0.8, left + width, y + timeline_svg.FONT * 0.2)


def meet(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("hosts", [1, 3, 30])
def test_the_svg_names_each_step_once_and_no_text_covers_another_or_leaves_the_picture(hosts):
    made = many(hosts)
    root = ElementTree.fromstring(timeline_svg.svg(made))
    found = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    all_boxes = list(boxes(root))

    assert [found.count(bar["step"]) for bar in made["bars"]] == [1] * hosts * 2
    assert [(one, other) for at, one in enumerate(all_boxes) for other in all_boxes[:at] if meet(one, other)] == []
    width, height = float(root.get("width")), float(root.get("height"))
    assert [box for box in all_boxes if box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height] == []


def test_the_svg_outlines_the_critical_path_and_escapes_what_names_hold():
    made = timeline(runs.run(end=1, command="<&>"), "failed", 0.0)
    text = timeline_svg.svg(made)

    assert "&lt;&amp;&gt;" in text
    assert text.count(timeline_svg.CRITICAL) == len(made["critical"])


# Estimates


def test_a_step_will_take_the_median_of_what_it_took():
    former = [runs.run([("power hv1", 0, took, CHANGED), ("minion hv2", 0, 99, "failed")]) for took in (1, 5, 2)]

    assert estimate.estimates(former, runs.NEEDS) == {"power hv1": 2, "power hv2": 2}


def test_only_the_last_runs_count():
    former = [runs.run([("power hv1", 0, took, CHANGED)]) for took in [1] * estimate.RUNS + [9] * estimate.RUNS]

    assert estimate.estimates(former, ["power hv1"]) == {"power hv1": 9}


def test_how_long_a_run_goes_on_is_the_longest_chain_that_is_left():
    run = runs.run([("power hv1", 0, 2, CHANGED), ("power hv2", 0, 1, SAME), ("minion hv1", 2, None, "")])
    known = dict.fromkeys(runs.NEEDS, 10.0)

    assert estimate.remaining(run, known, runs.ZERO + 6) == 6 + 10 + 10
    assert estimate.remaining(run, known | {"minion hv1": 1.0}, runs.ZERO + 6) == 10 + 10
    del known["prove demo"]
    assert estimate.remaining(run, known, runs.ZERO + 6) is None


# What machines are at


def test_who_is_at_work_comes_first_and_who_waits_says_for_what():
    run = runs.run(
        [
            ("power hv1", 0, 2, CHANGED),
            ("power hv2", 0, 1, SAME),
            ("minion hv1", 2, None, ""),
            ("minion hv2", 1, 3, "failed"),
        ]
    )
    rows = progress.rows(run, {"minion hv1": 12.0}, runs.ZERO + 6)

    assert rows == [
        ("hv1", "at it", "minion", 4.0, 12.0, ""),
        ("hv2", "failed", "minion", None, None, ""),
        ("demo", "waits", "prove", None, None, "for converge hv1"),
    ]


def test_more_machines_than_lines_are_counted():
    rows = [progress.Row(str(number), progress.WAITS, "power", None, None, "") for number in range(9)]
    rows += [progress.Row("x", progress.DONE, "power", None, None, "")]

    assert progress.fitting(rows, 10) == (rows, "")
    assert progress.fitting(rows, 4) == (rows[:3], "and 7 more: 6 waits, 1 done")
