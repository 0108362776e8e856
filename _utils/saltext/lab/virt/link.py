"""Connections to libvirt, and its errors as ours."""

import errno
import os
from contextlib import contextmanager
from multiprocessing.util import Finalize

import libvirt

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.virt import events

URI = "qemu:///system"
LOST = {libvirt.VIR_ERR_RPC, libvirt.VIR_ERR_NO_CONNECT, libvirt.VIR_ERR_INVALID_CONN}
DENIED = {libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_CANCELLED, libvirt.VIR_ERR_AUTH_UNAVAILABLE}

_kept: dict[str, libvirt.virConnect] = {}


@contextmanager
def connect(uri=URI):
    """
    Yield a connection to the hypervisor at *uri*, closed at the end.

    Raises ``Unreachable`` when it does not answer, ``Refused`` when it does not let this user in.
    """
    conn = _open(uri)
    try:
        yield conn
    finally:
        conn.close()


def kept(uri=URI):
    """
    Return the connection of this process to the hypervisor at *uri*, another one if that was lost; see ``connect``.

    All in this process share it.  It is closed at its end, and when it forks, for a child must not have it.
    """
    conn = _kept.get(uri)
    if not _answers(conn):
        _kept[uri] = conn = _open(uri)
        # Not atexit: a job of a minion is a process of multiprocessing, which does not look there.
        Finalize(None, _release, exitpriority=0)
    return conn


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
        return Unreachable(f"libvirt at {conn.getURI()} did not {what}", str(err), "is libvirtd up?")
    return Refused(f"libvirt refused to {what}", str(err))


def _open(uri):
    libvirt.registerErrorHandler(lambda *_: None, None)  # errors are raised; do not print them too
    events.serve()
    try:
        return libvirt.open(uri)
    except libvirt.libvirtError as err:
        if err.get_error_code() in DENIED or err.get_int1() == errno.EACCES:
            fix = "run the minion as a user who may, such as root"
            raise Refused(f"libvirt at {uri} does not let this user in", str(err), fix) from err
        raise Unreachable(f"libvirt at {uri} does not answer", str(err), "is libvirtd up?") from err


def _answers(conn):
    """Return whether the daemon is still there; ``isAlive`` does not know of one that was killed a moment ago."""
    try:
        return conn is not None and conn.getLibVersion() > 0
    except libvirt.libvirtError:
        return False


def _release():
    """Close what is kept as soon as nobody uses it."""
    _kept.clear()


os.register_at_fork(before=_release)
