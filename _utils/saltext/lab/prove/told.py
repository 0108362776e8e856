"""A proof as data, and in words.  Pure."""

from saltext.lab.prove import judge
from saltext.lab.prove.judge import LEAK, LOOP, LOST, SHORT

FIRST = 4  #: how much is told in one line
AGAIN = "salt-run lab.bootstrap until=converge, then salt-run lab.prove"


def document(lab, heard, red, silent, why):
    """
    Return the proof: ``lab``, ``networks``, ``isolation``, ``red``, ``traces``, ``silent``, ``cells``.

    *why* is what ``lab_probe.explain`` says, by cell, of those that have a part in what is red.
    """
    return {
        "lab": lab.name,
        "cells": len(heard.cells),
        "networks": judge.networks(heard, silent),
        "isolation": judge.isolation(heard, silent),
        "red": [_red(lab, heard.cells, one, red, why) for one in red],
        "traces": {heard.cells[own].name: one["trace"] for own, one in why.items() if one["trace"]},
        "silent": dict(silent),
    }


def reason(own, answer, faults):
    """Return what there is to say of probe *own*: what its host answered of it, or the error, and its *faults*."""
    said = answer[own] if isinstance(answer, dict) else {"trouble": [str(answer)], "ways": [], "trace": ""}
    fault = [faults[own]] if own in faults else []
    return said | {"trouble": list(dict.fromkeys([*fault, *said["trouble"]]))}


def summary(proof):
    """Return what is wrong in one line, the first of it in words, or nothing."""
    lines = [f"{row['from']} → {row['to']}: {row['wrong']}, {row['why']}" for row in proof["red"]]
    more = [f"and {len(lines) - FIRST} more"] if len(lines) > FIRST else []
    return "; ".join([*lines[:FIRST], *more, *proof["silent"].values()])


def _red(lab, cells, one, red, why):
    sender, receiver = cells[one.sender], cells[one.receiver]
    over = lab.networks[sender.network].over
    said = {cell.host: why[cell.id] for cell in (sender, receiver) if cell.id in why}
    return {
        "kind": one.kind,
        "from": sender.name,
        "to": receiver.name,
        "wrong": _wrong(one, sender),
        "why": f"nor in {over}, which carries it" if _is_lost(cells, red, over, sender, receiver) else _why(said),
        "fix": _fix(lab, one, sender, receiver),
    }


def _is_lost(cells, red, network, sender, receiver):
    ends = ((sender.host, network), (receiver.host, network))
    pairs = ((cells[one.sender][1:3], cells[one.receiver][1:3]) for one in red if one.kind == LOST)
    return ends in pairs


def _why(said):
    """Return what the hosts have *said*: their troubles, or else where they send packets to."""
    if troubles := [f"{host}: {words}" for host, one in said.items() for words in one["trouble"]]:
        return "; ".join(troubles)
    return "; ".join(f"{host} sends to {', '.join(one['ways'])}" for host, one in said.items() if one["ways"])


def _wrong(one, sender):
    return {
        LOST: "nothing arrives",
        SHORT: f"packets of {sender.mtu} bytes are lost, {one.size} cross",
        LOOP: "packets arrive more than once",
        LEAK: "packets come over",
    }[one.kind]


def _fix(lab, one, sender, receiver):
    network = lab.networks[sender.network]
    carrier = network.over or sender.network
    return {
        LOST: AGAIN,
        SHORT: f"make the MTU of the wires of {carrier} larger by {sender.mtu - one.size} bytes, "
        f"or lab:networks:{sender.network}:mtu {one.size}",
        LOOP: f"{AGAIN}; if it stays, look for a second cable between the same switches",
        LEAK: f"look for a port or a cable that joins {sender.network} and {receiver.network}",
    }[one.kind]
