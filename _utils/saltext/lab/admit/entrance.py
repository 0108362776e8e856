"""How physical machines get in that nobody else can vouch for: a person opens a window, looks, and confirms one key."""

import time

from saltext.lab.admit.case import ACCEPTED, DENIED, PENDING, Case
from saltext.lab.admit.decide import REJECT, Verdict
from saltext.lab.admit.key import fingerprint
from saltext.lab.admit.window import REFUSE, advice, checks, opened, verdict
from saltext.lab.errors import BadWish, Refused


class Entrance:
    """
    Where physical machines get in by *windows*, at its *desk*.

    *known* is the lab's ``{name: Entrant}``; ``ask(host)`` returns the ``Attributes`` of one.
    """

    def __init__(self, desk, known, windows, ask):
        self.desk, self.known, self.windows, self.ask = desk, known, windows, ask

    def open(self, host, minutes, uuid):
        """
        Return the ``Window`` of *host*, open from now on.

        An enrolment of it that was used, or has expired, is forgotten: by that, the desk would delete each new key.
        """
        now = time.time()
        with self.windows.turn():
            window = opened(host, now, minutes, uuid, self.windows.get(host))
            if window.uuid and self.known[host].uuid not in (None, window.uuid):
                raise BadWish(f"{host} has another UUID in the spec", self.known[host].uuid, "leave uuid= out")
            self.windows.put(window)
        record = self.desk.store.get(host)
        if record and (record.admitted is not None or record.expires < now):
            self.desk.store.drop(host)
        self._note(host, Verdict("open", f"a window for {minutes} minutes"))
        return window

    def close(self, host):
        """Close the window of *host*; return whether one was open."""
        with self.windows.turn():
            window = self.windows.get(host)
            self.windows.drop(host)
        if window:
            self._note(host, Verdict("close", "its window"))
        return bool(window and window.is_open(time.time()))

    def key(self, host):
        """Return the fingerprint of the key that waits as *host*, also where an older one keeps it out, or None."""
        return self._print(host, PENDING) or self._print(host, DENIED)

    def look(self, host):
        """Return ``(key, Attributes, checks)`` of the machine that knocks as *host*."""
        key, seen, window = self.key(host), self.ask(host), self.windows.get(host)
        wish = self.known[host]
        return key, seen, checks(key, wish.mac, wish.uuid or (window and window.uuid), seen)

    def shown(self, window):
        """Return what a person has to know of who knocks while *window* is open, and what to do next."""
        host = window.host
        key, seen, found = self.look(host)
        about = {"host": host, "until": window.until, "key": key, "why": seen.why}
        about |= {"checks": [one._asdict() for one in found], "next": advice(host, key, found)}
        return about | {"machine": seen.machine and seen.machine.model_dump()}

    def confirm(self, host, print_, unseen):
        """
        Enrol the key *print_* of *host* once, as a person confirms it, and admit it; the window is closed then.

        Return whether it is in already: where an older key was in its place, it comes in when it knocks next.
        Raises ``Refused`` for any other key, which stays where it is.
        """
        with self.windows.turn():
            key, _, found = self.look(host)
            said = verdict(self.windows.get(host), time.time(), key, print_, found, unseen)
            self._note(host, said)
            if said.act == REFUSE:
                raise Refused(f"{host} is not let in", said.why, f"look again: salt-run lab.enroll {host}")
            admitted = self._enrolled(host, key)
            self.windows.drop(host)
        return admitted

    def _enrolled(self, host, key):
        self.desk.enrol([{"id": host, "fingerprint": key}])
        said = self.desk.admit(host)
        if said.act == REJECT:
            self.desk.store.drop(host)
            raise Refused(f"{host} is not let in", said.why, f"look again: salt-run lab.enroll {host}")
        return self._print(host, ACCEPTED) == key

    def _note(self, host, verdict):
        self.desk.audit.note([Case(host, None, {}, verdict).line("lab.enroll")])

    def _print(self, host, status):
        try:
            pub = self.desk.keys.pub(host, status)
            return pub and fingerprint(pub)
        except BadWish:
            return None
