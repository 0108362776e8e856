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

{%- if lab.minion.master_finger is defined %}

# The only master that this minion trusts.  The one that runs has seen that key already: it reads this when it starts
# next, which is when it may have lost its copy of the key, and would take any.
/etc/salt/minion.d/lab-master.conf:
  file.managed:
    - contents: |
        # Managed by Salt: the fingerprint of the public key of {{ lab.minion.master }}
        hash_type: sha256
        master_finger: "{{ lab.minion.master_finger }}"
{%- endif %}

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
