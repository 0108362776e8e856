"""Answers to questions about a lab that many ask: worked out once for each lab, as long as that is there."""

import functools
import weakref

_KNOWN: dict = {}


def once(question):
    """
    Have *question*, a pure function of a lab and of names, work out each of its answers once.

    Nobody changes an answer.  A lab is known by what it is, not by what is in it: a copy is asked anew.
    """

    @functools.wraps(question)
    def answer(lab, *names):
        known = _known(lab)
        key = question, names
        if key not in known:
            known[key] = question(lab, *names)
        return known[key]

    return answer


def _known(lab):
    if id(lab) not in _KNOWN:
        _KNOWN[id(lab)] = {}
        weakref.finalize(lab, _KNOWN.pop, id(lab))
    return _KNOWN[id(lab)]
