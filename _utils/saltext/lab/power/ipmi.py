"""The power button of a machine with a BMC that speaks IPMI 2.0."""

from functools import partial

from saltext.lab.power import child
from saltext.lab.power.button import Button


class Ipmi(Button):
    """The BMC at *address*; each question takes *timeout* seconds at the most."""

    def __init__(self, host, address, user, password, port=623, timeout=10, settle=30):  # noqa: PLR0913, PLR0917
        super().__init__(host, settle)
        login = {"user": user, "password": password}
        self._ask = partial(
            child.ask, f"the BMC of {host} at {address}", timeout, by="ipmi", address=address, port=port, **login
        )

    def status(self):
        """Return ``on`` or ``off``."""
        return self._ask()["power"]

    def _press(self, wish):
        self._ask(order=wish)
