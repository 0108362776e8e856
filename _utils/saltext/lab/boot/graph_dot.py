"""A lab, and the graph of its bootstrap, in the language of Graphviz' dot.  Pure."""

from html import escape

from saltext.lab.boot.graph import steps
from saltext.lab.spec import derive, facts, storage

FONT = "DejaVu Sans"
COLOURS = ("#1565c0", "#2e7d32", "#e65100", "#6a1b9a", "#00838f", "#ad1457", "#4e342e", "#37474f")
GREY, LIGHT = "#546e7a", "#eceff1"


def topology(lab):
    """
    Return the topology of a checked *lab*: networks at the left, hosts with their VMs, pools and Ceph at the right.

    Networks have numbers, by which hosts and VMs say in which they are: among lines of thirty hosts nobody finds one.
    """
    numbers = {network: number for number, network in enumerate(lab.networks, 1)}
    nodes = [_network(lab, network, number) for network, number in numbers.items()]
    nodes += [_host(lab, host, numbers) for host in lab.hosts]
    nodes += [_homeless(lab, numbers)] if any(vm.host is None for vm in lab.vms.values()) else []
    nodes += [_node(f"pool {name}", [[(name, ""), (pool.type, GREY)]]) for name, pool in lab.pools.items()]
    nodes += [_node("ceph", [[("Ceph", ""), (f"size {lab.ceph.size}", GREY)]])] if lab.ceph else []
    return _graph("topology", [*nodes, *_wires(lab, numbers), *_stores(lab)])


def bootstrap(lab):
    """Return the graph of the steps of ``lab.bootstrap``, each after those that it needs."""
    graph = steps(lab)
    nodes = [f'{_id(step.id)} [shape=box style=rounded label="{step.verb}\\n{step.machine}"]' for step in graph]
    needs = [f'{_id(need)} -> {_id(step.id)} [color="{GREY}"]' for step in graph for need in step.needs]
    return _graph("bootstrap", [*nodes, *needs])


def _graph(name, lines):
    about = [f'graph [rankdir=LR ranksep=1.6 nodesep=0.25 fontname="{FONT}"]', f'node [shape=plain fontname="{FONT}"]']
    body = "\n".join(f"  {line};" for line in [*about, "edge [arrowsize=0.6]", *lines])
    return f"digraph {_id(name)} {{\n{body}\n}}\n"


def _network(lab, name, number):
    network = lab.networks[name]
    vlan = [(f"VLAN {network.vlan}", GREY)] if network.vlan else []
    overlay = [(network.overlay, GREY)] if network.overlay else []
    rows = [[_chip(number), (name, "")], [(str(network.subnet), GREY), *vlan, *overlay]]
    return _node(f"network {name}", rows)


def _host(lab, name, numbers):
    host = lab.hosts[name]
    roles = [f"{of} master" for of in facts.serves(lab, name)] + list(host.roles)
    address = str(derive.address(lab.networks, host.address)[1].ip)
    own = [_chip(numbers[network]) for network in _networks(lab, name)]
    rows = [[(name, ""), (address, GREY), (", ".join(roles), GREY), *own]]
    return _node(f"host {name}", rows + _vms(lab, name, numbers), LIGHT)


def _homeless(lab, numbers):
    return _node("no host", [[("no host yet", GREY)], *_vms(lab, None, numbers)])


def _vms(lab, host, numbers):
    return [_vm(lab, name, numbers) for name, vm in lab.vms.items() if vm.host == host]


def _vm(lab, name, numbers):
    vm = lab.vms[name]
    networks = dict.fromkeys(facts.vm_nics(lab, vm))
    return [(name, ""), (vm.class_, GREY), *(_chip(numbers[network]) for network in networks)]


def _networks(lab, host):
    """Return the networks that *host* is in, or some of its VMs."""
    return dict.fromkeys([derive.address(lab.networks, lab.hosts[host].address)[0], *facts.wanted(lab, host)])


def _wires(lab, numbers):
    for host in lab.hosts:
        for network in _networks(lab, host):
            line = f'color="{_colour(numbers[network])}80" arrowhead=none'
            yield f"{_id(f'network {network}')} -> {_id(f'host {host}')} [{line}]"


def _stores(lab):
    for host in lab.hosts:
        for pool in storage.of(lab, host).get("pools", ()):
            yield f'{_id(f"host {host}")} -> {_id(f"pool {pool}")} [color="{GREY}" arrowhead=none]'
        if lab.ceph and lab.hosts[host].osds:
            yield f'{_id(f"host {host}")} -> {_id("ceph")} [color="{GREY}" arrowhead=none]'


def _node(name, rows, head="white"):
    """Return a node that is a table of *rows* of ``(text, colour)``; each text is a cell of its own."""
    cells = ["".join(_cell(*cell) for cell in row if cell[0]) for row in rows]
    lines = [f'<TR><TD BGCOLOR="{head if not number else "white"}" ALIGN="LEFT"><TABLE BORDER="0" CELLSPACING="0">'
             f"<TR>{cell}</TR></TABLE></TD></TR>" for number, cell in enumerate(cells)]  # fmt: skip
    return f'{_id(name)} [label=<<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0">{"".join(lines)}</TABLE>>]'


def _cell(text, colour):
    words = escape(text)
    return f'<TD ALIGN="LEFT">{f"""<FONT COLOR="{colour}">{words}</FONT>""" if colour else f"<B>{words}</B>"}</TD>'


def _chip(number):
    return str(number), _colour(number)


def _colour(number):
    return COLOURS[(number - 1) % len(COLOURS)]


def _id(text):
    return '"' + text.replace('"', '\\"') + '"'
