import pytest

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.wait import until


def test_what_is_there_is_returned():
    assert until(lambda: "minion", 1, "a minion") == "minion"


def test_it_looks_again_until_something_true_comes():
    looks = iter([None, 0, "", [], "minion"])

    assert until(lambda: next(looks), 20, "a minion") == "minion"


def test_a_daemon_that_is_away_counts_as_not_yet():
    looks = iter([Unreachable("away"), Unreachable("away"), "minion"])

    def look():
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        return found

    assert until(look, 20, "a minion") == "minion"


def test_what_does_not_come_is_named_with_the_last_reason_and_what_to_do():
    def look():
        raise Unreachable("libvirt does not answer")

    with pytest.raises(Unreachable) as caught:
        until(look, 0.1, "a minion", "look at its console")

    assert str(caught.value) == "a minion did not come within 0 s — libvirt does not answer — look at its console"


def test_it_looks_once_at_least():
    assert until(lambda: "there", 0, "a minion") == "there"


@pytest.mark.parametrize("error", [Refused("no"), ZeroDivisionError()])
def test_what_waiting_does_not_help_against_ends_it(error):
    def look():
        raise error

    with pytest.raises(type(error)):
        until(look, 60, "a minion")
