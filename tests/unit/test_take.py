"""What a host has, as a part of the spec: pure."""

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from saltext.lab.errors import BadWish
from saltext.lab.plan import diff, merge
from saltext.lab.schema import parse
from saltext.lab.spec import source
from saltext.lab.spec.check import checked
from saltext.lab.spec.model import Lab
from saltext.lab.spec.take import Taken, take
from saltext.lab.spec.take_text import text
from saltext.lab.virt.model import Domain
from tests.support.labs import DEMO, ONCE, PLAIN
from tests.support.taken import grown, having, wishes, with_part
from tests.unit.test_spec_storage import STORED
from tests.unit.test_virt_xml import wishes as domains

LABS = {"demo": DEMO, "plain": PLAIN, "once": ONCE, "stored": STORED}
LABS |= {name: source.load(sls=name) for name in ("attic", "boots")}
HYPERVISORS = [(lab, host) for lab, spec in LABS.items() for host in spec["hosts"] if host.startswith("hv")]
UUID = "c7a5fdbd-edaf-4455-926a-d65c16db1809"
MACS = [f"52:54:00:aa:00:{number:02}" for number in range(1, 9)]
BR0 = {"bridge": "br0", "model": "virtio"}
BR0_20 = {"bridge": "ovs0", "virtualport": "openvswitch", "tag": 20, "model": "e1000"}
INTERFACES = {
    "lo": {"hwaddr": "00:00:00:00:00:00", "inet": [{"address": "127.0.0.1", "netmask": "255.0.0.0"}]},
    "br0": {"hwaddr": "52:54:00:00:09:01", "inet": [{"address": "192.0.2.9", "netmask": "255.255.255.0"}]},
}


def without_vms(spec, host):
    """Return *spec* as it was before anybody said what *host* has."""
    return spec | {"vms": {name: vm for name, vm in spec["vms"].items() if vm["host"] != host}}


def by_hand(spec, host):
    """Return that where nobody said of its cards either."""
    bare = {key: part for key, part in spec["hosts"][host].items() if key not in ("uplinks", "joins", "parts")}
    return without_vms(spec, host) | {"hosts": spec["hosts"] | {host: bare}}


@given(st.sampled_from(HYPERVISORS), st.sampled_from([without_vms, by_hand]))
def test_what_a_compiled_host_has_is_taken_as_it_is(which, before):
    name, host = which
    wished = wishes(LABS[name], host)
    spec, has = before(LABS[name], host), having(wished)
    part = take(parse(Lab, spec, "lab"), host, has).spec
    again = wishes(with_part(spec, part), host)

    for kind in again:
        changes = list(diff(getattr(has, kind), again[kind]))
        assert {change.path[1:] for change in changes} <= {("adopt",)}
        assert set(again[kind]) == set(wished[kind])
    for vm, wish in again["domains"].items():
        assert merge(grown(wish), {"adopt": False}) == has.domains[vm]
    assert take(checked(with_part(spec, part)), host, has) == Taken({}, [])  # said once, it is known


def domain(number=0, **fields):
    own = {"uuid": UUID[:-1] + str(number), "memory_mib": 512, "vcpus": 1, "machine": "pc-q35-7.2"}
    return grown(own | {"adopt": False} | fields)


#: What is no part of a definition, and devices, of which what they have of themselves is not said.
BESIDE = {"running", "adopt", "spec", "spec_hash", "on_change", "uuid", "type", "nics", "disks", "filesystems"}


@settings(max_examples=30)
@given(domains(Domain))
def test_a_domain_that_the_model_can_tell_is_taken_as_it_is(wish):
    there = domain(**{key: part for key, part in wish.items() if key not in ("uuid", "on_change")})
    found = taken({"vm1": there})
    again = wishes(with_part(DEMO, found.spec), "hv9")["domains"]["vm1"]

    assert {change.path for change in diff(there, again)} <= {("adopt",)}
    if not unsaid(found, "VM vm1"):
        assert fields(grown(again)) == fields(there)


def fields(domain):
    return full({key: part for key, part in domain.items() if key not in BESIDE})


def full(part):
    """Return *part* without mappings that are empty, which nothing is in."""
    its = {key: full(one) if isinstance(one, dict) else one for key, one in part.items()}
    return {key: one for key, one in its.items() if one != {}}


def taken(domains, host="hv9", **has):
    has = {"interfaces": INTERFACES, "managed": "br0"} | has
    return take(checked(DEMO), host, having({"domains": {}, "pools": {}, "bridges": {}}, **has, domains=domains))


