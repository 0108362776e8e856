"""Stay at the door of a master: admit who knocks, give a highstate to who has started; many at once."""

import logging
import os
import time

from saltext.lab.admit import office
from saltext.lab.admit.bus import Bus
from saltext.lab.admit.gather import hints
from saltext.lab.errors import LabError

log = logging.getLogger(__name__)

IDLE = 10  #: seconds without a hint after which it is looked whether the master still runs, and what is due


def serve(opts):
    """Serve the master whose configuration is *opts*, until it ends."""
    parent = os.getppid()
    with Bus(opts) as bus:
        reception = Reception(bus, office.desk(opts), office.welcome(opts), "virtual" in opts["lab"]["serves"])
        reception.sweep()
        while os.getppid() == parent:  # a new master has its own
            reception.step()


class Reception:
    """What the *desk* and the *welcome* do about hints on the *bus*; hosts of a master without *guests* get none."""

    def __init__(self, bus, desk, welcome, guests=True):
        self.bus, self.desk, self.welcome, self.guests = bus, desk, welcome, guests

    def sweep(self):
        """Look at everybody: hints were lost while nobody was here."""
        self._try(lambda: self._admit(self.desk.unsettled(), "sweep"))
        if self.guests:
            self._try(self.welcome.resume)

    def step(self):
        """Wait for hints, and do what they ask for; a fault with one of them is told, and is in nobody else's way."""
        found = hints(self.bus.gather(patience(self.welcome)))
        self._admit(found.knocks, "salt/auth")
        if self.guests:
            self._admit([one for one in found.starts if self._is_new(one)], "start")
            for minion in found.starts:
                self._try(self.welcome.take, [minion], about=(minion, "start"))
        for jid, minion, answer in found.returns:
            self._try(self.welcome.heard, jid, minion, answer, about=(minion, "return"))
        self._try(self.welcome.look_after)
        self._try(self.welcome.send)

    def _admit(self, minions, source):
        if minions:
            self._try(self.desk.admit_all, minions, source)

    def _is_new(self, minion):
        """Return whether *minion* is expected, and is not noted as admitted: it may be, by somebody who was killed."""
        record = self.desk.store.get(minion)
        return record is not None and record.admitted is None

    def _try(self, work, *args, about=None):
        try:
            work(*args)
        except LabError as err:
            log.error("%s", err)
        except Exception as err:  # noqa: BLE001 (whatever it is, the next one waits)
            log.exception("at the door")
            if about:
                self.desk.fault(*about, err)


def see_through(bus, welcome):
    """Serve *welcome* until nothing is left to wait for."""
    try:
        while welcome.busy():
            welcome.look_after()
            welcome.send()
            for jid, minion, answer in hints(bus.gather(patience(welcome))).returns:
                welcome.heard(jid, minion, answer)
    finally:
        welcome.break_off()


def patience(welcome):
    """Return how many seconds there are until *welcome* has to look after its jobs."""
    return max(0.0, min(IDLE, welcome.jobs.next() - time.time()))
