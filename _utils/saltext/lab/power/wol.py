"""Wake a machine by its network card: the magic packet (AMD publication 20213)."""

import socket

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.power.button import Button


class Wol(Button):
    """The card *mac*, to which a packet goes by the *card* of this machine to *broadcast* and *port*."""

    def __init__(self, host, mac, broadcast="255.255.255.255", port=9, card=None):  # noqa: PLR0913, PLR0917
        super().__init__(host)
        self._packet, self._to, self._card = packet(mac), (broadcast, port), card

    def status(self):
        """Return ``unknown``: a card that sleeps tells nothing."""
        return "unknown"

    def off(self):
        """Raise ``Refused``: there is no packet for that."""
        why, fix = "wake-on-LAN can only switch on", f"salt {self._host} system.poweroff"
        raise Refused(f"{self._host} cannot be switched off", why, fix)

    def _press(self, wish):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                if self._card:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._card.encode())
                line.sendto(self._packet, self._to)
        except OSError as err:
            way = f"to {self._to[0]}" + (f" by {self._card}" if self._card else "")
            fix = f"correct broadcast or card in lab:hosts:{self._host}:power"
            raise Unreachable(f"{self._host} cannot be woken: no packet goes {way}", str(err), fix) from err


def packet(mac):
    """Return the bytes that wake the card *mac*: six of ones, then sixteen times its address.  Pure."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16
