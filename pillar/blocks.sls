# yaml-language-server: $schema=../docs/reference/spec.schema.json
# Numbered machines: their MACs, addresses and names follow from their numbers, so that others know them before they are
# there. docs/spec.md says how.
lab:
  name: blocks
  domain: blocks.example
  masters: {physical: pi1, virtual: pi2}

  networks:
    lan: {subnet: 10.10.0.0/24, netboot: true, dhcp: {range: 200-249}}

  hosts:
    pi1: {mac: "52:54:00:00:04:01", address: lan+11, power: {driver: rack}}
    pi2: {mac: "52:54:00:00:04:02", address: lan+12, power: {driver: rack}}
    nb1: {mac: "52:54:00:00:04:03", address: lan+13, power: {driver: rack}}
    hv1:
      mac: "52:54:00:00:04:04"
      address: lan+21
      power: {driver: rack}
      uplinks: {trunk0: [lan]}
      roles: [hypervisor]
      accel: tcg
      datapath: netdev

  netboot: {dhcp: nb1, default: compute}

  images:
    ram: {kind: ram}

  classes:
    compute: {image: ram, nics: [lan], boot: ram, memory_mib: 512}
    balancer: {image: ram, nics: [lan], roles: [haproxy], knows: [node], data: {haproxy: {node: {port: 80}}}}
    desk: {image: ram, nics: [lan], roles: [ssh-config], knows: [node, disked, guest]}

  blocks:
    # node101 to node120: somebody brings them, with MACs from 52:54:00:00:00:65 to :78. All of them run from memory.
    node: {class: compute, ids: 101-120, name: "node{id}", mac: "52:54:00:00:{id:04x}", address: "lan+{id}"}
    # Three more of the same class: each starts from its own disk.
    disked: {class: compute, ids: 1-3, name: "disked{id:02d}", mac: "52:54:00:01:00:{id:02x}", address: "lan+13{id}", boot: local}
    # VMs of the lab, as if each was written under `vms`.
    guest: {kind: vm, class: compute, host: hv1, ids: 1-2, name: "guest{id}", mac: "52:54:00:02:00:{id:02x}", address: "lan+14{id}"}
    # Whoever comes with one of these MACs; it has an address out of the range, and no name.
    rest: {class: compute, mac: "52:54:00:88:*:*", network: lan, range: 150-159}

  vms:
    balancer1: {class: balancer, host: hv1, address: lan+31}
    desk1: {class: desk, host: hv1, address: lan+32}
