"""The power button of a machine that is a domain of some libvirt."""

from saltext.lab.power import child
from saltext.lab.power.button import Button


class Domain(Button):
    """The *domain* of the libvirt at *uri*; each question takes *timeout* seconds at the most."""

    def __init__(self, host, uri, domain=None, timeout=10, settle=30):  # noqa: PLR0913, PLR0917
        super().__init__(host, settle)
        self._asked = {"uri": uri, "domain": domain or host}
        self._who, self._timeout = f"the libvirt at {uri}, which has {host},", timeout

    def status(self):
        """Return ``on`` or ``off``."""
        return self._ask()["power"]

    def _press(self, wish):
        self._ask(order=wish)

    def _ask(self, **order):
        return child.ask("domain_child.py", self._asked | order, self._timeout, self._who)
