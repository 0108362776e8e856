"""What the netboot servers of a lab know of a host that has booted from them."""

from saltext.lab.admit.told import Attributes
from saltext.lab.errors import LabError
from saltext.lab.schema import parse
from saltext.lab.spec import derive, entrants, netboot_facts

LOCAL = "it does not boot into memory, and so tells nothing"
SECONDS = 10  #: for the answers; reading two files takes none of them


def told(lab, fleet, host, serves=("physical",)):
    """
    Return the ``Attributes`` of *host*, a physical machine.

    Its MAC is from the server of DHCP, what it says itself from that of HTTP.

    Where a server does not answer, or says what cannot be, that is in ``why``; so it is on a master that *serves* no
    hosts, and cannot ask them.
    """
    machine = entrants.of(lab)[host]
    if machine.boot != "ram":
        return Attributes(why=LOCAL)
    servers, (_, address) = netboot_facts.servers(lab), derive.address(lab.networks, machine.place)
    asked = sorted({servers["dhcp"], servers["http"]})
    if "physical" not in serves:
        ask = f"salt -L {','.join(asked)} lab_netboot.told {address.ip}"
        return Attributes(why=f"only the master of the hosts can ask. On {lab.masters.physical}: {ask}")
    answers = fleet.call_all(asked, "lab_netboot.told", str(address.ip), timeout=SECONDS)
    given, said = (_checked(answers[servers[role]], servers[role]) for role in ("dhcp", "http"))
    return said.model_copy(update={"mac": given.mac})


def _checked(answer, server):
    try:
        if isinstance(answer, LabError):
            raise answer
        return parse(Attributes, answer, server)
    except LabError as err:
        return Attributes(why=f"{err.what}: {err.why}"[:500])
