"""What is wrong with a lab that runs, seen from outside: each check asks the machines and says what to do."""

from typing import NamedTuple

from saltext.lab.boot import doctor_dhcp, doctor_masters
from saltext.lab.errors import BadWish, LabError
from saltext.lab.schema import nearest


class Finding(NamedTuple):
    """One thing that is wrong."""

    check: str
    where: str  #: network or machine
    what: str
    fix: str


#: By its name each check: a function of the checked lab and its ``Fleet`` that yields ``(where, what, fix)``.
CHECKS = {"dhcp": doctor_dhcp.check, "masters": doctor_masters.check}


def examine(lab, fleet, only=None):
    """
    Return every ``Finding`` of all ``CHECKS``, or of the one named *only*; changes nothing.

    A check that cannot look, because a machine does not answer, is a finding itself.
    """
    if only and only not in CHECKS:
        raise BadWish(f"there is no check {only}{nearest(only, CHECKS)}", f"checks are {', '.join(CHECKS)}")
    asked = [only] if only else CHECKS
    return [Finding(name, *found) for name in asked for found in _found(CHECKS[name], lab, fleet)]


def _found(check, lab, fleet):
    try:
        return list(check(lab, fleet))
    except LabError as err:
        return [(lab.name, ": ".join(filter(None, ("nobody can tell", err.what, err.why))), err.fix)]
