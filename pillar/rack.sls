# yaml-language-server: $schema=../docs/reference/spec.schema.json
# Eight machines of the first level on the six networks, which all boot into memory, and VMs in three of them, on the
# second level. A class has the same disks on both levels: sda on the first is vda on the second.
{%- set machine = "boot: ram, image: ram, datapath: netdev, power: {driver: rack}" %}
lab:
  name: rack
  domain: rack.example
  masters: {physical: pi1, virtual: pi2}

  networks:
    lan: {subnet: 10.10.0.0/24, netboot: true, dhcp: {range: 100-149, options: {router: lan+1}}}
    storage: {subnet: 10.20.0.0/24, vlan: 20, mtu: 9000}
    wan: {subnet: 10.30.0.0/24, vlan: 30}
    # The firewall boots here: it is nowhere else that somebody could serve it.
    internet: {subnet: 10.40.0.0/24, vlan: 40, netboot: true, dhcp: {}}
    isp: {subnet: 10.50.0.0/24, vlan: 50}
    ipmi: {subnet: 10.99.0.0/24, vlan: 99}

  hosts:
    pi1: {mac: "52:54:00:00:05:01", address: lan+11, uplinks: {trunk0: [internet]}, joins: [internet+11], datapath: netdev}
    pi2: {mac: "52:54:00:00:05:02", address: lan+12, uplinks: {trunk0: [internet]}, joins: [internet+12], datapath: netdev}
    nb1: {mac: "52:54:00:00:05:03", address: lan+13, uplinks: {trunk0: [internet]}, joins: [internet+13], datapath: netdev}

    firewall1: { {{ machine }}, mac: "52:54:00:00:05:11", address: internet+1, parts: [firewall],
                 uplinks: {trunk0: [isp]}, joins: [isp+1] }
    router1: { {{ machine }}, mac: "52:54:00:00:05:12", address: lan+1, parts: [router],
               uplinks: {trunk0: [internet, wan, ipmi]}, joins: [internet+2, wan+1, ipmi+1] }
    {%- for n in (1, 2, 3) %}
    storage{{ n }}: { {{ machine }}, mac: "52:54:00:00:05:2{{ n }}", address: lan+3{{ n }}, parts: [storage],
                uplinks: {trunk0: [storage]}, joins: [storage+3{{ n }}],
                zone: "shelf{{ n }}", osds: [{serial: "rack-{{ n }}", size_gib: 8}] }
    compute{{ n }}: { {{ machine }}, mac: "52:54:00:00:05:3{{ n }}", address: lan+4{{ n }}, parts: [compute],
                uplinks: {trunk0: [lan, wan]}, joins: [wan+4{{ n }}], roles: [hypervisor], accel: tcg,
                capacity: {memory_mib: 2048, vcpus: 4} }
    {%- endfor %}

  netboot: {dhcp: nb1}

  images:
    ram: {kind: ram}

  ceph:
    fsid: 5b6f2d3e-6d4c-4f0e-9d0a-0a7c4f2f6a11
    mons: [storage1, storage2, storage3]
    public: storage
    pools: {vms: {application: rbd}}
    failure_domain: zone

  pools:
    vms: {type: dir, path: /srv/vms}

  classes:
    node: {image: ram, nics: [lan, wan], parts: [compute], boot: ram, memory_mib: 512, level: 2, roles: [motd],
           disks: {sda: {pool: vms, size_gib: 2}}, data: {motd: {text: on the second level}}}

  vms:
    node1: {class: node, host: compute1, address: lan+51}
    node2: {class: node, host: compute2, address: lan+52}
    node3: {class: node, host: compute3, address: lan+53}
