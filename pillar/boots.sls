# yaml-language-server: $schema=../docs/reference/spec.schema.json
# Machines that netboot, four of each firmware, one master and one server: `make bench-boot` measures how long they take.
lab:
  name: boots
  domain: boots.example
  masters: {physical: pi1, virtual: pi1}

  networks:
    lan: {subnet: 10.10.0.0/24, netboot: true, dhcp: {range: 100-149}}

  hosts:
    pi1:
      mac: "52:54:00:00:03:01"
      address: lan+11
      power: {driver: rack}
    nb1:
      mac: "52:54:00:00:03:02"
      address: lan+12
      power: {driver: rack}
    hv1:
      mac: "52:54:00:00:03:03"
      address: lan+13
      power: {driver: rack}
      uplinks: {trunk0: [lan]}
      roles: [hypervisor]
      accel: tcg
      datapath: netdev

  netboot: {dhcp: nb1}

  images:
    ram: {kind: ram}

  classes:
    bios: &class {image: ram, nics: [lan], boot: ram, memory_mib: 512, roles: [motd]}
    uefi: {<<: *class, firmware: uefi}
    http: {<<: *class, firmware: uefi-http}

  vms:
    {%- for kind in ("bios", "uefi", "http") %}
    {%- for number in range(1, 5) %}
    {{ kind }}{{ number }}:
      class: {{ kind }}
      host: hv1
      address: lan+{{ {"bios": 20, "uefi": 30, "http": 40}[kind] + number }}
      data: {motd: {text: measured}}
    {%- endfor %}
    {%- endfor %}
