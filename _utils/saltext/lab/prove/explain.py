"""Why packets of a probe go where they go, from what Open vSwitch says of it.  Pure."""

from itertools import pairwise

#: words in a line of ofproto/trace that tell why something does not go out
TROUBLE = (">>", "miss", "drop", "no route", "disabled", "forbid")
WAY = "-> tunneling to "


def trouble(ports, probe, trace):
    """
    Return a list of what keeps the packets of *probe* from other hosts.

    *ports* are those of its bridge, as ``db.read`` has them; ``probe["roads"]`` names those of them that lead to other
    hosts in its network.  *trace* is the text of ``ofproto/trace`` for a packet that the probe sends to everybody.
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
    for name, port in ports.items():
        if port.get("error"):
            yield f"port {name}: {port['error']}"
    for name in probe["roads"]:
        if name in ports:
            yield from (
                f"port {name} {words}, and not {_vlan(probe['tag'])}" for words in _closed(ports[name], probe["tag"])
            )
        else:
            yield f"there is no port {name} on {probe['bridge']}"


def _closed(port, tag):
    """Yield which VLANs *port* is open to, where *tag* is not among them."""
    if port.get("tag") not in (None, tag):
        yield f"is in {_vlan(port['tag'])}"
    elif port.get("trunks") and tag not in port["trunks"]:
        yield f"lets {', '.join(map(_vlan, port['trunks']))} through"


def _vlan(tag):
    return f"VLAN {tag}" if tag else "packets without a tag"
