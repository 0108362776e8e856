"""Pictures of labs by the real ``dot``: each machine is named once, and no text covers another."""

import ipaddress
import json
from xml.etree import ElementTree

import pytest

from saltext.lab.boot import dot, graph_dot
from saltext.lab.boot.graph import steps
from saltext.lab.plan import merge
from saltext.lab.spec.check import checked
from tests.support.labs import DEMO

SVG = "{http://www.w3.org/2000/svg}"


def lab_of(hypervisors):
    """The demo lab with that many hypervisors, and three VMs on each."""
    numbers = range(3, hypervisors + 1)
    hv1, web3 = DEMO["hosts"]["hv1"], DEMO["vms"]["web3"]
    hosts = {
        f"hv{n}": hv1 | {"mac": f"52:54:00:00:02:{n:02x}", "address": f"mgmt+{n + 20}", "joins": [f"underlay+{n + 20}"]}
        for n in numbers
    }
    vms = {
        f"web{3 * n + k}": web3 | {"host": f"hv{n}", "address": f"lan+{150 + 3 * n + k}"}
        for n in numbers
        for k in range(3)
    }
    return checked(merge(DEMO, {"hosts": hosts, "vms": vms}))


LABS = {count: lab_of(count) for count in (2, 30)}


def texts(svg):
    return [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def boxes(picture):
    """Return ``(text, left, bottom, right, top)`` of each text in *picture*, what dot says as JSON, in points."""
    for thing in picture["objects"]:
        size = 0.0
        for part in thing.get("_ldraw_", ()):
            if part["op"] == "F":
                size = part["size"]
            elif part["op"] == "T":
                x, y = part["pt"]
                left = x - {"l": 0, "c": part["width"] / 2, "r": part["width"]}[part["align"]]
                yield part["text"], left, y - 0.2 * size, left + part["width"], y + 0.7 * size


def meet(one, other):
    return one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]


def overlaps(source):
    found = list(boxes(json.loads(dot.drawn(source, "json"))))
    assert found
    return [(one[0], other[0]) for at, one in enumerate(found) for other in found[:at] if meet(one, other)]


@pytest.mark.parametrize("lab", LABS.values(), ids=LABS)
def test_the_topology_names_each_host_network_vm_and_pool_once(lab):
    found = texts(dot.drawn(graph_dot.topology(lab)))

    assert {name: found.count(name) for name in (*lab.hosts, *lab.networks, *lab.vms, *lab.pools)} == dict.fromkeys(
        (*lab.hosts, *lab.networks, *lab.vms, *lab.pools), 1
    )
    assert {word for word in found if word.count(".") == 3 and "/" not in word} == {
        str(ipaddress.ip_interface(f"10.99.0.{host.address.split('+')[1]}/24").ip) for host in lab.hosts.values()
    }


@pytest.mark.parametrize("lab", LABS.values(), ids=LABS)
def test_the_bootstrap_has_each_step_once_and_a_line_for_each_need(lab):
    svg = ElementTree.fromstring(dot.drawn(graph_dot.bootstrap(lab)))
    titles = {
        kind: [one.find(f"{SVG}title").text for one in svg.iter(f"{SVG}g") if one.get("class") == kind]
        for kind in ("node", "edge")
    }
    graph = steps(lab)

    assert sorted(titles["node"]) == sorted(step.id for step in graph)
    assert sorted(titles["edge"]) == sorted(f"{need}->{step.id}" for step in graph for need in step.needs)


@pytest.mark.parametrize("lab", LABS.values(), ids=LABS)
@pytest.mark.parametrize("picture", [graph_dot.topology, graph_dot.bootstrap])
def test_no_text_covers_another(lab, picture):
    assert overlaps(picture(lab)) == []


def test_texts_that_overlap_are_seen():
    assert overlaps('digraph { node [fixedsize=true width=0.1]; a [label="a long name"]; b [label="another one"] }')
