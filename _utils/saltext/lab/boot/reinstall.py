"""Ask for a machine to be installed anew."""

from saltext.lab.errors import BadWish
from saltext.lab.schema import nearest
from saltext.lab.spec import netboot_facts

BUDGET = 10  #: seconds for a minion to write one file


def reinstall(lab, fleet, name):
    """
    Have machine *name* installed anew when it boots next; return the generation that is asked for now.

    Raises ``BadWish`` for a machine that is not installed once, ``Refused`` while the last installation is not done,
    ``Unreachable`` where the host that serves it does not answer.
    """
    names = [one.name for one in netboot_facts.installed(lab)]
    if name not in names:
        what = f"{name} is not installed once in lab {lab.name}{nearest(name, names)}"
        raise BadWish(what, "", "state its boot as install-once, and apply it")
    return fleet.call(netboot_facts.servers(lab)["http"], "lab_netboot.reinstall", name, timeout=BUDGET)
