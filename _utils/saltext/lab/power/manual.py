"""The power button that a person presses, who is asked on the terminal."""

import select
import threading

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.power.button import Button

TERMINAL = "/dev/tty"
_turn = threading.Lock()  #: one question at a time, however many steps run


class Manual(Button):
    """The person at the terminal, who has *patience* seconds to answer."""

    def __init__(self, host, patience=300):
        super().__init__(host)
        self._patience = patience

    def status(self):
        """Return ``unknown``: nobody is asked what he was not told to do."""
        return "unknown"

    def _press(self, wish):
        what = f"Switch {self._host} {wish}"
        try:
            with _turn, open(TERMINAL, "r+b", buffering=0) as terminal:
                said = _asked(terminal, f"{what}, then press Enter (n: it cannot be): ", self._patience)
        except OSError as err:
            fix = f"{what[0].lower()}{what[1:]} by hand, or call again at a terminal"
            raise Refused(f"nobody can be asked to switch {self._host} {wish}", str(err), fix) from err
        if said is None:
            raise Unreachable(f"nobody answered within {self._patience} s", f"was {self._host} switched {wish}?")
        if said:
            raise Refused(f"{self._host} is not switched {wish}", f"the answer was {said!r}")


def _asked(terminal, question, seconds):
    """Return the line that is typed in answer to *question*, or None when that takes too long."""
    terminal.write(b"\n" + question.encode())
    if not select.select([terminal], [], [], seconds)[0]:
        terminal.write(b"\n")
        return None
    return terminal.readline().decode(errors="replace").strip()
