"""Who gives addresses in each network: ours, and nobody else but where another server is meant to."""

from saltext.lab.spec import netboot
from saltext.lab.spec.netboot_facts import address, networks, reserved

SECONDS = 5  #: that a server has to answer; dnsmasq takes 3 to try whether an address is free
NONE = "0.0.0.0"  #: what a proxyDHCP server offers


def check(lab, fleet):
    """Yield ``(network, what is wrong, fix)`` of every network with ``dhcp``, by asking there from the DHCP host."""
    links = {name: netboot.interface(lab, lab.netboot.dhcp, name) for name in networks(lab, "dhcp")}
    if not links:
        return
    heard = fleet.call(lab.netboot.dhcp, "lab_netboot.servers", *links.values(), seconds=SECONDS, timeout=3 * SECONDS)
    for network, link in links.items():
        yield from ((network, *found) for found in judge(lab, network, heard[link]))


def judge(lab, network, heard):
    """Yield ``(what is wrong, fix)`` in *network*, where *heard* is ``{server's address: what it offers}``.  Pure."""
    host = lab.netboot.dhcp
    ours = str(address(lab, host, network))
    others = {server: offer for server, offer in heard.items() if server != ours}
    if ours not in heard and _offers(lab, network):
        yield f"ours, {ours} on {host}, does not answer DHCP", f"on {host}: systemctl status dnsmasq"
    yield from _strangers(network, others) if reserved(lab, network) else _givers(network, others)


def _offers(lab, network):
    """Return whether ours answers a machine that the lab does not name."""
    return not reserved(lab, network) or lab.networks[network].dhcp.range is not None


def _strangers(network, others):
    """Yield every server but ours where ours gives the addresses."""
    at = f"lab:networks:{network}:dhcp"
    for server, offer in others.items():
        yield f"a foreign DHCP server {server} {_said(offer)}", f"take it off this wire, or state {at}:proxy"


def _givers(network, others):
    """Yield what is wrong where one other server has to give the addresses, and ours only what to boot."""
    at = f"lab:networks:{network}:dhcp:proxy"
    givers = [server for server, offer in others.items() if offer["ip"] != NONE]
    if not givers:
        yield "nobody gives addresses, for ours is a proxy", f"start that server, or take {at} away"
    if len(givers) > 1:
        yield f"{len(givers)} servers give addresses: {', '.join(givers)}", "take all but one off this wire"
    for server, offer in others.items():
        if offer["boot"] or offer["ip"] == NONE:
            yield f"besides ours, {server} {_said(offer)}", f"have {server} say nothing of booting"


def _said(offer):
    address = "says what to boot" if offer["ip"] == NONE else f"offers {offer['ip']}"
    return f"{address}, and boots {offer['boot']}" if offer["boot"] else address
