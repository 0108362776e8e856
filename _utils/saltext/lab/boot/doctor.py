"""What is wrong with a lab that runs, seen from outside: each check asks the machines and says what to do."""

from typing import NamedTuple

from saltext.lab.boot import doctor_dhcp
from saltext.lab.errors import LabError


class Finding(NamedTuple):
    """One thing that is wrong."""

    check: str
    where: str  #: network or machine
    what: str
    fix: str


#: By its name each check: a function of the checked lab and its ``Fleet`` that yields ``(where, what, fix)``.
CHECKS = {"dhcp": doctor_dhcp.check}


def examine(lab, fleet):
    """
    Return every ``Finding`` of all ``CHECKS``; changes nothing.

    A check that cannot look, because a machine does not answer, is a finding itself.
    """
    return [Finding(name, *found) for name, check in CHECKS.items() for found in _found(check, lab, fleet)]


def _found(check, lab, fleet):
    try:
        return list(check(lab, fleet))
    except LabError as err:
        return [(lab.name, ": ".join(filter(None, ("nobody can tell", err.what, err.why))), err.fix)]
