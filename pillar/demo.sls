# yaml-language-server: $schema=../docs/reference/spec.schema.json
# The lab that `make up` builds on one machine: two masters, a netboot server, two hypervisors, three VMs.
# Every key is described in docs/reference/spec.md.
lab:
  name: demo
  domain: demo.example
  masters: {physical: pi1, virtual: pi2}

  networks:
    mgmt: {subnet: 10.99.0.0/24}                  # every host's first card
    underlay: {subnet: 10.98.0.0/24, mtu: 1600}   # what the tunnels run over: room for 54 bytes around 1500
    lan: {subnet: 10.10.0.0/24, vlan: 10, overlay: vxlan, over: underlay, netboot: true, dhcp: {range: 100-149}}
    guests: {subnet: 10.20.0.0/24, vlan: 20, overlay: vxlan, over: underlay}

  hosts:
    pi1:
      mac: "52:54:00:00:01:01"
      address: mgmt+11
      power: {driver: rack}
    pi2:
      mac: "52:54:00:00:01:02"
      address: mgmt+12
      power: {driver: rack}
      uplinks: {trunk0: [underlay]}
      joins: [underlay+12, lan+2, guests+2]
      datapath: netdev
    nb1:                                          # without it nothing boots, and what runs goes on
      mac: "52:54:00:00:01:05"
      address: mgmt+13
      power: {driver: rack}
      uplinks: {trunk0: [underlay]}
      joins: [underlay+13, lan+3]
      datapath: netdev
    hv1:
      mac: "52:54:00:00:01:03"
      address: mgmt+21
      power: {driver: rack}
      uplinks: {trunk0: [underlay]}
      joins: [underlay+21]
      roles: [hypervisor]
      accel: tcg
      datapath: netdev
    hv2:
      mac: "52:54:00:00:01:04"
      address: mgmt+22
      power: {driver: rack}
      uplinks: {trunk0: [underlay]}
      joins: [underlay+22]
      roles: [hypervisor]
      accel: tcg
      datapath: netdev

  netboot: {dhcp: nb1}

  images:
    ram: {kind: ram}

  pools:
    vms: {type: dir, path: /srv/vms}              # on each hypervisor that has a VM with a disk in it

  classes:
    web: {image: ram, nics: [lan], memory_mib: 384, roles: [motd]}

  vms:
    web1:
      class: web
      host: hv1
      address: lan+21
      disks: {vda: {pool: vms, size_gib: 1}}      # for its data: it boots a kernel that is a file on hv1
      data: {motd: {text: the first machine of the demo lab}}
    web2:
      class: web
      host: hv1
      address: lan+22
      boot: ram                                   # over the network, from nb1
      data: {motd: {text: its neighbour on the same hypervisor}}
    web3:
      class: web
      host: hv2
      address: lan+23
      boot: ram
      data: {motd: {text: on the other side of the tunnel}}
