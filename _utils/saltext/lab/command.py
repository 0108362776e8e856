"""Run a program that has no library: bounded, without a shell, its own words in the error."""

import subprocess

from saltext.lab.errors import Refused, Unreachable


def run(*argv, stdin=None, timeout=60, env=None):
    """
    Return what *argv* printed, as text.

    *stdin* is text handed to it (where a secret goes; never into *argv*), *timeout* is in
    seconds.  Raises ``Refused`` with the last line of its error output when it fails,
    ``Unreachable`` when it takes too long or is not installed.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, input=stdin, timeout=timeout, env=env, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired as err:
        raise Unreachable(f"{argv[0]} did not end within {timeout} s", " ".join(words)) from err
    except FileNotFoundError as err:
        raise Unreachable(f"{argv[0]} cannot be run", str(err), f"install {argv[0]}") from err
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Refused(f"{' '.join(words)} failed with {done.returncode}", said[-1] if said else "")
    return done.stdout
