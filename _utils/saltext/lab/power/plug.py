"""A smart plug: what it feeds is on when it is, be that one machine or several."""

import re
import time

from saltext.lab.errors import Refused
from saltext.lab.power.button import Button
from saltext.lab.power.web import Login, Web, in_json, quoted
from saltext.lab.spec.power_model import BLANK


class Plug(Button):
    """The plug at *address*; *turn_on*, *turn_off* and *status* are its calls, see ``spec.power_model.Call``."""

    def __init__(  # noqa: PLR0913, PLR0917
        self, host, address, turn_on, turn_off, status=None, outlet=None, user="", password="", certificate=None,
        timeout=10, settle=30, also=(), pause=5,
    ):  # fmt: skip
        super().__init__(host, settle, also)
        self._calls, self._asking, self._pause = {"on": turn_on, "off": turn_off}, status, pause
        self._blanks = {"address": address, "outlet": outlet, "host": host, "user": user, "password": password}
        login = Login(user, password) if user else None
        self._web = Web(f"the plug of {host} at {address}", login, certificate, timeout)

    def status(self):
        """Return whether its outlet is on; ``unknown`` where nobody says how it is asked."""
        if not self._asking:
            return "unknown"
        said = self._call(self._asking)
        states = [state for state in ("on", "off") if re.search(self._asking[f"when_{state}"], said)]
        if len(states) != 1:
            why = f"what it says of its state fits {' and '.join(states) or 'neither on nor off'}"
            raise Refused(f"{self._web.who} is not understood", why, "correct power:status:when_on and when_off")
        return states[0]

    def rest(self):
        """Wait: a power supply goes on for a while by what it holds."""
        time.sleep(self._pause)

    def _press(self, wish):
        self._call(self._calls[wish])

    def _call(self, call):
        url, body = filled(call["url"], self._blanks, quoted), call.get("body")
        return self._web.ask(url, call.get("method", "GET"), body and filled(body, self._blanks, in_json))


def filled(template, blanks, write):
    """Return *template* with *blanks* in it, each as *write* makes it.  Pure."""
    return BLANK.sub(lambda found: write(str(blanks[found[1]])), template)
