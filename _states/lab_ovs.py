"""
Keep Open vSwitch bridges as wished.

A wish states only what it cares about: what it leaves out is left alone, null removes.
A bridge that somebody else made is refused unless its wish has ``adopt: true``.
"""

from saltext.lab.outcome import Things, converge
from saltext.lab.ovs.model import Bridges


def bridges(name, **wish):
    """
    Make all bridges of *wish* what it says, in one transaction.

    *name* is the pillar path that the wish comes from; messages begin with it.  The wish is
    ``{bridge: fields}`` with the fields of ``saltext.lab.ovs.model.Bridge``, or null for a
    bridge that shall not be.  Bridges and ports that are not named are left alone.

    .. code-block:: yaml

        lab:ovs:bridges:
          lab_ovs.bridges:
            - br-lab:
                fail_mode: standalone
                local: {mtu: 1600}
                ports:
                  vm0: {tag: 10}
                  tun1: {type: vxlan, options: {remote_ip: 10.0.0.2, key: 5}, protected: true}
                  old0: null
            - br-old: null
    """
    return converge(_things(name), wish, __opts__["test"])


def bridge_present(name, **wish):
    """
    Make bridge *name* what *wish* says; the wish has the fields of ``saltext.lab.ovs.model.Bridge``.

    .. code-block:: yaml

        br-lab:
          lab_ovs.bridge_present:
            - fail_mode: secure
            - ports: {vm0: {tag: 10}, old0: null}
    """
    return _single(name, wish)


def bridge_absent(name):
    """
    Make sure that there is no bridge *name*; one that somebody else made has to be adopted first.

    .. code-block:: yaml

        br-old:
          lab_ovs.bridge_absent: []
    """
    return _single(name, None)


def _single(name, wish):
    return converge(_things("bridge"), {name: wish}, __opts__["test"]) | {"name": name}


def _things(name):
    return Things(name, Bridges, __salt__["lab_ovs.bridges"], __salt__["lab_ovs.change"])
