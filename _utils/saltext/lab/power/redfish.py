"""The power button of a machine with a BMC that speaks Redfish (DMTF DSP0266)."""

import json

from saltext.lab.errors import Refused
from saltext.lab.power.button import Button
from saltext.lab.power.web import Login, Web

SYSTEMS = "/redfish/v1/Systems"
RESET = {"on": "On", "off": "ForceOff"}
#: On its way on it has power; on its way off it has, too.
STATES = {"On": "on", "PoweringOn": "on", "PoweringOff": "on", "Paused": "on", "Off": "off"}


class Redfish(Button):
    """The *system* of the BMC at *url*, its only one where none is stated."""

    def __init__(  # noqa: PLR0913, PLR0917
        self, host, url, user, password, system=None, certificate=None, timeout=10, settle=30
    ):
        super().__init__(host, settle)
        self._url, self._system = url, system
        self._web = Web(f"the BMC of {host} at {url}", Login(user, password), certificate, timeout)

    def status(self):
        """Return ``on`` or ``off``; ``unknown`` where it says neither."""
        return STATES.get(self._about().get("PowerState"), "unknown")

    def _press(self, wish):
        action = self._about().get("Actions", {}).get("#ComputerSystem.Reset", {})
        if not (target := action.get("target")):
            raise Refused(f"{self._web.who} cannot be switched", "its system offers no reset")
        self._web.ask(self._at(target), "POST", json.dumps({"ResetType": RESET[wish]}))

    def _about(self):
        return self._get(self._place())

    def _place(self):
        members = [one["@odata.id"] for one in self._get(SYSTEMS).get("Members", []) if "@odata.id" in one]
        names = {place.rstrip("/").rpartition("/")[2]: place for place in members}
        if self._system is None and len(names) == 1:
            return members[0]
        if self._system not in names:
            why = f"it has {', '.join(names) or 'none'}"
            raise Refused(f"{self._web.who} has no system {self._system or 'alone'}", why, "state power:system")
        return names[self._system]

    def _at(self, path):
        """Return the URL of *path*, which the BMC has told: never one of somebody else's."""
        if not str(path).startswith("/"):
            raise Refused(f"{self._web.who} does not speak Redfish", f"it names {path} as a place of its own")
        return self._url + path

    def _get(self, path):
        text = self._web.ask(self._at(path))
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Refused(f"{self._web.who} does not speak Redfish", f"{path} is no JSON object")
        return found
