"""The power button of a machine that is a domain of some libvirt."""

from functools import partial

from saltext.lab.power import child
from saltext.lab.power.button import Button


class Domain(Button):
    """The *domain* of the libvirt at *uri*; each question takes *timeout* seconds at the most."""

    def __init__(self, host, uri, domain=None, timeout=10, settle=30):  # noqa: PLR0913, PLR0917
        super().__init__(host, settle)
        self._ask = partial(
            child.ask, f"the libvirt at {uri} of {host}", timeout, by="libvirt", uri=uri, domain=domain or host
        )

    def status(self):
        """Return ``on`` or ``off``."""
        return self._ask()["power"]

    def _press(self, wish):
        self._ask(order=wish)