def unsaid(taken, about):
    return [why for what, why in taken.unsaid if what.startswith(about)]


def test_a_host_that_the_spec_has_not_is_said_with_its_card_and_its_address():
    assert taken({"vm1": domain(type="kvm")}, uuid=UUID).spec["hosts"] == {
        "hv9": {
            "mac": "52:54:00:00:09:01",
            "uuid": UUID,
            "address": "br0+9",
            "card": "br0",
            "roles": ["hypervisor"],
        }
    }


def test_a_card_is_in_the_network_of_its_bridge_with_the_addresses_that_the_host_has_there():
    found = taken({"vm1": domain(nics={MACS[0]: BR0, MACS[1]: BR0_20})})
    vm = found.spec["vms"]["vm1"]

    assert found.spec["networks"] == {"br0": {"subnet": "192.0.2.0/24"}}
    assert found.spec["hosts"]["hv9"]["plugs"] == {
        "br0": {"bridge": "br0"},
        "guests": {"bridge": "ovs0", "virtualport": "openvswitch", "tag": 20},  # which has VLAN 20 in the demo lab
    }
    assert (vm["nics"], vm["macs"]) == (["br0", "guests"], {"br0": MACS[0], "guests": MACS[1]})
    assert vm["libvirt"]["nics"] == {MACS[0]: {"model": "virtio"}, MACS[1]: {"model": "e1000"}}


def test_a_network_whose_addresses_nobody_saw_is_refused_by_lab_check_until_a_person_states_them():
    found = taken({"vm1": domain(nics={MACS[0]: BR0 | {"bridge": "br7"}})})
    with pytest.raises(
        BadWish, match=r"lab:networks:br7:subnet is '\?': the host has no address there.* state it"
    ) as told:
        checked(merge(DEMO, found.spec))

    assert "1 mistake(s)" in str(told.value)
    assert checked(with_part(DEMO, found.spec)).vms["vm1"].adopt


def test_a_second_card_in_a_network_and_the_mac_of_another_vm_are_told_in_the_words_of_libvirt():
    twins = {MACS[0]: BR0, MACS[1]: BR0, MACS[2]: BR0 | {"trunks": [10, 20]}}
    found = taken({"vm1": domain(nics=twins), "vm2": domain(1, nics={MACS[0]: BR0})})

    assert found.spec["vms"]["vm1"]["macs"] == {"br0": MACS[0]}
    assert found.spec["vms"]["vm1"]["libvirt"]["nics"] == twins | {MACS[0]: {"model": "virtio"}}
    assert found.spec["vms"]["vm2"]["nics"] == []
    assert found.spec["vms"]["vm2"]["libvirt"]["nics"] == {MACS[0]: BR0}
    checked(merge(DEMO, found.spec))


def test_what_the_suite_has_no_word_for_is_left_out_alone_and_told():
    odd = {
        "vda": {"file": "/srv/a.img", "bus": "virtio", "format": "raw", "cache": "odd"},
        "vdb": {"file": "/srv/a.vmdk", "bus": "virtio", "format": "vmdk"},
        "fda": {"device": "floppy", "bus": "fdc", "format": "raw"},
    }
    found = taken({"vm1": domain(disks=odd, nics={MACS[0]: BR0, MACS[1]: {"model": "e1000"}})})

    kept = {"vda": {"file": "/srv/a.img", "bus": "virtio", "format": "raw"}}
    assert found.spec["vms"]["vm1"]["libvirt"]["disks"] == kept  # as raw, the other would be read wrongly
    assert unsaid(found, "VM vm1, disks.vdb.format") == ["vmdk: input should be 'raw' or 'qcow2'"]
    assert len(unsaid(found, "VM vm1, disks.fda")) == 2
    assert unsaid(found, f"VM vm1, nics.{MACS[1]}") == ["it is plugged into what this suite has no word for"]


def test_of_a_list_with_mistakes_the_whole_is_left_out_and_told_once():
    found = taken({"vm1": domain(nics={MACS[0]: BR0 | {"trunks": [10, 4095, 4096]}}, hostdevs={"mdev:1": {}})})

    assert found.spec["vms"]["vm1"]["macs"] == {"br0": MACS[0]}
    assert len(unsaid(found, "VM vm1")) == 2


