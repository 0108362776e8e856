"""A connection to libvirt, and its errors as ours."""

from contextlib import contextmanager

import libvirt

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.virt import events

URI = "qemu:///system"
LOST = {libvirt.VIR_ERR_RPC, libvirt.VIR_ERR_NO_CONNECT, libvirt.VIR_ERR_INVALID_CONN}


@contextmanager
def connect(uri=URI):
    """Yield a connection to the hypervisor at *uri*.  Raises ``Unreachable`` when it does not answer."""
    libvirt.registerErrorHandler(lambda *_: None, None)  # errors are raised; do not print them too
    events.serve()
    try:
        conn = libvirt.open(uri)
    except libvirt.libvirtError as err:
        raise Unreachable(f"libvirt at {uri} does not answer", str(err), "is libvirtd up?") from err
    try:
        yield conn
    finally:
        conn.close()


@contextmanager
def doing(conn, what):
    """Raise libvirt's errors as ours while doing *what*, a phrase such as ``start domain vm1``."""
    try:
        yield
    except libvirt.libvirtError as err:
        raise ours(conn, what, err) from err


def ours(conn, what, err):
    """Return libvirt's *err* as ``Unreachable`` if *conn* is lost, else as ``Refused``."""
    if err.get_error_code() in LOST or not conn.isAlive():
        return Unreachable(f"libvirt did not {what}", str(err), "is libvirtd up?")
    return Refused(f"libvirt refused to {what}", str(err))
