"""The power button of a machine with a BMC that speaks IPMI 2.0."""

from saltext.lab.power import child
from saltext.lab.power.button import Button


class Ipmi(Button):
    """The BMC at *address*; each question takes *timeout* seconds at the most."""

    def __init__(self, host, address, user, password, port=623, timeout=10, settle=30):  # noqa: PLR0913, PLR0917
        super().__init__(host, settle)
        self._asked = {"address": address, "port": port, "user": user, "password": password}
        self._who, self._timeout = f"the BMC of {host} at {address}", timeout

    def status(self):
        """Return ``on`` or ``off``."""
        return self._ask()["power"]

    def _press(self, wish):
        self._ask(order=wish)

    def _ask(self, **order):
        return child.ask("ipmi_child.py", self._asked | order, self._timeout, self._who)
