"""Read and write bridges in a running OVSDB.  No decisions are made here."""

import time
from contextlib import contextmanager

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.ovs import ops, rows
from saltext.lab.ovs.rpc import Session

SOCKET = "unix:/run/openvswitch/db.sock"
CURRENT = ops.select("Open_vSwitch", "next_cfg", "cur_cfg")


@contextmanager
def connect(address=SOCKET, timeout=20):
    """Yield a session with the OVSDB at *address*; it and ovs-vswitchd have *timeout* seconds for each answer."""
    session = Session(address, timeout)
    try:
        yield session
    finally:
        session.close()


def read(session):
    """
    Return all bridges as ``{name: fields}``, in the shape of ``model.Bridges``.

    ``adopt`` is there and True iff the bridge has our mark; a port that ovs-vswitchd could
    not open has its ``error``.  Raises ``Unreachable`` when ovs-vswitchd does not apply
    what the database already holds: then that is not what is.
    """
    current, *found = session.transact(CURRENT, *ops.READ)
    [now] = current["rows"]
    if now["cur_cfg"] < now["next_cfg"]:
        _await(session, now["next_cfg"])
        found = session.transact(*ops.READ)
    return rows.bridges([table["rows"] for table in found])


def write(session, changes):
    """
    Make *changes* (``plan.Change``) in one transaction, and wait until ovs-vswitchd has applied it.

    Raises ``Refused`` with the words of OVSDB (then nothing was changed) or of
    ovs-vswitchd (a port that it cannot open), ``Unreachable`` when ovs-vswitchd does not
    follow in time.
    """
    known = rows.known([table["rows"] for table in session.transact(*ops.FIND)])
    *_, last = session.transact(*ops.operations(changes, known), *ops.BUMP)
    _await(session, last["rows"][0]["next_cfg"])
    _raise_errors(session, ops.touched(changes))


def _await(session, wanted):
    """Return when ovs-vswitchd has applied configuration *wanted*; the server tells, nothing polls."""
    end, seen = time.monotonic() + session.timeout, -1
    try:
        while seen < wanted:
            left = max(0, end - time.monotonic())
            *_, current = session.transact(_until_not(seen, left), CURRENT, within=left + 1)
            seen = current["rows"][0]["cur_cfg"]
    except Unreachable as err:
        why = f"configuration {wanted} is wanted, {seen} applied ({err})"
        raise Unreachable(
            f"ovs-vswitchd did not follow within {session.timeout} s", why, "is ovs-vswitchd up?"
        ) from err


def _until_not(seen, seconds):
    return {
        "op": "wait",
        "timeout": int(seconds * 1000),
        "table": "Open_vSwitch",
        "where": [],
        "columns": ["cur_cfg"],
        "until": "!=",
        "rows": [{"cur_cfg": seen}],
    }


def _raise_errors(session, ports):
    """Raise the errors of ovs-vswitchd about *ports*."""
    failed = (
        ops.select("Interface", "name", "ofport", "error", where=[["ofport", "==", none]]) for none in (-1, ["set", []])
    )
    found = [row for table in session.transact(*failed) for row in table["rows"] if row["name"] in ports]
    if found:
        names = ", ".join(sorted(row["name"] for row in found))
        raise Refused(f"ovs-vswitchd cannot open {names}", "; ".join(sorted({rows.error(row) for row in found})))
