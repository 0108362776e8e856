"""What all drivers share: nothing is pressed twice, and what was ordered is read back."""

from typing import Literal

from saltext.lab.errors import NotConverged, NotSafe, Unreachable
from saltext.lab.wait import until


class Button:
    """
    The power button of *host*; a driver says how it is read, ``status``, and ``_press`` es it.

    What was ordered has *settle* seconds to become so; *also* names what would go off with it.
    """

    def __init__(self, host, settle=30, also=()):
        self._host, self._settle, self._also = host, settle, also

    def status(self) -> Literal["on", "off", "unknown"]:
        """Return whether it is on."""
        raise NotImplementedError

    def on(self):
        """Switch it on, unless it is; return when it says that it is on."""
        self._bring("on")

    def off(self):
        """Switch it off, unless it is; return when it says that it is off."""
        if self._also:
            why = f"{', '.join(sorted(self._also))} would go off with it"
            raise NotSafe(f"{self._host} is not switched off", why, "name them too, or say force=true")
        self._bring("off")

    def cycle(self):
        """Switch it off, then on."""
        self.off()
        self.rest()
        self.on()

    def rest(self):
        """Leave it off for as long as it needs."""

    def fingerprint(self):
        """Return None: it knows nothing of keys."""

    def _press(self, wish):
        raise NotImplementedError

    def _bring(self, wish):
        if self.status() == wish:
            return
        self._press(wish)
        try:
            # What cannot tell has to be believed.
            until(lambda: self.status() in (wish, "unknown"), self._settle, f"power {wish} of {self._host}")
        except Unreachable as err:
            said = self.status()  # raises by itself where it is silent now
            if said == wish:
                return
            why = f"the order was taken, and {self._settle} s later its power is said to be {said}"
            fix = "look at the machine; one that is slow gets more time by lab:hosts:HOST:power:settle"
            raise NotConverged(f"{self._host} is not {wish}", why, fix.replace("HOST", self._host)) from err
