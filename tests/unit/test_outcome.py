"""``converge`` with things that are plain functions on a dict: it knows no particular thing."""

import copy

import pytest

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.outcome import Things, converge
from saltext.lab.plan import RECREATE, merge
from saltext.lab.schema import Model, field


class Toy(Model):
    adopt: bool | None = field("take over", example=True)
    colour: str | None = field("colour", example="red")
    parts: dict[str, int | None] | None = field("parts by name", example={"wheel": 4})


class Shelf:
    """Toys, by name, and what was written to them."""

    def __init__(self, refuse=(), **toys):
        self.toys, self.refuse, self.written = toys, refuse, []

    def read(self):
        return copy.deepcopy(self.toys)

    def write(self, changes):
        self.written.append(changes)
        for change in changes:
            if change.path[-1] in self.refuse:
                raise Refused("the shelf is full")
            patch = {} if change.new == {} else change.new
            for key in reversed(change.path):
                patch = {key: patch}
            self.toys = merge(self.toys, patch)

    def things(self, **more):
        return Things("lab:toys", dict[str, Toy | None], self.read, self.write, **more)


@pytest.fixture
def car():
    return {"adopt": True, "colour": "red", "parts": {"wheel": 4}}


def test_nothing_to_do_writes_nothing(car):
    shelf = Shelf(car=car)
    ret = converge(shelf.things(), {"car": {"colour": "red"}}, test=False)

    assert ret == {"name": "lab:toys", "result": True, "comment": "as wished", "changes": {}}
    assert shelf.written == []


def test_a_test_tells_what_the_run_does(car):
    shelf, wish = Shelf(car=car), {"car": {"colour": "blue", "parts": {"wheel": None, "horn": 1}}}
    told = converge(shelf.things(), wish, test=True)

    assert (told["result"], told["comment"], shelf.written) == (None, "to be changed", [])
    done = converge(shelf.things(), wish, test=False)
    assert (done["result"], done["comment"], done["changes"]) == (True, "changed", told["changes"])
    assert done["changes"] == {
        "car.colour": {"old": "red", "new": "blue"},
        "car.parts.wheel": {"old": 4, "new": None},
        "car.parts.horn": {"old": None, "new": 1},
    }
    assert len(shelf.written) == 1


def test_the_impact_of_a_change_is_told(car):
    things = Shelf(car=car).things(impact=lambda change, actual: RECREATE)

    assert converge(things, {"car": None}, test=True)["changes"] == {
        "car": {"old": car, "new": None, "impact": "recreate"}
    }


def test_a_bad_wish_reads_and_writes_nothing():
    def never():
        raise AssertionError

    ret = converge(Things("lab:toys", dict[str, Toy | None], never, never), {"car": {"color": "red"}}, test=False)

    assert (ret["result"], ret["changes"]) == (False, {})
    assert "lab:toys:car:color is unknown (did you mean colour?)" in ret["comment"]


@pytest.mark.parametrize("test", [True, False])
@pytest.mark.parametrize("wish", [None, {"colour": "blue"}])
def test_what_is_not_ours_is_refused(wish, test):
    shelf = Shelf(theirs={"colour": "red"}, other={"adopt": True})
    ret = converge(shelf.things(), {"theirs": wish, "other": {"colour": "x"}}, test=test)

    assert (ret["result"], ret["changes"], shelf.written) == (False, {}, [])
    assert ret["comment"].startswith("theirs was not made by this suite")


def test_what_is_not_ours_and_is_as_wished_is_fine():
    assert (
        converge(Shelf(theirs={"colour": "red"}).things(), {"theirs": {"colour": "red"}}, test=False)["result"] is True
    )


def test_what_is_not_ours_can_be_adopted():
    shelf = Shelf(theirs={"colour": "red"})
    ret = converge(shelf.things(), {"theirs": {"adopt": True, "colour": "blue"}}, test=False)

    assert ret["result"] is True
    assert set(ret["changes"]) == {"theirs.adopt", "theirs.colour"}


def test_a_refusal_half_way_tells_what_landed(car):
    shelf = Shelf(car=car, refuse=["horn"])
    ret = converge(shelf.things(), {"car": {"colour": "blue", "parts": {"horn": 1}}}, test=False)

    assert (ret["result"], ret["comment"]) == (False, "the shelf is full")
    assert ret["changes"] == {"car.colour": {"old": "red", "new": "blue"}}


def test_a_write_that_does_nothing_is_not_taken_for_done(car):
    things = Things("lab:toys", dict[str, Toy | None], lambda: {"car": car}, lambda changes: None)
    ret = converge(things, {"car": {"colour": "blue"}}, test=False)

    assert (ret["result"], ret["changes"]) == (False, {})
    assert "still to change: {'car.colour'" in ret["comment"]


def test_a_daemon_that_is_away_is_a_failure_without_changes():
    def away():
        raise Unreachable("toyd does not answer", "connection\nrefused", "is it up?")

    ret = converge(Things("lab:toys", dict[str, Toy | None], away, None), {"car": {}}, test=True)

    assert (ret["result"], ret["comment"]) == (False, "toyd does not answer — connection refused — is it up?")


def test_a_fault_of_ours_is_not_swallowed():
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        converge(Things("lab:toys", dict[str, Toy | None], broken, None), {"car": {}}, test=True)


@pytest.mark.parametrize("test", [True, False])
def test_an_empty_wish_does_nothing_and_says_so(test, car):
    shelf = Shelf(car=car)
    ret = converge(shelf.things(), {}, test=test)

    assert (ret["result"], ret["changes"], shelf.written) == (True, {}, [])
    assert ret["comment"] == "nothing is stated: nothing is changed"
