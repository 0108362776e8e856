{%- set virt = pillar.lab.virt %}

hypervisor-packages:
  pkg.installed:
    - pkgs: [libvirt-daemon-system, qemu-system-x86, python3-libvirt]

libvirtd:
  service.running:
    - enable: true
    - require:
      - pkg: hypervisor-packages

{%- for image in virt.images %}
{%- for file in ("vmlinuz", "initrd.img") %}

/var/lib/libvirt/images/{{ image }}/{{ file }}:
  file.managed:
    - source: salt://{{ image }}/{{ file }}?saltenv=images
    - makedirs: true
    - show_changes: false
    - require_in:
      - lab_virt: domains
{%- endfor %}
{%- endfor %}

domains:
  lab_virt.domains:
    - name: lab:virt:domains
    {%- for domain, wish in virt.domains.items() %}
    - {{ domain }}: {{ wish | json }}
    {%- endfor %}
    - require:
      - service: libvirtd
