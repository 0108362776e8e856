# yaml-language-server: $schema=../docs/reference/spec.schema.json
# What stands about at home: two small masters that are always on, and machines of all kinds that are switched on when
# there is something to do. Their VMs get into the network beside them, by macvtap: no switch has to be set up.
lab:
  name: home
  domain: home.example
  masters: {physical: pi1, virtual: pi2}

  networks:
    # The box of the provider gives the addresses.
    home: {subnet: 192.168.7.0/24}
    shared: {subnet: 10.8.0.0/24, attach: macvtap}

  hosts:
    pi1: {mac: "52:54:00:00:06:01", address: home+11}
    pi2: {mac: "52:54:00:00:06:02", address: home+12, uplinks: {eth1: [shared]}, joins: [shared+12]}
    nuc1:                                         # always on: what others need is here
      mac: "52:54:00:00:06:03"
      address: home+21
      uplinks: {enp2s0: [shared]}
      roles: [hypervisor]
      power: {driver: rack}
      zone: cellar
      capacity: {memory_mib: 6144, vcpus: 4}
    desk1:
      mac: "52:54:00:00:06:04"
      address: home+22
      uplinks: {enp7s0: [shared]}
      roles: [hypervisor]
      power: {driver: rack}
      always_on: false
      zone: office
      capacity: {memory_mib: 24576, vcpus: 12, memory_ratio: 1.2}
    old1:
      mac: "52:54:00:00:06:05"
      address: home+23
      uplinks: {enp1s0: [shared]}
      roles: [hypervisor]
      power: {driver: rack}
      always_on: false
      zone: office
      capacity: {memory_mib: 3072, vcpus: 2}

  images:
    ram: {kind: ram}

  classes:
    small: {image: ram, nics: [shared], memory_mib: 512}
    dns: {image: ram, nics: [shared], memory_mib: 384, priority: 5, apart: dns}
    big: {image: ram, nics: [shared], memory_mib: 8192, vcpus: 4, priority: 80, zones: [office], needs: [files1]}

  vms:
    dns1: {class: dns, host: nuc1, address: shared+31}
    dns2: {class: dns, host: old1, address: shared+32}
    files1: {class: small, host: nuc1, address: shared+33, memory_mib: 1024, priority: 10}
    build1: {class: big, host: desk1, address: shared+41}
    game1: {class: big, host: desk1, address: shared+42, memory_mib: 12288}

  profile: quiet
  profiles:
    quiet: {}                                     # what no profile names: dns1 and files1, on nuc1
    work: {hosts: [desk1, old1], vms: [build1, dns2]}
    play: {hosts: [desk1], vms: [game1]}
