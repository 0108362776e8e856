"""
Look at and change the libvirt domains of this host.

The hypervisor is ``lab:virt:uri`` (config or pillar), the directory of the guests' identities ``lab:virt:identities``.
"""

from saltext.lab.errors import Refused
from saltext.lab.plan import Change
from saltext.lab.virt import console as _console
from saltext.lab.virt import host
from saltext.lab.virt import identity as _identity


def domains():
    """
    Return all domains by name as their next start would find them, ``running`` and ``autostart`` too.

    The fields are those of :class:`~saltext.lab.virt.model.Domain`; ``adopt`` is whether this suite manages it.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_virt.domains
    """
    with _conn() as conn:
        return host.read(conn)


def change(changes):
    """
    Make *changes*, a list of ``(path, old, new)``: one definition for each domain, then its autostart and power.

    For states; by hand, use ``state.single lab_virt.domain_present``.  Raises ``Refused`` naming each domain that
    libvirt refused; the others are done.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_virt.change '[[[vm1, memory_mib], 1024, 2048]]'
    """
    with _conn() as conn:
        host.write(conn, [Change(tuple(path), old, new) for path, old, new, *_ in changes])


def start(name):
    """
    Return ``{"started": bool, "uuid": str}``; domain *name* runs now, ``started`` if it did not before.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.start vm1
    """
    with _conn() as conn:
        return host.start(conn, name)


def stop(name):
    """
    Return ``{"stopped": bool, "uuid": str}``; the plug of domain *name* is pulled, ``stopped`` if it ran before.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.stop vm1
    """
    with _conn() as conn:
        return host.stop(conn, name)


def identity(name, master_pub):
    """
    Return the fingerprint of a fresh key pair for the minion in guest *name*: sha256 in hex, see ``admit.key``.

    The private key stays on this host.  *master_pub* is the public key, in PEM, of the master the minion will trust.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.identity vm1 "$(cat master.pub)"
    """
    return _identity.make(name, master_pub, __salt__["config.get"]("lab:virt:identities", _identity.DIRECTORY))


def console(name, lines=20):
    """
    Return the last *lines* lines that guest *name* wrote to its serial log, as a list of texts.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.console vm1 lines=50
    """
    with _conn() as conn:
        path = host.read_one(conn, name).get("serial_log")
    if path is None:
        raise Refused(f"domain {name} has no serial log", "its serial_log is not stated", "state serial_log")
    return _console.tail(path, lines)


def _conn():
    return host.connect(__salt__["config.get"]("lab:virt:uri", host.URI))
