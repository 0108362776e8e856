"""Why packets of a probe go where they go, from what Open vSwitch says of it.  Pure."""

from itertools import pairwise

ELSEWHERE = ("vxlan", "geneve", "gre", "patch")  #: types of ports that lead to other hosts or bridges
#: words in a line of ofproto/trace that tell why something does not go out
TROUBLE = (">>", "miss", "drop", "no route", "disabled", "forbid")
WAY = "-> tunneling to "


def trouble(ports, probe, trace):
    """
    Return a list of what keeps the packets of *probe* from other hosts.

    *ports* are those of its bridge, as ``db.read`` has them, *trace* the text of
    ``ofproto/trace`` for a packet that the probe sends to everybody.
    """
    lines = [line.strip() for line in trace.splitlines()]
    named = [f"{flow}: {line}" if line == "drop" else line for flow, line in pairwise(["", *lines])]
    told = [line.lstrip("->").strip() for line in named if any(word in line for word in TROUBLE)]
    return list(dict.fromkeys([*_ports(ports, probe), *told]))


def ways(trace):
    """Return the addresses that packets are tunnelled to, by *trace*."""
    lines = [line.strip() for line in trace.splitlines()]
    return [line.removeprefix(WAY).split()[0] for line in lines if line.startswith(WAY)]


def _ports(ports, probe):
    wire = probe["bridge"].removeprefix("br-")  # the card that spec.wires.card_bridge names it after
    roads = {name: port for name, port in ports.items() if name == wire or port.get("type") in ELSEWHERE}
    for name, port in ports.items():
        if port.get("error"):
            yield f"port {name}: {port['error']}"
    for name, port in roads.items():
        yield from (f"port {name} {words}, and not {_vlan(probe['tag'])}" for words in _closed(port, probe["tag"]))
    if not roads:
        yield f"no port of {probe['bridge']} leads to another host"


def _closed(port, tag):
    """Yield which VLANs *port* is open to, where *tag* is not among them."""
    if port.get("tag") not in (None, tag):
        yield f"is in {_vlan(port['tag'])}"
    elif port.get("trunks") and tag not in port["trunks"]:
        yield f"lets {', '.join(map(_vlan, port['trunks']))} through"


def _vlan(tag):
    return f"VLAN {tag}" if tag else "packets without a tag"
