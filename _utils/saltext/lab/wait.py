"""Wait for what has no event: look again, a little later each time, never for ever."""

import time

from saltext.lab.errors import Unreachable


def until(look, seconds, what, fix="", *, longest=1.0):
    """
    Return the first true value of *look*, asked again and again for *seconds* at the most.

    *look* may raise ``Unreachable``; that counts as not yet.  The pause doubles from
    0.05 to *longest* seconds.  Raises ``Unreachable`` naming *what* did not come, and
    why in the words of the last look.
    """
    end, pause, why = time.monotonic() + seconds, 0.05, ""
    while True:
        try:
            if found := look():
                return found
        except Unreachable as err:
            why = str(err)
        if time.monotonic() + pause > end:
            raise Unreachable(f"{what} did not come within {seconds:.0f} s", why, fix)
        time.sleep(pause)
        pause = min(2 * pause, longest)
