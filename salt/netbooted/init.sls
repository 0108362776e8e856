{%- set others = pillar.lab.roles | reject("equalto", "netbooted") | list %}

# Once in each boot, after all else: the version of the image that it runs is right, and boots next time too.
/run/saltext-lab/healthy:
  file.managed:
    - contents: told after the first highstate of this boot
    - makedirs: true
    {%- if others %}
    - require:
      {%- for role in others %}
      - sls: {{ role }}
      {%- endfor %}
    {%- endif %}

/usr/lib/lab/healthy:
  cmd.run:
    - onchanges:
      - file: /run/saltext-lab/healthy
