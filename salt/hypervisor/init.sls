{%- set virt = pillar.lab.virt %}
{%- set rbd = virt.get("pools", {}).values() | selectattr("type", "equalto", "rbd") | list %}

hypervisor-packages:
  pkg.installed:
    - pkgs:
      - libvirt-daemon-system
      - qemu-system-x86
      - qemu-utils
      - python3-libvirt
      {%- if rbd %}
      - libvirt-daemon-driver-storage-rbd
      - qemu-block-extra
      {%- endif %}

libvirtd:
  service.running:
    - enable: true
    - require:
      - pkg: hypervisor-packages

{%- for image in virt.ram_images %}
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

# Each needs those before it: a pool its secret, an image its pool, a volume its image, a domain its volumes.
# Keys are not sorted: the cards of a domain come in the order of its class, and the first one is eth0.
{%- for state, part in [
  ("secrets", "secrets"), ("networks", "networks"), ("pools", "pools"), ("images", "disk_images"),
  ("volumes", "volumes"), ("domains", "domains"),
] %}
{%- if virt[part] is defined %}

{{ state }}:
  lab_virt.{{ state }}:
    - name: lab:virt:{{ part }}
    {%- for name, wish in virt[part].items() %}
    - {{ name }}: {{ wish | json(sort_keys=false) }}
    {%- endfor %}
    - require:
      - service: libvirtd
{%- endif %}
{%- endfor %}
