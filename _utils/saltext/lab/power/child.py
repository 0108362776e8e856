"""
Ask by a library that may hang, or is not there, in a process of its own: that can be ended, and leaves nothing behind.

pyghmi keeps threads and sockets for ever, and has waits without an end; libvirt waits for a peer that is silent for as
long as that likes.  What is asked, passwords too, goes by the standard input.
"""

import json
import subprocess
import sys
from pathlib import Path

from saltext.lab.errors import Refused, Unreachable

KINDS = {"Refused": Refused, "Unreachable": Unreachable}


def ask(script, request, timeout, who):
    """
    Return what *script*, a file beside this one, answers to the dict *request* within *timeout* seconds.

    *who* is the peer, for messages.  Raises ``Unreachable`` or ``Refused``, as the script says.
    """
    # -P: the directory of the script has modules with names of others.
    argv = [sys.executable, "-P", str(Path(__file__).with_name(script))]
    told = {"input": json.dumps(request), "timeout": timeout, "capture_output": True, "text": True, "check": False}
    try:
        done = subprocess.run(argv, **told)
    except subprocess.TimeoutExpired:
        # Not `from`: that one holds what was asked.
        raise Unreachable(f"{who} does not answer", f"it was silent for {timeout} s", "is it on the network?") from None
    answer = _answer(done.stdout)
    if answer is None:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        raise Unreachable(f"{who} cannot be asked", f"{script} ended with {done.returncode}: {last}")
    if "error" in answer:
        kind, what, why, fix = answer["error"]
        raise KINDS[kind](f"{who} {what}", why, fix)
    return answer


def _answer(text):
    try:
        return json.loads(text.splitlines()[-1])
    except (IndexError, ValueError):
        return None
