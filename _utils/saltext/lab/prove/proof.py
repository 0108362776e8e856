"""The proof that networks are as wished: all hosts talk at once, and what they heard becomes a matrix."""

import json
import os
import secrets
import time
from pathlib import Path

from saltext.lab.boot import lock
from saltext.lab.errors import LabError, NotConverged
from saltext.lab.prove import expect, judge, told
from saltext.lab.prove.frame import NONCE

WINDOW = 8  #: seconds, within which all hosts have to have begun and heard each other
GRACE = 22  #: more seconds for the job itself, after which a host counts as silent


class Prover:
    """
    Proves the networks of a checked *lab*, whose hosts are reached through *fleet*; the result is in file *path*.

    Hosts talk for *window* seconds where something is wrong, else until all was heard.
    *locks* is the directory of the lock that keeps two proofs apart.
    """

    def __init__(self, lab, fleet, path, *, window=WINDOW, locks=lock.DIRECTORY):
        self.lab, self.fleet, self.path, self.window, self.locks = lab, fleet, Path(path), window, locks

    def step(self, _step):
        """Return nothing, for it changes nothing; raises ``NotConverged`` that names what is wrong."""
        proof = self.prove()
        if wrong := told.summary(proof):
            raise NotConverged("the networks are not as wished", wrong, "see all of it: salt-run lab.prove")
        return ""

    def prove(self):
        """Return the proof, as ``told.document`` makes it, also written to the file."""
        with lock.held("lab.prove", self.locks):
            begun = time.monotonic()
            proof = self._proof() | {"at": time.time()}
            proof["took"] = round(time.monotonic() - begun, 2)
            _write(self.path, proof)
        return proof

    def _proof(self):
        cells = expect.cells(self.lab)
        answers = self._ask("lab_probe.run", expect.probes(cells), secrets.token_hex(NONCE), self.window)
        silent = {host: str(answer) for host, answer in answers.items() if isinstance(answer, LabError)}
        spoken = [answer for host, answer in answers.items() if host not in silent]
        heard = judge.Heard(cells, [row for answer in spoken for row in answer["heard"]])
        faults = {own: why for answer in spoken for own, why in answer["faults"].items()}
        red = list(judge.red(heard, silent))
        return told.document(self.lab, heard, red, silent, self._why(heard.cells, red, faults))

    def _why(self, cells, red, faults):
        """Return what ``lab_probe.explain`` says of the cells that have a part in what is red, by cell."""
        concerned = {cells[cell] for one in red for cell in (one.sender, one.receiver)}
        asked: dict = {}
        for cell in sorted(concerned):
            asked.setdefault(cell.host, []).append(expect.where(cell))
        answers = self._ask("lab_probe.explain", asked) if asked else {}
        ids = [(probe["id"], answers[host]) for host, probes in asked.items() for probe in probes]
        return {own: told.reason(str(own), answer, faults) for own, answer in ids}

    def _ask(self, fun, asked, *more):
        return self.fleet.call_all(list(asked), fun, asked, *more, timeout=self.window + GRACE)


def _write(path, proof):
    """Have *proof* in file *path*: all of it, or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("w") as file:
        json.dump(proof, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
