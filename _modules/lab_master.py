"""The Salt master on this machine, seen by the minion beside it."""

import os
import time

import salt.config
import salt.utils.args
import salt.utils.event

from saltext.lab.admit import strict
from saltext.lab.admit.store import DIRECTORY, Store
from saltext.lab.boot.fleet import Fleet

EVENT = "lab/record"  #: fired on the master's bus when a record has changed


def public_key():
    """
    Return the public key of the master on this machine, as PEM.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_master.public_key
    """
    path = os.path.join(_master()["pki_dir"], "master.pub")
    with open(path) as file:
        return file.read()


def settings():
    """
    Return ``{name: value}`` of the settings that decide who joins this master, and what its minions may; no secrets.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_master.settings
    """
    return strict.settings(_master())


def finger():
    """
    Return the fingerprint of the public key of the master on this machine, as ``master_finger`` of a minion has it.

    CLI Example:

    .. code-block:: bash

        salt pi1 lab_master.finger
    """
    return strict.finger(_master()["pki_dir"])


def pinned():
    """
    Return the fingerprint of the only master that this minion trusts when it starts next, or an empty text.

    CLI Example:

    .. code-block:: bash

        salt '*' lab_master.pinned
    """
    return salt.config.minion_config(__opts__["conf_file"]).get("master_finger", "")


def records(ids=None):
    """
    Return what the master knows of the machines *ids* (all: None), as ``{id: record}``.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_master.records
    """
    found = Store(_master().get("lab", {}).get("records", DIRECTORY)).all()
    return {minion: record.model_dump(mode="json") for minion, record in found.items() if not ids or minion in ids}


def wait(seen, timeout=30):
    """
    Return the records once they differ from *seen*, ``{id: record}``, or as they are after *timeout* seconds.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_master.wait '{}'
    """
    end = time.monotonic() + timeout
    with salt.utils.event.get_event("master", opts=_master(), listen=True) as bus:
        while (now := records(list(seen))) == seen and (left := end - time.monotonic()) > 0:
            bus.get_event(wait=min(left, 5), tag=EVENT)
    return now


def silent(ids, timeout=4):
    """
    Return which of the machines *ids* do not answer within *timeout* seconds; all are asked in one job.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_master.silent '[web1, web2]'
    """
    heard = Fleet(_master()).call_all(ids, "test.ping", timeout=timeout)
    return [minion for minion in ids if heard[minion] is not True]


def call(minion, function, *arguments, **options):
    """
    Return what execution *function* returned on *minion*, one of the master on this machine, within 60 seconds.

    This is how the other master reaches a machine that is not its own.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_master.call web1 test.echo hello
    """
    return Fleet(_master()).call(minion, function, *arguments, **salt.utils.args.clean_kwargs(**options))


def _master():
    # As saltutil.runner finds it: the file `master` beside the minion's own configuration.
    return salt.config.master_config(os.path.join(os.path.dirname(__opts__["conf_file"]), "master"))
