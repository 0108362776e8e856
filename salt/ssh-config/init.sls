# How to reach the machines that the class knows, whether they are there yet or not: pillar lab:members.
/etc/ssh/ssh_config.d/saltext-lab.conf:
  file.managed:
    - makedirs: true
    - contents: |
        # Managed by Salt: pillar lab:members
        {%- for group, members in pillar.lab.members.items() %}
        {%- for name, member in members.items() %}
        Host {{ name }} {{ name }}.{{ pillar.lab.domain }}
          HostName {{ member.address }}
          HostKeyAlias {{ name }}
        {%- endfor %}
        {%- endfor %}
