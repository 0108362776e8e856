"""How long a guest is waited for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Seconds for a guest to do what it is asked to."""

    device: int = 10  #: let go of a device, take memory; libvirt itself waits 5 for a device
    shutdown: int = 60


USUAL = Patience()
