{%- set lab = pillar.lab %}

{%- for name, address in lab.hosts.items() %}

{{ name }} in hosts:
  host.present:
    - ip: {{ address }}
    - names: [{{ name }}.{{ lab.domain }}, {{ name }}]
{%- endfor %}

# What lab_probe imports, on hosts without switches too.
minion-packages:
  pkg.installed:
    - pkgs: [python3-openvswitch]

/etc/salt/minion.d/lab.conf:
  file.managed:
    - source: salt://salt-minion/lab.conf.j2
    - template: jinja

salt-minion:
  service.running:
    - enable: true

# A minion that restarts itself in the middle of a job loses that job's return; systemd does it a moment later.
salt-minion-restart:
  cmd.run:
    - name: systemd-run --quiet --collect --on-active=1s systemctl restart salt-minion
    - onchanges:
      - file: /etc/salt/minion.d/lab.conf
    - order: last
