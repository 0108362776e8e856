"""The slice of one minion.  Pure."""

from saltext.lab.spec import netboot_facts, standing
from saltext.lab.spec.check import checked
from saltext.lab.spec.compile import NOTHING, compile


def of(spec, minion, serves, stock=lambda images, overlays: NOTHING, standing=standing.NOTHING):
    """
    Return the slice of *minion* from the dict *spec*, or None when it is not one of the masters' *serves*.

    *serves* lists ``physical`` and ``virtual``; *stock* is a function from names of images and of overlays to the
    ``Stock`` of them, which only the host that serves them waits for; *standing* is how the lab stands.  Raises
    ``BadWish`` for a spec with mistakes.
    """
    lab = checked(spec, standing)
    served = netboot_facts.servers(lab).get("http") == minion
    has = stock(netboot_facts.images(lab), netboot_facts.overlays(lab)) if served else NOTHING
    part = compile(lab, has).get(minion)
    return part if part and part["minion"]["of"] in serves else None
