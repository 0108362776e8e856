# yaml-language-server: $schema=../docs/reference/spec.schema.json
# The lab `attic` with the disk of its file server in Ceph, on both hypervisors. It is a file of its own because the
# suite tells hosts what they need of the cluster, and makes none yet: a bootstrap of `attic` has to go through.
include: [attic]

lab:
  hosts:
    hv1: {zone: left, osds: [{serial: WD-1234, size_gib: 465}]}
    hv2: {zone: right, osds: [{serial: WD-5678, size_gib: 465}]}

  ceph:
    fsid: 5b6f2d3e-6d4c-4f0e-9d0a-0a7c4f2f6a11
    mons: [hv1]                                   # two would survive no more than one does
    mgrs: [hv1, hv2]
    public: storage
    size: 2
    min_size: 1
    pools: {vms: {application: rbd, quota_gib: 200}}
    keys: {client.libvirt: {caps: {mon: profile rbd, osd: profile rbd pool=vms}}}

  secrets:
    # Or `value`, encrypted for the masters by the GPG renderer.
    client.libvirt: {cluster: 5b6f2d3e-6d4c-4f0e-9d0a-0a7c4f2f6a11, value_file: /etc/ceph/client.libvirt.key}

  pools:
    ceph: {type: rbd, source: {name: vms, hosts: [10.20.0.21], auth: {user: libvirt, secret: client.libvirt}}}

  vms:
    nas1: {disks: {vda: {pool: ceph, size_gib: 32, cache: writeback, discard: unmap}}}
