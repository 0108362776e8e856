"""The power buttons of simulated hosts: a socket with one JSON object a line, and one back."""

import json
import socket
from contextlib import closing
from pathlib import Path

from saltext.lab.errors import Refused, Unreachable
from saltext.lab.power.button import Button

SOCKET = "/run/rack/power.sock"  #: where the physical master of a rack finds it


class Rack(Button):
    """
    The power button of one host in a rack; every call takes *timeout* seconds at the most.

    One whose plug is pulled cannot be switched on: ``Refused``.
    """

    def __init__(self, host, path=SOCKET, timeout=10):
        super().__init__(host)
        self._path, self._timeout = path, timeout

    def status(self):
        """Return ``on`` or ``off``; a host whose plug is pulled is off."""
        hosts = ask({"op": "status"}, self._path, self._timeout)["hosts"]
        if self._host not in hosts:
            raise Refused(f"there is no host {self._host} in the rack", f"it has {', '.join(hosts)}")
        return "on" if hosts[self._host]["power"] == "on" else "off"

    def fingerprint(self):
        """Return that of the minion key the host was installed with; the rack writes it beside its socket."""
        try:
            record = (Path(self._path).parent / "enrolments" / f"{self._host}.json").read_text()
        except FileNotFoundError:
            return None
        return json.loads(record)["fingerprint"]

    def _press(self, wish):
        ask({"op": wish, "host": self._host}, self._path, self._timeout)


def ask(request, path=SOCKET, timeout=10):
    """
    Return the rack's answer to *request*, both dicts, within *timeout* seconds of silence.

    Raises ``Unreachable`` when there is no answer, ``Refused`` when it is no.
    """
    try:
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as line:
            line.settimeout(timeout)
            line.connect(str(path))
            line.sendall(json.dumps(request).encode() + b"\n")
            answer = line.makefile("rb").readline()
    except OSError as err:
        raise Unreachable(f"the power of the rack at {path} does not answer", str(err), "is the rack up?") from err
    if not answer.endswith(b"\n"):
        raise Unreachable(f"the power of the rack at {path} hung up", "it went down meanwhile", "see its daemon.log")
    found = json.loads(answer)
    if "error" in found:
        raise Refused(**found["error"])
    return found
