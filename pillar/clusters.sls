# yaml-language-server: $schema=../docs/reference/spec.schema.json
# Groups of VMs: production keeps what it reserves, an experiment gets what is left, for a time. That is what can be
# said of them; nothing is taken from an experiment yet, and none ends by itself.
lab:
  name: clusters
  domain: clusters.example
  masters: {physical: pi1, virtual: pi2}

  networks:
    lan: {subnet: 10.10.0.0/24, netboot: true, dhcp: {range: 200-249}}

  hosts:
    pi1: {mac: "52:54:00:00:07:01", address: lan+11, power: {driver: rack}}
    pi2: {mac: "52:54:00:00:07:02", address: lan+12, power: {driver: rack}}
    nb1: {mac: "52:54:00:00:07:03", address: lan+13, power: {driver: rack}}
    {%- for n in (1, 2) %}
    hv{{ n }}:
      mac: "52:54:00:00:07:1{{ n }}"
      address: lan+2{{ n }}
      power: {driver: rack}
      uplinks: {trunk0: [lan]}
      roles: [hypervisor]
      accel: tcg
      datapath: netdev
      capacity: {memory_mib: 4096, vcpus: 8}
    {%- endfor %}

  netboot: {dhcp: nb1}

  images:
    ram: {kind: ram}

  classes:
    service: {image: ram, nics: [lan], boot: ram, memory_mib: 512, priority: 10, apart: service}
    worker: {image: ram, nics: [lan], boot: ram, memory_mib: 384, priority: 90}

  vms:
    service1: {class: service, host: hv1, address: lan+31}
    service2: {class: service, host: hv2, address: lan+32}

  blocks:
    worker: {kind: vm, class: worker, host: hv2, ids: 1-4, name: "worker{id}", mac: "52:54:00:03:00:{id:02x}", address: "lan+10{id}"}
    trial: {kind: vm, class: worker, host: hv1, ids: 1-3, name: "trial{id}", mac: "52:54:00:04:00:{id:02x}", address: "lan+11{id}"}

  clusters:
    shop: {kind: production, vms: [service1, service2], blocks: [worker], reserve_mib: 3072}
    trial: {kind: experimental, blocks: [trial], lifetime_h: 48}
