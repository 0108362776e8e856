{%- set netboot = pillar.lab.netboot %}
{%- set etc = "/etc/saltext-lab/netboot" %}
{%- set http = "/srv/netboot/http" %}

netboot-packages:
  pkg.installed:
    - pkgs: {{ netboot.packages | json }}

{%- macro kept(folder, files, reread=false) %}

# Its files, and no others.
{{ folder }}:
  file.directory:
    - makedirs: true
    - clean: true
    - require:
      - pkg: netboot-packages
      {%- for name in files %}
      - file: {{ folder }}/{{ name }}
      {%- endfor %}
    {%- if reread %}
    - require_in:
      - service: dnsmasq-running
    - watch_in:
      - service: dnsmasq-reread
    {%- endif %}
{%- for name, text in files.items() %}

{{ folder }}/{{ name }}:
  file.managed:
    - contents: {{ text | json }}
    - makedirs: true
    {%- if reread %}
    - watch_in:
      - service: dnsmasq-reread
    {%- endif %}
{%- endfor %}
{%- endmacro %}

{%- if netboot.dnsmasq is defined %}
{%- if netboot.dnsmasq.tftp %}

{%- for file in ("undionly.kpxe", "snponly.efi") %}

/srv/netboot/tftp/{{ file }}:
  file.managed:
    - source: /usr/lib/ipxe/{{ file }}
    - makedirs: true
    - show_changes: false
    - require:
      - pkg: netboot-packages
    - require_in:
      - service: dnsmasq-running
{%- endfor %}
{%- endif %}

/etc/dnsmasq.d/saltext-lab.conf:
  file.managed:
    - contents: {{ netboot.dnsmasq.conf | json }}
    - makedirs: true
    - require:
      - pkg: netboot-packages

dnsmasq-running:
  service.running:
    - name: dnsmasq
    - enable: true
    - watch:
      - file: /etc/dnsmasq.d/saltext-lab.conf

# Without a restart: what is new it has seen by itself, for what has changed or gone it has to read all again.
dnsmasq-reread:
  service.running:
    - name: dnsmasq
    - reload: true
    - require:
      - service: dnsmasq-running

# iPXE asks for an IPv6 network first, and waits 16 s where nobody answers; these addresses let dnsmasq answer.
{%- for link, address in netboot.dnsmasq.get("links", {}).items() %}

/etc/systemd/network/20-lab-{{ link }}.network.d/netboot.conf:
  file.managed:
    - contents: |
        # Managed by Salt: pillar lab:netboot
        [Network]
        LinkLocalAddressing=ipv6
        Address={{ address }}
    - makedirs: true
    - watch_in:
      - service: netboot-networkd
{%- if loop.last %}

netboot-networkd:
  service.running:
    - name: systemd-networkd
    - reload: true
{%- endif %}
{%- endfor %}

{%- for name in ("hosts", "options", "names") %}
{%- if netboot.dnsmasq[name] is defined %}
{{- kept(etc ~ "/" ~ name, netboot.dnsmasq[name], true) }}
{%- endif %}
{%- endfor %}
{%- if netboot.dnsmasq.hosts is defined %}

# It tells who asks for an address for the first time; dnsmasq does not wait for it.
/etc/systemd/system/saltext-lab-seen.service:
  file.managed:
    - source: salt://netboot/seen.service.j2
    - template: jinja

saltext-lab-seen:
  service.running:
    - enable: true
    - watch:
      - file: /etc/systemd/system/saltext-lab-seen.service
    - require:
      - service: dnsmasq-running
{%- endif %}
{%- endif %}

{%- if netboot.nginx is defined %}

/etc/nginx/conf.d/saltext-lab.conf:
  file.managed:
    - contents: {{ netboot.nginx.conf | json }}
    - makedirs: true
    - require:
      - pkg: netboot-packages

nginx:
  service.running:
    - enable: true
    - reload: true
    - watch:
      - file: /etc/nginx/conf.d/saltext-lab.conf

{{ http }}/ipxe.efi:
  file.managed:
    - source: /boot/ipxe.efi
    - makedirs: true
    - show_changes: false
    - require:
      - pkg: netboot-packages

{%- for network, scripts in netboot.nginx.boot.items() %}
{{- kept(http ~ "/boot/" ~ network, scripts) }}
{%- endfor %}

{%- for image in netboot.nginx.images %}
{%- for file in ("vmlinuz", "initrd.img") %}

{{ http }}/images/{{ image }}/{{ file }}:
  file.managed:
    - source: salt://{{ image }}/{{ file }}?saltenv=images
    - makedirs: true
    - show_changes: false
{%- endfor %}
{%- endfor %}
{%- endif %}
