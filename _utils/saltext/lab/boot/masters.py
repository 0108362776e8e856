"""Ask both masters of a lab the same thing, from the one that reaches the other."""

from saltext.lab.errors import LabError, Refused, Unreachable


class Masters:
    """The masters of a checked *lab*, seen from the one that *serves* ``physical``, ``virtual`` or both."""

    def __init__(self, lab, fleet, serves):
        self.names, self.fleet, self.serves = dict(lab.masters), fleet, serves

    def refuse_without_hosts(self, what):
        """Raise ``Refused`` where *what* was asked of a master that reaches no hosts."""
        if "physical" not in self.serves:
            there = self.names["physical"]
            raise Refused(f"{what} needs the hosts", f"{there} is their master", f"on {there}: salt-run {what}")

    @property
    def here(self):
        """The name of this one."""
        return self.names["physical" if "physical" in self.serves else "virtual"]

    def ask(self, name, own, *args):
        """
        Return ``{name: {master: answer}, "silent": {master: why there is none}}``.

        ``own()`` is the answer of this one.  The other's is what its runner ``lab.NAME`` returns of *args* in the same
        way; only the physical master reaches the other, by the minion beside it.
        """
        answers, silent = {self.here: own()}, {}
        for other in {self.names["virtual"]} - {self.here} if "physical" in self.serves else ():
            try:
                answers[other] = self._other(other, f"lab.{name}", args)[name][other]
            except LabError as err:
                silent[other] = str(err)
        return {name: answers, "silent": silent}

    def _other(self, other, runner, args):
        if not self.fleet.answers(other):
            fix = f"on {other}: systemctl restart salt-minion"
            raise Unreachable(f"the master on {other} was not asked", "the minion beside it does not answer", fix)
        return self.fleet.runner(other, runner, *args)
