"""What a bootstrap has to do, judged by what was read; a plan judges by the same.  Pure."""

from saltext.lab.admit.record import Highstate
from saltext.lab.spec import facts

ACCEPTED, ADMIT, ASK = "accepted", "admit", "ask"


def entry(known, accepted):
    """
    Return what the key of a host needs: nothing (ACCEPTED), to be admitted (ADMIT), or a person who knows it (ASK).

    *known* is the fingerprint that a power driver tells, *accepted* that of its accepted key, each None where there
    is none.
    """
    if accepted and known in (None, accepted):
        return ACCEPTED
    return ADMIT if known else ASK


def gone(lab, records):
    """Return the ids of *records*, of the virtual master, that are not in the spec any more."""
    return sorted(records.keys() - facts.minions(lab, facts.serves(lab, lab.masters.virtual)))


def starts(lab, host, domains, records, now):
    """Return ``{vm: whether it runs now}`` of the VMs of *host* that have to be started: off, or out for good."""
    mine = [name for name, vm in facts.guests(lab).items() if vm.host == host]
    running = {vm: bool(domains.get(vm, {}).get("running")) for vm in mine}
    return {vm: on for vm, on in running.items() if not on or is_lost(records.get(vm), now)}


def is_lost(record, now):
    """Return whether a running VM cannot join any more: it has to boot with a new key."""
    return record is None or (record["admitted"] is None and record["expires"] < now)


def is_over(record, now):
    """Return whether no highstate is under way."""
    highstate = record and record["highstate"]
    return bool(highstate and (highstate["state"] != "running" or Highstate(**highstate).is_stale(now)))


def is_done(record):
    """Return whether the last highstate ended well."""
    return bool(record and record["highstate"] and record["highstate"]["state"] == "done")


def is_highstated(record, digest):
    """Return whether the last highstate ended well, with the slice and the formulas of *digest*."""
    return is_done(record) and record["highstate"]["digest"] == digest
