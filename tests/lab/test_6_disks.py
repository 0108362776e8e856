"""Disks of VMs: from the spec to what the guest sees, while it runs."""

import json


def apply(lab, host, virt):
    """Apply the formula of hypervisors on *host* with *virt* over its slice; return the changes by state."""
    states = lab.salt("pi1", host, "state.apply", "hypervisor", f"pillar={json.dumps({'lab': {'virt': virt}})}")
    assert all(state["result"] for state in states.values()), json.dumps(states, indent=1)
    return {state["__id__"]: set(state["changes"]) for state in states.values() if state["changes"]}


def size_mib(lab, vm, device):
    lab.salt("pi2", vm, "cmd.run", "modprobe virtio_blk")
    sectors = lab.salt("pi2", vm, "cmd.run", f"cat /sys/block/{device}/size 2>/dev/null || echo 0")
    return int(sectors) // 2048


def test_the_disk_of_the_spec_is_in_its_guest_and_in_no_other(lab):
    assert size_mib(lab, "web1", "vda") == 1024
    assert size_mib(lab, "web2", "vda") == 0
    assert lab.run("hv1", "virsh", "vol-list", "vms").stdout.split()[3:] == ["web1-vda", "/srv/vms/web1-vda"]
    assert "vms" not in lab.run("hv2", "virsh", "pool-list", "--all").stdout


def test_a_disk_comes_grows_and_goes_under_a_guest_that_runs(lab):
    uptime = float(lab.salt("pi2", "web2", "cmd.run", "cut -d' ' -f1 /proc/uptime"))
    disk = {"pool": "vms", "volume": "web2-vdb", "format": "qcow2", "bus": "virtio"}

    def bring(disk, volume):
        return apply(
            lab, "hv1", {"volumes": {"vms": {"web2-vdb": volume}}, "domains": {"web2": {"disks": {"vdb": disk}}}}
        )

    made = bring(disk, {"size_mib": 64, "format": "qcow2"})
    assert set(made) == {"volumes", "domains"}
    assert bring(disk, {"size_mib": 64, "format": "qcow2"}) == {}
    assert size_mib(lab, "web2", "vda") == 64  # the guest names its disks in the order in which it finds them

    assert bring(disk, {"size_mib": 96, "format": "qcow2"}) == {"volumes": {"vms:web2-vdb.size_mib"}}
    assert size_mib(lab, "web2", "vda") == 96

    bring(None, {})
    assert size_mib(lab, "web2", "vda") == 0
    bring(None, None)
    assert "web2-vdb" not in lab.run("hv1", "virsh", "vol-list", "vms").stdout
    assert float(lab.salt("pi2", "web2", "cmd.run", "cut -d' ' -f1 /proc/uptime")) > uptime
