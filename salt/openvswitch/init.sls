{%- set lab = pillar.lab %}

openvswitch-packages:
  pkg.installed:
    - pkgs: [openvswitch-switch, python3-openvswitch, ethtool]

openvswitch-service:
  service.running:
    - name: openvswitch-switch
    - enable: true
    - require:
      - pkg: openvswitch-packages

# Whatever changes the network below is taken back by the host itself, unless it then still reaches its master.
/etc/systemd/system/saltext-lab-revert.service:
  file.managed:
    - source: salt://openvswitch/revert.service.j2
    - template: jinja

saltext-lab-revert:
  service.enabled:
    - require:
      - file: /etc/systemd/system/saltext-lab-revert.service

network-armed:
  lab_net.armed:
    - name: lab
    - ovs: {{ lab.ovs | json }}
    - links: {{ lab.links | json }}
    - require:
      - service: openvswitch-service
      - service: saltext-lab-revert
    - prereq:
      - lab_ovs: bridges
      {%- for link in lab.links %}
      - file: /etc/systemd/network/20-lab-{{ link }}.network
      {%- endfor %}

# Addresses are systemd-networkd's: it gives them again after a reboot, and whenever a bridge comes back.
# It reads these files when it is told to, below.  They come before the bridges: from then on the master, which has
# the templates, may be out of reach.
{%- for link, wish in lab.links.items() %}

/etc/systemd/network/20-lab-{{ link }}.network:
  file.managed:
    - source: salt://openvswitch/link.network.j2
    - template: jinja
    - context: {{ {"link": link, "wish": wish} | json }}
    - watch_in:
      - service: networkd
{%- endfor %}

bridges:
  lab_ovs.bridges:
    - name: lab:ovs:bridges
    {%- for bridge, wish in lab.ovs.bridges.items() %}
    - {{ bridge }}: {{ wish | json(sort_keys=false) }}
    {%- endfor %}
    - require:
      - service: openvswitch-service

networkd:
  service.running:
    - name: systemd-networkd
    - enable: true
    - reload: true

network-confirmed:
  lab_net.confirmed:
    - onchanges:
      - lab_net: network-armed
