/etc/salt/master.d/lab.conf:
  file.managed:
    - source: salt://salt-master/lab.conf.j2
    - template: jinja
    - makedirs: true

salt-master:
  service.running:
    - enable: true
    - watch:
      - file: /etc/salt/master.d/lab.conf

{%- if pillar.lab.master.standing is defined %}

/var/lib/saltext-lab/standing.json:
  file.managed:
    - contents: {{ pillar.lab.master.standing | json }}
    - mode: "0600"
    - makedirs: true
{%- endif %}

logrotate:
  pkg.installed: []

/etc/logrotate.d/saltext-lab:
  file.managed:
    - source: salt://salt-master/logrotate
    - require:
      - pkg: logrotate
