"""What is asked of a lab again and again is worked out once, for each lab and for each name."""

import gc

from saltext.lab.schema import Model
from saltext.lab.spec import once


class Thing(Model):
    name: str = "a"


def counted():
    asked = []

    @once.once
    def question(lab, *names):
        """What it answers."""
        asked.append((lab.name, *names))
        return [lab.name, *names]

    return question, asked


def test_each_answer_is_worked_out_once():
    (question, asked), lab = counted(), Thing()

    assert [question(lab, "x"), question(lab, "y"), question(lab, "x"), question(lab)] == [
        ["a", "x"],
        ["a", "y"],
        ["a", "x"],
        ["a"],
    ]
    assert asked == [("a", "x"), ("a", "y"), ("a",)]
    assert question.__doc__ == "What it answers."


def test_two_questions_are_two():
    (one, _), (other, asked), lab = counted(), counted(), Thing()
    one(lab, "x")
    other(lab, "x")

    assert asked == [("a", "x")]


def test_a_copy_is_asked_anew_also_where_it_is_equal():
    (question, asked), lab = counted(), Thing()
    answers = [question(one) for one in (lab, lab.model_copy(update={"name": "b"}), lab.model_copy())]

    assert (answers, len(asked)) == ([["a"], ["b"], ["a"]], 3)


def test_a_lab_that_is_gone_leaves_nothing_behind():
    (question, _), lab = counted(), Thing()
    question(lab)
    before = len(once._KNOWN)
    del lab
    gc.collect()

    assert len(once._KNOWN) == before - 1
