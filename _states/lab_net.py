"""
Change the network of a host in safety: arm a revert, change, confirm.

``armed`` has a ``prereq`` on each state that changes the network, so that it runs before them and only
if one of them has something to change.  ``confirmed`` comes after them, ``onchanges`` of ``armed``.
"""

import hashlib
import json
from typing import Literal

from saltext.lab.outcome import Things, converge
from saltext.lab.schema import Model, field


class Change(Model):
    """A change of the network of a host."""

    state: Literal["armed", "confirmed", "taken back"] = field("what is to become of it", example="armed")


def armed(name, **wish):
    """
    Make sure that this host takes back by itself the network change that comes next, to *wish*.

    *name* is the pillar path that the wish comes from.  The wish is remembered by its digest only:
    one that was taken back is refused until it is another, or until ``lab_net.forget``.

    .. code-block:: yaml

        revert:
          lab_net.armed:
            - name: lab
            - links: {br-trunk0: {address: 10.98.0.21/24, mtu: 1600}}
            - prereq:
              - lab_ovs: bridges
    """
    digest = hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()[:12]
    change, arm = __salt__["lab_net.change"], __salt__["lab_net.arm"]
    return _converge(name, "armed", lambda: change(digest), lambda _: arm(digest))


def confirmed(name):
    """
    Keep the network as it is now if this host reaches its master, else take it back at once and fail.

    .. code-block:: yaml

        network confirmed:
          lab_net.confirmed:
            - onchanges:
              - lab_net: revert
    """
    change, confirm = __salt__["lab_net.change"], __salt__["lab_net.confirm"]

    def read():
        # A plan arms nothing; it tells of the run, in which the state that this one is ``onchanges`` of has armed.
        return {"change": {"adopt": True, "state": "armed"}} if __opts__["test"] else change()

    return _converge(name, "confirmed", read, lambda _: confirm())


def _converge(name, state, read, write):
    return converge(Things(name, dict[str, Change], read, write), {"change": {"state": state}}, __opts__["test"])
