"""The configuration of a master, as its formula writes it."""

import jinja2
import pytest
import yaml

from tests.support import masters


@pytest.mark.parametrize("serves", [["virtual"], ["physical"], ["physical", "virtual"]])
@pytest.mark.parametrize("wish", [{}, {"admission": "engine"}, {"admission": "reactor"}])
def test_either_the_engine_admits_or_the_reactor(serves, wish):
    opts = masters.configuration(spec="demo", serves=serves, **wish)

    if wish.get("admission") == "reactor":
        tags = {tag for entry in opts["reactor"] for tag in entry}
        assert "engines" not in opts
        assert tags == {"salt/auth"} | ({"salt/minion/*/start"} if "virtual" in serves else set())
    else:
        assert "reactor" not in opts
        assert opts["engines"] == [{"lab": {}}]


def test_nobody_admits_by_a_word_that_there_is_not():
    with pytest.raises(jinja2.UndefinedError, match="raise"):  # Salt's own function, which stops the formula
        masters.configuration(spec="demo", serves=["virtual"], admission="recator")


@pytest.mark.parametrize("admission", ["engine", "reactor"])
def test_nobody_is_let_in_but_by_the_desk(admission):
    opts = masters.configuration(spec="demo", serves=["virtual"], admission=admission)

    assert (opts["auto_accept"], opts["open_mode"], opts["peer"], opts["file_recv"]) == (False, False, {}, False)
    assert opts["minimum_auth_version"] == 3
    assert yaml.safe_dump(opts).find("autosign") == -1
