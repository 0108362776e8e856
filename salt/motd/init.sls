{%- set lab = pillar.lab %}

/etc/motd:
  file.managed:
    - contents: |
        {{ lab.id }}.{{ lab.domain }} ({{ lab.address }}, class {{ lab.class }}{% if lab.host is defined %}, on {{ lab.host }}{% endif %})
        {{ lab.motd.text }}

/srv/www/index.html:
  file.managed:
    - makedirs: true
    - contents: "{{ lab.id }}: {{ lab.motd.text }}"

motd-http:
  service.running:
    - require:
      - file: /srv/www/index.html
