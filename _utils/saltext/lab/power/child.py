"""
Ask by a library that may hang, or is not there, in a process of its own: that can be ended, and leaves nothing behind.

pyghmi keeps a thread and sockets for ever, and has waits without an end; libvirt waits for a peer that is silent for as
long as that likes.  What is asked, passwords too, goes by the standard input.
"""

import json
import subprocess
import sys
from pathlib import Path

from saltext.lab.errors import Refused, Unreachable

# -P: the directory of the program has modules with names that others have, too.
PROGRAM = [sys.executable, "-P", str(Path(__file__).with_name("asker.py"))]
KINDS = {"Refused": Refused, "Unreachable": Unreachable}


def ask(who, timeout, **request):
    """
    Return what ``asker`` answers to *request* within *timeout* seconds.

    *who* is the peer, for messages.  Raises ``Unreachable`` or ``Refused``.
    """
    text = json.dumps(request)
    try:
        done = subprocess.run(PROGRAM, input=text, timeout=timeout, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{who} does not answer", f"it was silent for {timeout} s", "is it on the network?") from None
    answer = _answer(done.stdout)
    if answer is None:
        last = (done.stderr.strip().splitlines() or [""])[-1].replace(request.get("password", "\0"), "***")
        raise Unreachable(f"{who} cannot be asked", f"the asker ended with {done.returncode}: {last}")
    if "error" in answer:
        kind, what, fix, why = answer["error"]
        raise KINDS[kind](f"{who} {what}", why, fix)
    return answer


def _answer(text):
    try:
        return json.loads(text)
    except ValueError:
        return None
