"""The last lines of the log that tells most about a step that failed."""

from concurrent.futures import ThreadPoolExecutor

from saltext.lab.errors import LabError
from saltext.lab.virt.console import UNPRINTABLE

LINES, PATIENCE = 20, 10  #: how many, and how many seconds a machine has to tell them
JOURNAL = f"journalctl --unit salt-minion --lines {LINES} --no-pager --output short-iso"
GUEST, HOST = ("start", "highstate"), ("converge", "enrol", "forget")


class Logs:
    """The logs of the machines of a checked *lab*, reached through *fleet*."""

    def __init__(self, lab, fleet):
        self.lab, self.fleet = lab, fleet

    def of(self, failures):
        """Return *failures*, each with ``log``: ``of``, what it is, and ``lines``; empty where no log is of use."""
        with ThreadPoolExecutor() as pool:
            return [
                failure | {"log": log} for failure, log in zip(failures, pool.map(self._one, failures), strict=True)
            ]

    def _one(self, failure):
        verb, machine = failure["step"].split()[0], failure["machine"]
        if verb in GUEST:
            host = self.lab.vms[machine].host
            return self._told(f"console of {machine}", host, "lab_virt.console", machine, LINES)
        if verb in HOST:
            return self._told(f"salt-minion on {machine}", machine, "cmd.run", JOURNAL, python_shell=False)
        return {}

    def _told(self, title, host, function, *words, **options):
        try:
            said = self.fleet.call(host, function, *words, timeout=PATIENCE, **options)
        except LabError as err:
            said = [str(err)]
        lines = said if isinstance(said, list) else said.splitlines()
        return {"of": title, "lines": [UNPRINTABLE.sub("", line) for line in lines]}
