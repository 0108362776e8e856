"""
Change the network of a host so that it takes the change back by itself unless it is confirmed.

Configuration (minion or pillar): ``lab:confirm:seconds`` is how long a change may wait for its
confirmation, by default 60; ``lab:confirm:wait`` is how many seconds the host has to reach its
master again, by default 20; ``lab:confirm:reach`` is a list of ``host:port`` that it has to reach
besides.  ``lab:ovs:address`` and ``lab:ovs:timeout`` are those of ``lab_ovs``.
"""

import os

from saltext.lab.command import run
from saltext.lab.errors import LabError, NotConverged, NotSafe, Refused
from saltext.lab.net import watch
from saltext.lab.net.host import Host
from saltext.lab.net.reach import reach
from saltext.lab.net.store import Store
from saltext.lab.ovs import db

UNIT = "saltext-lab-revert.service"  #: the formula openvswitch installs it
PUT_BACK = 90  #: seconds; what systemd gives the unit to stop


def change(wish=""):
    """
    Return ``{"change": {"state": …}}`` of the last change of the network: ``armed``, ``confirmed`` or ``taken back``.

    Raises ``Refused`` when it is armed by another run of states, ``NotSafe`` when *wish*, the
    digest of a network, is the one that was taken back.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_net.change
    """
    store = Store()
    pending, reverted = store.pending(), store.reverted()
    if pending and pending["pid"] != os.getpid():
        raise Refused("another network change waits for its confirmation", "", "try again in a minute")
    if wish and reverted and reverted["wish"] == wish:
        what = f"this network was tried and taken back on {reverted['when']}"
        raise NotSafe(what, reverted["why"], "correct the pillar, or have it tried again: salt-call lab_net.forget")
    return {"change": {"adopt": True, "state": "armed" if pending else "taken back" if reverted else "confirmed"}}


def arm(wish):
    """
    Save the network of this host and start the clock: the change to *wish*, a digest, is taken back unless confirmed.

    This is what the state ``lab_net.armed`` writes with.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_net.arm by-hand
    """
    config, store = __salt__["config.get"], Store()
    host = Host(config("lab:ovs:address", db.SOCKET), config("lab:ovs:timeout", 20))
    store.arm(watch.record(wish, host, config("lab:confirm:seconds", 60)))
    try:
        run("systemctl", "restart", UNIT, timeout=PUT_BACK)
    except LabError:
        store.disarm()
        raise


def confirm():
    """
    Keep the network as it is now, if this host reaches its master; else take the change back at once.

    Raises ``NotConverged`` when it was taken back.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_net.confirm
    """
    store, why = Store(), ""
    try:
        reach(targets(), __salt__["config.get"]("lab:confirm:wait", 20))
        kept = store.disarm()
    except LabError as err:
        kept, why = False, str(err)
    run("systemctl", "stop", UNIT, timeout=PUT_BACK)  # takes back what is not confirmed, and returns when it is done
    if kept:
        store.forget()
    elif store.pending():
        run("systemctl", "start", "--no-block", UNIT)  # which tries again
        raise NotConverged("the network change is not taken back yet", why, f"journalctl -u {UNIT}")
    else:
        store.explain(why or watch.LATE)
        raise NotConverged("the network change was taken back", why or watch.LATE, "correct the pillar")


def targets():
    """
    Return what this host has to reach, as ``[host, port]``: both ports of its master, and ``lab:confirm:reach``.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_net.targets
    """
    more = [one.rsplit(":", 1) for one in __salt__["config.get"]("lab:confirm:reach", [])]
    own = [] if __opts__["file_client"] == "local" else [__opts__.get("publish_port", 4505), __opts__["master_port"]]
    return [[__opts__["master"], port] for port in own] + [[host, int(port)] for host, port in more]


def reverted():
    """
    Return which network was taken back last, when and why, or None.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_net.reverted
    """
    return Store().reverted()


def forget():
    """
    Have the network that was taken back last tried again by the next run.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_net.forget
    """
    Store().forget()
