"""
Look at and change Open vSwitch through OVSDB.

Configuration (minion or pillar): ``lab:ovs:address`` is where OVSDB listens, by default
``unix:/run/openvswitch/db.sock``; ``lab:ovs:timeout`` is how many seconds it and
ovs-vswitchd have for an answer, by default 20.
"""

from saltext.lab.ovs import db
from saltext.lab.plan import Change


def bridges(terse=True):
    """
    Return all bridges of this host as ``{name: fields}``; the fields are those a state takes.

    A field at its default is left out, and if *terse* a mapping without entries.  ``adopt``
    says that this suite made the bridge or has taken it over.  Raises ``Unreachable`` when
    OVSDB or ovs-vswitchd does not answer.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_ovs.bridges
    """
    with _session() as session:
        return db.read(session, terse)


def change(changes):
    """
    Make *changes*, a list of ``[path, old, new]``, in one transaction; nothing is returned.

    This is what the states write with; by hand, use ``state.single lab_ovs.bridge_present``,
    which checks first.  Raises ``Refused`` with the words of OVSDB or ovs-vswitchd.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_ovs.change '[[[br-lab, ports, vm0, tag], null, 10]]'
    """
    with _session() as session:
        db.write(session, _changes(changes))


def switch():
    """
    Return what is set for Open vSwitch itself, as ``{"switch": fields}``; raises as ``bridges``.

    CLI Example:

    .. code-block:: bash

        salt 'hv*' lab_ovs.switch
    """
    with _session() as session:
        return db.read_switch(session)


def change_switch(changes):
    """
    Make *changes* of Open vSwitch itself as ``change`` does; by hand, use ``state.single lab_ovs.switch``.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_ovs.change_switch '[[[switch, other_config, flow-limit], null, "100000"]]'
    """
    with _session() as session:
        db.write_switch(session, _changes(changes))


def _changes(changes):
    return [Change(tuple(path), *rest) for path, *rest in changes]


def _session():
    config = __salt__["config.get"]
    return db.connect(config("lab:ovs:address", db.SOCKET), config("lab:ovs:timeout", 20))
