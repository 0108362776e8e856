"""
Look at and change the domains, pools, volumes, images, networks and secrets of libvirt on this host.

Options, from the configuration or the pillar: the hypervisor ``lab:virt:uri``, seconds to wait for a guest
``lab:virt:patience`` (``{device: 10, shutdown: 60}``), and the directories of the guests' identities
``lab:virt:identities``, of our marks of pools, volumes and secrets ``lab:virt:marks``, and of verified images
``lab:virt:images``.
A job has one connection to it.
"""

from saltext.lab.errors import Refused
from saltext.lab.plan import Change
from saltext.lab.virt import console as _console
from saltext.lab.virt import host
from saltext.lab.virt import identity as _identity
from saltext.lab.virt import image as _image
from saltext.lab.virt import image_fetch as _image_fetch
from saltext.lab.virt import link as _link
from saltext.lab.virt import marks as _marks
from saltext.lab.virt import network as _network
from saltext.lab.virt import pool as _pool
from saltext.lab.virt import power as _power
from saltext.lab.virt import restart as _restart
from saltext.lab.virt import secret as _secret
from saltext.lab.virt import volume as _volume
from saltext.lab.virt.here import Here as _Here


def domains():
    """
    Return all domains by name as their next start would find them, ``running`` and ``autostart`` too.

    The fields are those of :class:`~saltext.lab.virt.model.Domain`; ``adopt`` is whether this suite manages it, and
    ``live`` what the guest that runs has otherwise: a merge patch.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_virt.domains
    """
    return host.read(_conn())


def change(changes):
    """
    Make *changes*, a list of ``(path, old, new, impact)``: one definition for each domain, then its guest and power.

    *impact* is ``live`` if it is left out: a guest that runs gets it at once where that is possible.  For states; by
    hand, use ``state.single lab_virt.domain_present``.  Raises ``Refused`` naming each domain that libvirt refused;
    the others are done.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_virt.change '[[[vm1, memory_mib], 1024, 2048]]'
    """
    host.write(_conn(), _changes(changes), _patience())


def start(name):
    """
    Return ``{"started": bool, "uuid": str}``; domain *name* runs now, ``started`` if it did not before.

    The private key of one that boots from memory or network is gone from this host then: each start needs a new one.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.start vm1
    """
    return _power.start(_conn(), name, _identities())


def stop(name):
    """
    Return ``{"stopped": bool, "uuid": str}``; the plug of domain *name* is pulled, ``stopped`` if it ran before.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.stop vm1
    """
    return host.stop(_conn(), name)


def shutdown(name):
    """
    Return ``{"stopped": bool, "uuid": str}``; domain *name* has shut down by itself, ``stopped`` if it ran before.

    Raises ``Refused`` for a guest that is not down in time, which runs on.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.shutdown vm1
    """
    return _restart.shutdown(_conn(), name, _patience().shutdown)


def identity(name, master_pub):
    """
    Return the fingerprint of a fresh key pair for the minion in guest *name*: sha256 in hex, see ``admit.key``.

    The private key stays on this host.  *master_pub* is the public key, in PEM, of the master the minion will trust.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.identity vm1 "$(cat master.pub)"
    """
    return _identity.make(name, master_pub, _identities())


def forget(name):
    """
    Return whether the minion in guest *name* had a key pair on this host; it has none now.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.forget vm1
    """
    return _identity.forget(name, __salt__["config.get"]("lab:virt:identities", _identity.DIRECTORY))


def console(name, lines=20):
    """
    Return the last *lines* lines that guest *name* wrote to its serial log, as a list of texts.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.console vm1 lines=50
    """
    path = host.read_one(_conn(), name).get("serial_log")
    if path is None:
        raise Refused(f"domain {name} has no serial log", "its serial_log is not stated", "state serial_log")
    return _console.tail(path, lines)


def pools():
    """
    Return all storage pools by name, those that run as they run now, ``running`` and ``autostart`` too.

    The fields are those of :class:`~saltext.lab.virt.pool_model.Pool`; ``adopt`` is whether this suite manages it.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_virt.pools
    """
    return _pool.read(_here())


