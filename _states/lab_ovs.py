"""
Keep Open vSwitch bridges as wished.

A wish states only what it cares about: what it leaves out is left alone, null removes.
A bridge that somebody else made is refused unless its wish has ``adopt: true``.
"""

from functools import partial

from saltext.lab.outcome import Things, converge
from saltext.lab.ovs.model import Bridges, Switches


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
                  bond0: {interfaces: {eth1: {}, eth2: {}}, bond_mode: balance-slb, lacp: active}
                  old0: null
                mirrors:
                  watch: {select_src_port: [vm0], output_port: tap0}
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


def port_present(name, bridge, **wish):
    """
    Make port *name* of *bridge* what *wish* says; the wish has the fields of ``saltext.lab.ovs.model.Port``.

    The bridge has to be there when it is not a test.

    .. code-block:: yaml

        vm0:
          lab_ovs.port_present:
            - bridge: br-lab
            - tag: 10
    """
    return _port(name, bridge, wish)


def port_absent(name, bridge):
    """
    Make sure that there is no port *name* on *bridge*; where there is no such bridge, there is none.

    .. code-block:: yaml

        old0:
          lab_ovs.port_absent:
            - bridge: br-lab
    """
    return _port(name, bridge, None)


def switch(name, **wish):
    """
    Make Open vSwitch itself what *wish* says: settings that hold for all bridges of the host.

    *name* is the pillar path that the wish comes from; its fields are those of
    ``saltext.lab.ovs.model.Switch``.  Some settings wait for a restart of ovs-vswitchd;
    ovs-vswitchd.conf.db(5) says which.

    .. code-block:: yaml

        lab:ovs:switch:
          lab_ovs.switch:
            - other_config: {flow-limit: 100000}
    """
    things = Things(name, Switches, __salt__["lab_ovs.switch"], __salt__["lab_ovs.change_switch"])
    return converge(things, {"switch": wish}, __opts__["test"])


def _single(name, wish):
    return converge(_things("bridge"), {name: wish}, __opts__["test"]) | {"name": name}


def _port(name, bridge, wish):
    # A bridge that is not there counts as one without ports, so that none is made for a port's sake.
    things = _things("port", {bridge: {"adopt": True, "ports": {}}})
    return converge(things, {bridge: {"ports": {name: wish}}}, __opts__["test"]) | {"name": name}


def _things(name, there=None):
    read = partial(__salt__["lab_ovs.bridges"], terse=False)
    return Things(name, Bridges, lambda: {**(there or {}), **read()}, __salt__["lab_ovs.change"])
