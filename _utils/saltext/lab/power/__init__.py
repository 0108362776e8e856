"""
Switch physical machines on and off: one contract, one driver per kind of hardware.

A driver is chosen by ``lab:hosts:NAME:power:driver``; the rack's needs no further settings.
"""

from typing import Literal, Protocol

from saltext.lab.errors import BadWish
from saltext.lab.power.rack import Rack


class Driver(Protocol):
    """The power button of one host.  Every call is bounded in time and may be repeated."""

    def status(self) -> Literal["on", "off", "unknown"]:
        """Return whether it is on; ``unknown`` when the hardware cannot tell."""

    def on(self) -> None:
        """Switch it on and return; booting takes longer.  Raises ``Unreachable`` or ``Refused``."""

    def off(self) -> None:
        """Switch it off at once, without asking its system.  Raises ``Unreachable`` or ``Refused``."""

    def fingerprint(self) -> str | None:
        """Return that of the minion key the host was installed with (``admit.key``), or None if that is not known."""


DRIVERS = {"rack": Rack}


def driver(power, host):
    """Return the ``Driver`` for *host* that its ``power`` in the spec asks for; raises ``BadWish``."""
    settings = dict(power or {})
    name = settings.pop("driver", None)
    if name not in DRIVERS:
        raise BadWish(f"{host} has no power driver {name!r}", f"there are {', '.join(DRIVERS)}", "correct the spec")
    try:
        return DRIVERS[name](host, **settings)
    except TypeError as err:
        raise BadWish(f"power of {host} cannot be set up", str(err), f"correct lab:hosts:{host}:power") from err
