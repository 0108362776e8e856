"""The slice of one minion.  Pure."""

from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import compile


def of(spec, minion, serves, images=lambda names: {}):
    """
    Return the slice of *minion* from the dict *spec*, or None when it is not one of the masters' *serves*.

    *serves* lists ``physical`` and ``virtual``; *images* is a function from names of images to ``{image: [Version]}``
    of those that there are.  Raises ``BadWish`` for a spec with mistakes.
    """
    lab = checked(spec)
    part = compile(lab, images(lab.images)).get(minion)
    return part if part and part["minion"]["of"] in serves else None
