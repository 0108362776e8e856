"""What Salt says of an SLS that it cannot render, as mistakes with file and line.  Pure."""

import re

import yaml

from saltext.lab.errors import BadWish
from saltext.lab.mistake import Mistake
from saltext.lab.spec.lines import source_line

NAMED = re.compile(r"SLS '([^']+)'")
LINE = re.compile(r"line (\d+)")
WHERE = re.compile(r' in "<[a-z ]+>", line \d+, column \d+')
HEAD = re.compile(r"^Rendering SLS '[^']+' failed, render error:\s*")


def unrendered(sls, errors, files):
    """Return the ``BadWish`` of *errors*, Salt's texts about *sls*; *files* are ``File`` by the name of their SLS."""
    mistakes = [_mistake(error, files) for error in dict.fromkeys(errors)]
    at = f"pillar/{sls.replace('.', '/')}.sls"
    error = BadWish(f"{at} cannot be rendered", "; ".join(map(str, mistakes)), "correct it")
    error.mistakes = tuple(mistakes)
    return error


def _mistake(error, files):
    file = next((files[sls] for sls in NAMED.findall(error) if sls in files), None)
    words = _words(HEAD.sub("", error))
    line = file and _line(words, file)
    return Mistake((), WHERE.sub("", words) if line else words, None, file and file.name, line)


def _words(error):
    """Return what *error* says, without the excerpt of Jinja's and the traceback of a file in Python."""
    if error.startswith("Traceback"):
        return error.strip().splitlines()[-1]
    if "maximum recursion depth" in error:
        return "something is within itself: an alias (*) in what its anchor (&) names, or too many brackets"
    return " ".join(error.split("\n---\n")[0].split())


def _line(words, file):
    """Return the line of *file* that *words* are about: Jinja counts those of the file, YAML those of what it made."""
    told = [int(number) for number in LINE.findall(words)] or _marked(file.text)
    if not told or words.startswith("Jinja"):
        return told[-1] if told else None
    found = source_line(file.raw.splitlines(), (file.text or "").splitlines(), told[-1] - 1)
    return None if found is None else found + 1


def _marked(text):
    """Return the line of *text* that is no YAML, which Salt does not always tell."""
    try:
        yaml.compose(text or "", yaml.SafeLoader)
    except yaml.MarkedYAMLError as err:
        return [err.problem_mark.line + 1] if err.problem_mark else []
    except (yaml.YAMLError, RecursionError):
        pass
    return []
