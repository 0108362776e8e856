"""
Send packets to the probes of all other hosts, and tell what arrives: for ``lab.prove``.

Configuration (minion or pillar): ``lab:ovs:address`` and ``lab:ovs:timeout``, as for
``lab_ovs``.
"""

from saltext.lab.ovs import db
from saltext.lab.prove import probe


def run(probes, nonce, window=5):
    """
    Let the probes of this host talk with all others for *window* seconds at the most.

    *probes* is ``{minion: [probe]}`` as ``lab.prove`` makes it, *nonce* 16 hexadecimal
    digits that tell this run from others.  Returns ``heard``, a list of ``[own probe,
    other probe, size, copies]``, and ``faults``, ``{probe: why}``.  A probe is a port for
    the time being in a bridge, or a card as it is; it has no address.  All of them are
    gone at the end; those of a run that was killed are removed by the next.

    CLI Example:

    .. code-block:: bash

        salt-run lab.prove
    """
    return probe.run(_switch(), probes[__opts__["id"]], bytes.fromhex(nonce), window)


def explain(probes):
    """
    Return ``{probe: {"trouble", "ways", "trace"}}``: what keeps its packets on this host, and where they go.

    *probes* is as for ``lab_probe.run``.  ``trace`` is what ``ovs-appctl ofproto/trace``
    says of a packet that the probe sends to everybody, ``ways`` are the ends of its tunnels.

    CLI Example:

    .. code-block:: bash

        salt-run lab.prove
    """
    return probe.explain(_switch(), probes[__opts__["id"]])


def _switch():
    config = __salt__["config.get"]
    return probe.Switch(config("lab:ovs:address", db.SOCKET), config("lab:ovs:timeout", 20))
