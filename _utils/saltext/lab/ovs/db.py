"""Read and write bridges in a running OVSDB.  No decisions are made here."""

import time
from contextlib import contextmanager

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.ovs import ops, queries, rows, shape
from saltext.lab.ovs.rpc import Session

SOCKET = "unix:/run/openvswitch/db.sock"


@contextmanager
def connect(address=SOCKET, timeout=20):
    """Yield a session with the OVSDB at *address*; it and ovs-vswitchd have *timeout* seconds for each answer."""
    session = Session(address, timeout)
    try:
        yield session
    finally:
        session.close()


def read(session, terse=False):
    """
    Return all bridges as ``{name: fields}``, in the shape of ``model.Bridges``.

    ``adopt`` is there and True iff the bridge has our mark; a port that ovs-vswitchd could
    not open has its ``error``.  If *terse*, mappings without entries are left out.  Raises
    ``Unreachable`` when ovs-vswitchd does not apply what the database already holds: then
    that is not what is.
    """
    found = _applied(session, queries.READ)
    return rows.bridges(queries.collected(queries.READ, found), terse)


def read_switch(session):
    """Return ``{"switch": fields}`` of Open vSwitch itself, in the shape of ``model.Switches``; raises as ``read``."""
    [found] = _applied(session, [queries.SWITCH])
    return {"switch": {"adopt": True, **rows.switch(found["rows"][0])}}


def write(session, changes):
    """
    Make *changes* (``plan.Change``) of bridges in one transaction, and wait until ovs-vswitchd has applied it.

    Raises ``Refused`` with the words of OVSDB (then nothing was changed) or of
    ovs-vswitchd (a port that it cannot open), ``Unreachable`` when ovs-vswitchd does not
    follow in time.
    """
    names = ops.touched(changes)
    find = queries.find(names)
    known = rows.known(queries.collected(find, session.transact(*find)))
    failed = _commit(session, ops.operations(changes, known))
    _raise_errors([row for result in failed for row in result["rows"] if row["name"] in names])


def write_switch(session, changes):
    """Make *changes* (``plan.Change``) of Open vSwitch itself, as ``write`` does."""
    _commit(session, ops.switch(shape.patch(changes)["switch"]))


def _applied(session, operations):
    """Return the results of select *operations* when ovs-vswitchd has applied what is wanted."""
    current, *found = session.transact(queries.CURRENT, *operations)
    [now] = current["rows"]
    if now["cur_cfg"] < now["next_cfg"]:
        found = _await(session, now, operations, f"configuration {now['next_cfg']}")
    return found


def _commit(session, operations):
    """Make *operations*, wait until ovs-vswitchd has applied them, and return what ``queries.FAILED`` finds then."""
    *_, last = session.transact(*operations, *ops.BUMP)
    return _await(session, last["rows"][0], queries.FAILED, "what this run has written to OVSDB")


def _await(session, now, operations, what):
    """Return the results of *operations* when ovs-vswitchd has applied *what* is wanted *now*; nothing polls."""
    end, seen, found = time.monotonic() + session.timeout, now["cur_cfg"], []
    try:
        while seen < now["next_cfg"]:
            left = max(0, end - time.monotonic())
            _, current, *found = session.transact(_until_not(seen, left), queries.CURRENT, *operations, within=left + 1)
            seen = current["rows"][0]["cur_cfg"]
    except Unreachable as err:
        why = f"{what} stays there and is applied when it runs again; it is at {seen} of {now['next_cfg']} ({err})"
        fix = "systemctl restart openvswitch-switch, then run this again"
        raise Unreachable(f"ovs-vswitchd did not follow within {session.timeout} s", why, fix) from err
    return found


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


def _raise_errors(failed):
    """Raise the errors of ovs-vswitchd about the interfaces whose rows have *failed*."""
    if failed:
        names = ", ".join(sorted(row["name"] for row in failed))
        reasons = sorted({queries.why(row) for row in failed})
        raise Refused(f"ovs-vswitchd cannot open {names}", "; ".join(reasons))
