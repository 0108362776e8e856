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

bridges:
  lab_ovs.bridges:
    - name: lab:ovs:bridges
    {%- for bridge, wish in lab.ovs.bridges.items() %}
    - {{ bridge }}: {{ wish | json }}
    {%- endfor %}
    - require:
      - service: openvswitch-service

# Addresses are systemd-networkd's: it gives them again after a reboot, and whenever a bridge comes back.
{%- for link, wish in lab.links.items() %}

/etc/systemd/network/20-lab-{{ link }}.network:
  file.managed:
    - source: salt://openvswitch/link.network.j2
    - template: jinja
    - context: {{ {"link": link, "wish": wish} | json }}
    - require:
      - lab_ovs: bridges
    - watch_in:
      - service: networkd
{%- endfor %}

networkd:
  service.running:
    - name: systemd-networkd
    - enable: true
    - reload: true