def test_a_card_with_trunks_is_in_no_network():
    nic = BR0_20 | {"trunks": [10, 20]}
    nic.pop("tag")
    found = taken({"vm1": domain(nics={MACS[0]: nic})})

    assert (found.spec["vms"]["vm1"]["nics"], found.spec["vms"]["vm1"]["libvirt"]["nics"]) == ([], {MACS[0]: nic})


def test_one_vlan_on_two_bridges_is_two_networks_and_tells_one():
    nics = {MACS[number]: BR0_20 | {"bridge": f"ovs{number}", "tag": 77} for number in (0, 1)}
    networks = taken({"vm1": domain(nics=nics)}).spec["networks"]

    assert {name: network.get("vlan") for name, network in networks.items() if name != "br0"} == {
        "ovs0-77": 77,
        "ovs1-77": None,
    }


@pytest.mark.parametrize(
    "odd",
    [{"autostart": True}, {"clock": "localtime"}, {"on_crash": "preserve"}, {"agent": True}, {"boot": ["network"]}],
)
def test_what_a_domain_has_not_of_itself_is_told(odd):
    told = taken({"vm1": domain(type="kvm", **odd)}).spec["vms"]["vm1"]["libvirt"]

    assert told == {"machine": "pc-q35-7.2"} | odd


def test_a_guest_that_runs_with_something_else_keeps_it_until_it_is_started_again():
    found = taken({"vm1": domain(live={"memory_mib": 256})})

    assert found.spec["vms"]["vm1"]["libvirt"]["on_change"] == "pending"
    assert unsaid(found, "VM vm1, live") == ["it runs with other memory_mib than it is defined with"]


@pytest.mark.parametrize("name", ["Win10", "odd_1", "pi1", "web1", "watch"])
def test_a_vm_whose_name_cannot_be_is_left_where_it_is(name):
    found = taken({name: domain()})

    assert "vms" not in found.spec
    assert len(unsaid(found, f"VM {name}")) == 1


def test_of_a_bridge_the_ports_of_guests_and_those_that_do_not_work_are_left_out():
    ports = {
        "eth1": {"trunks": [10, 20]},
        "vnet3": {"tag": 20, "external_ids": {"vm-id": UUID, "iface-id": "x"}},
        "eth9": {"error": "could not open network device eth9 (No such device)"},
    }
    found = taken({}, bridges={"ovs0": {"adopt": True, "fail_mode": "secure", "ports": ports}})

    assert found.spec["hosts"]["hv9"]["bridges"] == {
        "ovs0": {"adopt": True, "fail_mode": "secure", "ports": {"eth1": {"trunks": [10, 20]}}}
    }
    assert "No such device" in unsaid(found, "port eth9 of bridge ovs0")[0]


def test_a_pool_that_would_be_another_after_its_next_start_is_left_to_be_that():
    pool = {"type": "dir", "path": "/srv/a", "running": True, "autostart": False}
    pools = {"later": pool | {"defined": {"type": "dir", "path": "/srv/b"}}, "odd": pool | {"type": "zfs"}}
    found = taken({}, pools=pools)

    assert found.spec["hosts"]["hv9"]["pools"] == {
        "later": {"adopt": True, "type": "dir", "running": True, "autostart": False}
    }
    assert "another path" in unsaid(found, "pool later")[0]
    assert "no word for its type" in unsaid(found, "pool odd")[0]


def test_the_text_is_yaml_that_says_the_same_and_what_is_left_out():
    found = taken({"vm1": domain(title="first"), "Win10": domain(1)})
    told = text("hv9", found)

    assert yaml.safe_load(told) == {"lab": found.spec}
    assert told.startswith("#!yaml\n# What hv9 has")
    assert "# - VM Win10: that is no name for a machine of the lab" in told
    assert told == text("hv9", taken({"Win10": domain(1), "vm1": domain(title="first")}))


NASTY = st.text(st.sampled_from("{%#}'\"\\ \n\x1b:-[]&*!|>@`x\u2028ü"), max_size=300)


@example("{{{", "{{{")
@given(NASTY, NASTY)
def test_no_text_of_a_host_is_read_by_jinja_or_ends_a_comment(title, why):
    spec = {"vms": {"vm1": {"libvirt": {"title": title, "fw_cfg": {title: {"value": title}}}}}}
    told = text("hv9", Taken(spec, [("VM vm1", why)]))

    assert yaml.safe_load(told) == {"lab": spec}
    assert not [opening for opening in ("{{", "{%", "{#") if opening in told]
