"""Ask both masters of a lab the same thing, from the one that reaches the other."""

from saltext.lab.errors import LabError, Refused, Unreachable

KINDS = ("physical", "virtual")


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
        return next(self.names[kind] for kind in KINDS if kind in self.serves)

    def ask(self, name, own, *args, kinds=KINDS, **kwargs):
        """
        Return ``{name: {master: answer}, "silent": {master: why there is none}}``, of the masters of *kinds*.

        ``own()`` is the answer of this one.  The other's is what its runner ``lab.NAME`` returns in the same way; only
        the physical master reaches the other, by the minion beside it.
        """
        answers, silent = ({self.here: own()} if set(kinds) & set(self.serves) else {}), {}
        for other in self._others(kinds):
            try:
                answers[other] = self._other(other, f"lab.{name}", args, kwargs)[name][other]
            except LabError as err:
                silent[other] = str(err)
        return {name: answers, "silent": silent}

    def _others(self, kinds):
        names = {self.names[kind] for kind in kinds if kind not in self.serves}
        return sorted(names) if "physical" in self.serves else []

    def _other(self, other, runner, args, kwargs):
        if not self.fleet.answers(other):
            fix = f"on {other}: systemctl restart salt-minion"
            raise Unreachable(f"the master on {other} was not asked", "the minion beside it does not answer", fix)
        return self.fleet.runner(other, runner, *args, **kwargs)
