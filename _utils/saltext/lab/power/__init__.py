"""
Switch physical machines on and off: one contract, one driver per kind of hardware.

A driver is chosen by ``lab:hosts:NAME:power:driver``; ``spec.power_model`` has the settings of each.
"""

from pathlib import Path
from typing import Literal, Protocol

from saltext.lab.errors import BadWish
from saltext.lab.power.domain import Domain
from saltext.lab.power.guard import beside
from saltext.lab.power.ipmi import Ipmi
from saltext.lab.power.manual import Manual
from saltext.lab.power.plug import Plug
from saltext.lab.power.rack import Rack
from saltext.lab.power.redfish import Redfish
from saltext.lab.power.wol import Wol


class Driver(Protocol):
    """
    The power button of one host.  Every call is bounded in time and may be repeated.

    All raise ``Unreachable`` when nobody answers and ``Refused`` when the answer is no.  What switches reads back what
    became of it: ``NotConverged`` where the order was taken and nothing happened.
    """

    def status(self) -> Literal["on", "off", "unknown"]:
        """Return whether it is on; ``unknown`` when the hardware cannot tell."""

    def on(self) -> None:
        """Switch it on and return; booting takes longer."""

    def off(self) -> None:
        """Switch it off at once, without asking its system; ``NotSafe`` where others would go off with it."""

    def cycle(self) -> None:
        """Switch it off, as ``off`` does, and on."""

    def rest(self) -> None:
        """Wait for as long as it has to be off before it is switched on again."""

    def fingerprint(self) -> str | None:
        """Return that of the minion key the host was installed with (``admit.key``), or None if that is not known."""


DRIVERS = {
    **{"rack": Rack, "ipmi": Ipmi, "redfish": Redfish, "wol": Wol, "http": Plug},
    **{"libvirt": Domain, "manual": Manual},
}


def of(lab, host, cleared=()):
    """
    Return the ``Driver`` for *host* of the checked *lab*, None where it has none.

    *cleared* names what may go off with it, see ``guard``.  Raises ``BadWish``.
    """
    wish = lab.hosts[host].power
    if wish is None:
        return None
    settings = wish.model_dump(exclude_none=True)
    if name := settings.pop("login", None):
        settings |= _login(name, lab.logins[name])
    if wish.driver == "wol":
        settings.setdefault("mac", lab.hosts[host].mac)
    if wish.driver == "http":
        settings["also"] = beside(lab, [host]) - set(cleared)
    return driver(settings, host)


def driver(power, host):
    """Return the ``Driver`` for *host* with the settings *power*, which names it; raises ``BadWish``."""
    settings = dict(power)
    name = settings.pop("driver", None)
    if name not in DRIVERS:
        raise BadWish(f"{host} has no power driver {name!r}", f"there are {', '.join(DRIVERS)}", "correct the spec")
    try:
        return DRIVERS[name](host, **settings)
    except TypeError as err:
        raise BadWish(f"power of {host} cannot be set up", str(err), f"correct lab:hosts:{host}:power") from err


def _login(name, login):
    if login.password:
        return {"user": login.user, "password": login.password}
    try:
        return {"user": login.user, "password": Path(login.password_file).read_text(encoding="utf-8").rstrip("\n")}
    except (OSError, UnicodeDecodeError) as err:
        fix = "write the password to it, for root alone"
        raise BadWish(f"lab:logins:{name}:password_file cannot be read", str(err), fix) from err