def pool_change(changes):
    """
    Make *changes* of pools, a list of ``(path, old, new)``.

    For states; by hand, use ``state.single lab_virt.pool_present``.  Raises ``Refused`` naming each pool that libvirt
    refused; the others are done.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.pool_change '[[[vms, autostart], false, true]]'
    """
    _pool.write(_here(), _changes(changes))


def pool_refresh(name):
    """
    Return how many volumes pool *name* has, after libvirt has looked again.  Raises ``Refused`` if it does not run.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.pool_refresh vms
    """
    return _pool.refresh(_conn(), name)


def volumes(pools=None):
    """
    Return the volumes of the named *pools*, or of all that run, as ``{"pool:volume": {...}}``, with their ``path``.

    The fields are those of :class:`~saltext.lab.virt.volume_model.Volume`; ``adopt`` is whether this suite made it.
    Raises ``Refused`` if a named pool is stopped.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.volumes pools='[vms]'
    """
    return _volume.read(_here(), pools)


def volume_change(changes):
    """
    Make *changes* of volumes, a list of ``(path, old, new)``.

    For states; by hand, use ``state.single lab_virt.volume_present``.  Raises ``Refused`` or ``NotSafe`` naming each
    volume that could not be changed; the others are done.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.volume_change '[[["vms:root", size_mib], 1024, 2048]]'
    """
    _volume.write(_here(), _changes(changes))


def images(wish=None):
    """
    Return all images as ``{"pool:volume": {"sha256", "format", "size_mib", …}}``, or those of *wish*, in its words.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.images
    """
    return _image.read(_here(), wish)


def image_change(changes):
    """
    Make *changes* of images, a list of ``(path, old, new)``; what is fetched is verified before it is used.

    For states; by hand, use ``state.single lab_virt.image_present``.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.image_change '[[["vms:deb12"], {}, null]]'
    """
    _image.write(_here(), _changes(changes))


def networks():
    """
    Return all networks of libvirt by name as their next start would find them, ``running`` and ``autostart`` too.

    The fields are those of :class:`~saltext.lab.virt.network_model.Network`; ``adopt`` is whether this suite keeps it.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_virt.networks
    """
    return _network.read(_conn())


def network_change(changes):
    """
    Make *changes* of networks, a list of ``(path, old, new)``; guests stay plugged in.

    For states; by hand, use ``state.single lab_virt.network_present``.  Raises ``Refused`` naming each network that
    libvirt refused; the others are done.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.network_change '[[[lan, autostart], false, true]]'
    """
    _network.write(_conn(), _changes(changes))


def secrets(wish=None):
    """
    Return all secrets of libvirt for Ceph and volumes by what they are for: all but their values.

    The fields are those of :class:`~saltext.lab.virt.secret_model.Secret`.  With *wish*, ``{name: {value_file, …}}``,
    the place of a value comes back if libvirt has the value that is there, else ``another value``.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_virt.secrets
    """
    return _secret.read(_here(), wish)


def secret_change(changes):
    """
    Make *changes* of secrets, a list of ``(path, old, new)``; values are named by the place where they are kept.

    For states; by hand, use ``state.single lab_virt.secret_present``.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_virt.secret_change '[[[client.libvirt, value_file], null, /etc/ceph/libvirt.key]]'
    """
    _secret.write(_here(), _changes(changes))


def _patience():
    return host.Patience(**__salt__["config.get"]("lab:virt:patience", {}))


def _identities():
    return __salt__["config.get"]("lab:virt:identities", _identity.DIRECTORY)


def _here():
    option = __salt__["config.get"]
    marks = _marks.Marks(option("lab:virt:marks", _marks.DIRECTORY))
    return _Here(_conn(), marks, option("lab:virt:images", _image_fetch.CACHE), __pillar__)


def _changes(changes):
    return [Change(tuple(path), *rest) for path, *rest in changes]


def _conn():
    return _link.kept(__salt__["config.get"]("lab:virt:uri", _link.URI))
