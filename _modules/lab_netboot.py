"""
What the netboot server on this host has given, whom it has seen, and what it has machines install.

Configuration (minion or pillar): ``lab:netboot:leases`` is the file of leases, by default that of Debian's dnsmasq;
``lab:netboot:seen`` is the directory of the marks, by default ``/var/lib/saltext-lab/seen``; ``lab:netboot:http`` is
what nginx serves, by default ``/srv/netboot/http``; ``lab:netboot:installs`` has ``{"mac", "ip"}`` of each machine that
is installed once.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from saltext.lab.admit.told import LONGEST, attributes
from saltext.lab.errors import BadWish, Unreachable
from saltext.lab.netboot import discover, dnsmasq, install, marks, nginx
from saltext.lab.netboot import leases as lease_file
from saltext.lab.netboot.asks import Asks
from saltext.lab.schema import nearest


def leases():
    """
    Return the leases of this server: ``{mac: {"ip", "name", "expiry"}}``.

    ``expiry`` is in seconds since 1970, or None for a lease without end.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_netboot.leases
    """
    path = Path(__salt__["config.get"]("lab:netboot:leases", dnsmasq.LEASES))
    try:
        return lease_file.parse(path.read_text())
    except FileNotFoundError as err:
        raise Unreachable("there are no leases", str(err), "is dnsmasq running here: systemctl status dnsmasq") from err


def seen():
    """
    Return the machines that asked this server for an address, ever: ``{mac: {"interface", "when", "mac"}}``.

    The first time of each is the event ``lab/netboot/seen`` on the master's bus, with the same data.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_netboot.seen
    """
    return _marks().all()


def forget(mac):
    """
    Have machine *mac* told of again when it asks next; return whether it was known.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_netboot.forget 52:54:00:00:01:01
    """
    return _marks().forget(mac)


def told(ip):
    """
    Return who the machine with address *ip* is: ``{"mac", "machine": {"macs", "uuid", …}, "fingerprint", "why"}``.

    ``mac`` is of the machine that this server gave that address, or None.  The rest is what the machine itself told
    the HTTP server here when it booted and had to make its own key: ``machine`` who it says it is, ``fingerprint`` of
    that key.  Where these are None, ``why`` says why.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_netboot.told 10.10.0.23
    """
    mac = None
    with suppress(Unreachable):
        mac = next((mac for mac, lease in leases().items() if lease["ip"] == ip), None)
    return attributes(_said(ip), mac).model_dump()


def servers(*interfaces, seconds=5):
    """
    Return who answers DHCP on the wires at *interfaces*: ``{interface: {address of the server: what it offers}}``.

    It asks once on each, as a machine that there is not, and listens for *seconds*: dnsmasq tries for 3 whether
    an address is free.  Nothing is taken of what is offered.  An ``ip`` of 0.0.0.0 is a proxyDHCP server's.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_netboot.servers lan
    """
    if not interfaces:
        raise BadWish("no interface is named", "", "salt pi2 lab_netboot.servers lan")
    with ThreadPoolExecutor(len(interfaces)) as pool:
        return dict(zip(interfaces, pool.map(lambda link: discover.servers(link, seconds), interfaces), strict=True))


def installs():
    """
    Return which installation of each machine is asked for, and which was done: ``{node: {"asked", "done"}}``.

    These are generations; ``done`` is None where the machine has told of none.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_netboot.installs
    """
    asks = _asks()
    return {node: asks.look(**machine) for node, machine in _machines().items()}


def reinstall(node):
    """
    Have machine *node* installed anew when it boots next, once; return the generation that is asked for now.

    Its disk is erased then.  Refused while the former installation is not done.

    CLI Example:

    .. code-block:: bash

        salt pi2 lab_netboot.reinstall hv1
    """
    machines, asks = _machines(), _asks()
    if node not in machines:
        raise BadWish(f"{node} is not installed by this host{nearest(node, machines)}")
    generation = install.again(node, **asks.look(**machines[node]))
    asks.ask(machines[node]["mac"], generation)
    return generation


def _said(ip):
    """Return the first bytes of what the machine with address *ip* said when it made its key, or None."""
    try:
        with (Path(_http()) / "told" / str(IPv4Address(ip)) / nginx.ENROL).open("rb") as data:
            return data.read(LONGEST)
    except AddressValueError as err:
        raise BadWish(f"{ip!r} is no address", str(err)) from err
    except FileNotFoundError:
        return None


def _machines():
    return __salt__["config.get"]("lab:netboot:installs", {})


def _asks():
    return Asks(_http())


def _http():
    return __salt__["config.get"]("lab:netboot:http", nginx.ROOT)


def _marks():
    return marks.Marks(__salt__["config.get"]("lab:netboot:seen", marks.DIRECTORY))
