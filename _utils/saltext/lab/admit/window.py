"""The window in which a physical machine may be let in, and whether the one that knocks is the one meant.  Pure."""

import hmac
from typing import NamedTuple

from saltext.lab.admit.decide import Verdict
from saltext.lab.admit.record import Minion
from saltext.lab.admit.told import Attributes
from saltext.lab.errors import BadWish
from saltext.lab.schema import Model, field, parse
from saltext.lab.virt.types import Uuid

CONFIRM, REFUSE = "confirm", "refuse"  #: a refused key stays where it is
MATCHES, DIFFERS, UNSEEN, FREE = "matches", "differs", "unseen", "any"
LONGEST = 24 * 60  #: minutes


class Window(Model):
    host: Minion = field("host that may be let in", "hv3", default=...)
    opened: float = field("since when", 1700000000.0, unit="s since 1970", default=...)
    until: float = field("and until when", 1700000900.0, unit="s since 1970", default=...)
    uuid: Uuid | None = field("SMBIOS UUID that it has to have", "4c4c4544-0043-3010-8052-b4c04f4b3132")

    def is_open(self, now):
        """Return whether it is open at *now*; where the clock was put back, it is not."""
        return self.opened <= now <= self.until


class Check(NamedTuple):
    """One thing that is known of the machine: what it should be, what it is, and whether that is the same."""

    what: str
    expected: str
    told: str
    state: str


def opened(host, now, minutes, uuid, before):
    """
    Return the ``Window`` of *host* from *now* for *minutes*; it keeps the UUID of *before*, its window so far, or None.

    Raises ``BadWish``.
    """
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= LONGEST:
        raise BadWish(f"a window cannot be open for {minutes} minutes", "", f"minutes=15, at most {LONGEST}")
    kept = uuid or (before.uuid if before and before.is_open(now) else None)
    wish = {"host": host, "opened": float(now), "until": now + 60.0 * minutes, "uuid": kept}
    return parse(Window, wish, "lab.enroll")


def checks(key, mac, uuid, seen: Attributes):
    """
    Return the ``Check``s of a machine that knocks with the *key* of this fingerprint, or None.

    *mac* and *uuid* are what it should have; a *uuid* of None may be any.
    """
    machine = seen.machine
    macs = machine.macs if machine else []
    return [
        _check("key", key, [seen.fingerprint]),
        _check("MAC, by DHCP", mac, [seen.mac]),
        _check("MAC, by itself", mac, macs),
        _check("SMBIOS UUID", uuid, [machine and machine.uuid]),
    ]


def _check(what, expected, told):
    told = [one for one in told if one]
    state = FREE if expected is None else UNSEEN if not told else MATCHES if expected in told else DIFFERS
    return Check(what, expected or "", ", ".join(told), state)


def verdict(window, now, key, confirmed, found, unseen):  # noqa: PLR0913, PLR0917
    """
    Return the ``Verdict`` on a person's wish to let the machine in whose *key*, a fingerprint, is *confirmed*.

    *window* and *key* are None where there are none; *found* are its ``checks``.  What differs is refused always, what
    could not be seen unless the person says *unseen*.
    """
    if window is None or not window.is_open(now):
        return Verdict(REFUSE, "no window is open for it" if window is None else "its window has closed")
    if key is None:
        return Verdict(REFUSE, "no key of it waits")
    if not hmac.compare_digest(key.encode(), str(confirmed).strip().lower().encode()):
        return Verdict(REFUSE, f"the key that waits is another: {key}")
    if wrong := [one for one in found if one.state == DIFFERS]:
        return Verdict(REFUSE, "; ".join(f"{one.what}: {one.told}, not {one.expected}" for one in wrong))
    blind = [one.what for one in found if one.state == UNSEEN]
    if blind and unseen is not True:
        return Verdict(REFUSE, f"not seen: {'; '.join(blind)}")
    return Verdict(CONFIRM, "; not seen: ".join(filter(None, ("by a person", "; ".join(blind)))))


def advice(host, key, found):
    """Return the command that a person gives next, who has seen the *key* of *host* and its ``checks``."""
    states = {one.state for one in found}
    if key is None:
        return f"no key of {host} waits: start it, then: salt-run lab.enroll {host} wait=120"
    if DIFFERS in states:
        return f"this is not the machine that is meant: salt-run lab.enroll {host} close=true"
    blind = " unseen=true" if UNSEEN in states else ""
    return f"if the console of {host} shows this key: salt-run lab.enroll {host} confirm={key}{blind}"
