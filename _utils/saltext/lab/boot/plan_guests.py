"""What a bootstrap would do for VMs, from what hypervisors and the virtual master told.  Pure."""

from saltext.lab.admit.record import LIFETIME
from saltext.lab.boot import due
from saltext.lab.boot.plan_parts import Fact, Planned, Problem, restart, unknown
from saltext.lab.spec import facts
from saltext.lab.spec.removal import is_much

BOOT = 60  #: seconds from the start of a guest to its admission, where it has never told
NEW, AGAIN = "a new one, enrolled", "off, and on with another key"


def away(vms, records):
    """Return ``{vm: seconds}`` that each of *vms* takes to come back: from start to admission, as it did last."""
    return {vm: _lasted(records.get(vm)) or BOOT for vm in vms}


def parts(lab, domains, records, digests, now):
    """
    Yield what would become of each VM of a checked *lab*.

    *domains* is ``{host: {vm: domain}}``, *records* ``{id: record}`` of the virtual master; what is no dict could not
    be asked.  *digests* is ``{vm: digest}`` of what a highstate would apply, *now* in seconds since 1970.
    """
    guests = facts.guests(lab)
    for host in dict.fromkeys(vm.host for vm in guests.values()):
        mine = [name for name, vm in guests.items() if vm.host == host]
        told = [(host, domains[host]), (lab.masters.virtual, records)]
        if untold := [one for one, answer in told if not isinstance(answer, dict)]:
            yield from (unknown(vm, f"{untold[0]} can be asked") for vm in mine)
            continue
        starts = due.starts(lab, host, domains[host], records, now)
        for vm in mine:
            yield from _of(vm, vm in starts, starts.get(vm), records.get(vm), digests[vm])


def gone(lab, records):
    """Yield which keys the virtual master would lose, as the spec has their machines no more."""
    ids = due.gone(lab, records)
    yield from (Planned(one, "key", records[one]["fingerprint"], None) for one in ids)
    if is_much(lab, ids, records):
        why = f"{len(ids)} of {len(records)} machines are not in the spec any more: lab.bootstrap wants remove=true"
        yield Problem(lab.masters.virtual, why)


def moves(lab, standing):
    """Yield which VMs go to another host; *standing* is ``{vm: host}`` of where they are."""
    for vm, host in standing.items():
        if vm in lab.vms and lab.vms[vm].host != host:
            yield Planned(vm, "host", host, lab.vms[vm].host, restart(BOOT))


def _lasted(record):
    """Return the seconds from the enrolment of *record* to its admission; of a wrong clock nothing is learnt."""
    seconds = record["admitted"] - (record["expires"] - LIFETIME) if record and record["admitted"] else 0
    return round(seconds) if 0 < seconds <= LIFETIME else None


def _of(vm, starts, running, record, digest):
    known = record and record["fingerprint"]
    if running:
        yield Planned(vm, "power", "on", AGAIN, restart(away([vm], {vm: record})[vm]))
    elif starts:
        yield Planned(vm, "power", "off", "on")
    yield Planned(vm, "key", known, NEW) if starts else Fact(vm, "key", known)
    if starts or not due.is_highstated(record, digest):
        yield Planned(vm, "highstate", _state(record), digest)


def _state(record):
    """Return the digest of the last highstate if that ended well, else how far it is."""
    if due.is_done(record):
        return record["highstate"]["digest"]
    return record["highstate"]["state"] if record and record["highstate"] else None
