{#- Spreads TCP over the machines that the class knows; who is not there yet gets nothing.
    pillar lab:haproxy: {group: {port: 80}}, or {group: {port: 443, to: 8443}} where theirs is another #}
haproxy:
  pkg.installed: []
  service.running:
    - enable: true
    - reload: true
    - watch:
      - file: /etc/haproxy/haproxy.cfg

/etc/haproxy/haproxy.cfg:
  file.managed:
    - makedirs: true
    - require:
      - pkg: haproxy
    - contents: |
        # Managed by Salt: pillar lab:haproxy and lab:members
        defaults
          mode tcp
          timeout connect 5s
          timeout client 1h
          timeout server 1h
        {%- for group, wish in pillar.lab.haproxy.items() %}
        listen {{ group }}
          bind :{{ wish.port }}
          balance leastconn
        {%- for name, member in pillar.lab.members[group].items() %}
          server {{ name }} {{ member.address }}:{{ wish.to | default(wish.port) }} check
        {%- endfor %}
        {%- endfor %}
