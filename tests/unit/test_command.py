import pytest

from saltext.lab.command import run
from saltext.lab.errors import Refused, Unreachable


def test_it_returns_what_was_printed():
    assert run("echo", "one", 2) == "one 2\n"


def test_no_shell_looks_at_the_words():
    assert run("printf", "%s|", "$HOME", "a b", "*", "; exit 3") == "$HOME|a b|*|; exit 3|"


def test_a_text_is_handed_over_on_standard_input():
    assert run("cat", stdin="a secret") == "a secret"


def test_the_environment_is_the_one_given():
    assert run("env", env={"ONLY": "this"}) == "ONLY=this\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo first >&2; echo 'no such bridge' >&2; exit 3", "failed with 3 — no such bridge"),
        ("echo 'on stdout'; exit 1", "failed with 1 — on stdout"),
        ("exit 2", "failed with 2"),
        ("kill -9 $$", "failed with -9"),
    ],
)
def test_a_failure_is_told_in_the_words_of_the_program(script, words):
    with pytest.raises(Refused) as caught:
        run("sh", "-c", script)

    assert str(caught.value).endswith(words)


def test_what_takes_too_long_is_ended():
    with pytest.raises(Unreachable, match=r"sleep did not end within 0\.2 s — sleep 60"):
        run("sleep", 60, timeout=0.2)


def test_what_is_not_installed_is_named():
    with pytest.raises(Unreachable, match="lab-no-such-program cannot be run .* install lab-no-such-program"):
        run("lab-no-such-program")
