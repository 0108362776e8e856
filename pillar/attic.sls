# yaml-language-server: $schema=../docs/reference/spec.schema.json
# Six networks: who may be where is checked by lab.check (docs/networks.md). Their wires pass tags; lan has none.
lab:
  name: attic
  domain: attic.example
  masters: {physical: pi1, virtual: pi2}

  networks:
    # The first card of every machine but the firewall is here
    lan: {subnet: 10.10.0.0/24, netboot: true, dhcp: {range: 100-149, options: {router: lan+1}}}
    storage: {subnet: 10.20.0.0/24, vlan: 20, mtu: 9000}
    wan: {subnet: 10.30.0.0/24, vlan: 30}
    internet: {subnet: 10.40.0.0/24, vlan: 40}    # between firewall and router
    isp: {subnet: 10.50.0.0/24, vlan: 50}         # between firewall and the provider
    ipmi: {subnet: 10.99.0.0/24, vlan: 99}        # the hosts' BMCs; only the router reaches it

  hosts:
    pi1:
      mac: "52:54:00:00:02:01"
      address: lan+11
      power: {driver: rack}
    pi2:
      mac: "52:54:00:00:02:02"
      address: lan+12
      power: {driver: rack}
      uplinks: {trunk0: [internet]}
      joins: [internet+12]                        # it admits the firewall, which is nowhere else that it could reach
      datapath: netdev
    nb1:                                          # one card is enough to serve netboot
      mac: "52:54:00:00:02:05"
      address: lan+13
      power: {driver: rack}
    hv1: &hypervisor
      mac: "52:54:00:00:02:03"
      address: lan+21
      power: {driver: rack}
      uplinks: {trunk0: [lan, storage, wan, internet, isp, ipmi]}
      joins: [storage+21, wan+21]
      parts: [storage, compute]
      roles: [hypervisor]
      accel: tcg
      datapath: netdev
    hv2:
      <<: *hypervisor
      mac: "52:54:00:00:02:04"
      address: lan+22
      joins: [storage+22, wan+22]

  netboot: {dhcp: nb1}

  images:
    ram: {kind: ram}

  classes:
    firewall: {image: ram, nics: [internet, isp], memory_mib: 384, parts: [firewall]}
    router: {image: ram, nics: [lan, internet, wan, ipmi], memory_mib: 512, parts: [router], boot: ram, firmware: uefi-http}
    storage: {image: ram, nics: [lan, storage], memory_mib: 512, parts: [storage], boot: ram, firmware: uefi}
    compute: {image: ram, nics: [lan, wan], memory_mib: 384, parts: [compute], boot: ram}

  vms:
    fw1: {class: firewall, host: hv1, address: internet+1}
    router1: {class: router, host: hv1, address: lan+1}
    nas1: {class: storage, host: hv2, address: lan+31}
    node1: {class: compute, host: hv2, address: lan+41}
