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

logrotate:
  pkg.installed: []

/etc/logrotate.d/saltext-lab:
  file.managed:
    - source: salt://salt-master/logrotate
    - require:
      - pkg: logrotate
