"""The slice of one minion.  Pure."""

from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile


def of(spec, minion, serves):
    """
    Return the slice of *minion* from the dict *spec*, or None when it is not one of the masters' *serves*.

    *serves* lists ``physical`` and ``virtual``.  Raises ``BadWish`` for a spec with mistakes.
    """
    part = compile(checked(spec)).get(minion)
    return part if part and part["minion"]["of"] in serves else None
